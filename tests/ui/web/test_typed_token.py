"""A token that is typed into the page: what the server answers to that, and where its bytes are then."""

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asking import OWN, Request
from real_page import RealPage, open_page

TOKEN = "hf_" + "aToKeNtHaTiStYpEd" * 2


@pytest.fixture
def real(tmp_path: Path) -> Iterator[RealPage]:
    with open_page(tmp_path / "data") as opened:
        yield opened


def started(real: RealPage, **typed: Any) -> bytes:
    """What a browser sends when the button of the Optimize tab is pressed."""
    config = real.config()
    parts = {part["id"]: part["props"] for part in config["components"]}
    names = {props.get("elem_id", "").removeprefix("optimize-"): name for name, props in parts.items()}
    events = [entry for entry in config["dependencies"] if [names["start"], "click"] in entry["targets"]]
    event = next(entry for entry in events if names["token"] in entry["inputs"])
    given = {names[control]: value for control, value in typed.items()}
    values = [given.get(name, parts[name].get("value")) for name in event["inputs"]]
    body = {"data": values, "fn_index": event["id"], "session_hash": "s", "trigger_id": names["start"]}
    return json.dumps(body).encode()


def test_no_answer_holds_it_and_one_file_while_the_job_waits(
    real: RealPage, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    pressed = started(real, origin="hub", hub="somebody/painter", name="painter", token=TOKEN)
    assert TOKEN.encode() in pressed
    own = {**OWN, "content-type": "application/json"}
    join = Request(path="/en/gradio_api/queue/join", method="POST", headers=own, body=pressed)
    answers = [real.ask(join)]
    assert answers[0].status == 200, answers[0].body
    real.wait_for(1)
    heard = real.ask(Request(path="/en/gradio_api/queue/data", query="session_hash=s"), patience=2.0)
    assert b'data-state=\\"queued\\"' in heard.body, heard.body[-2000:]
    answers += [heard, real.ask(Request(path="/en/config")), real.ask(Request(path="/zh/"))]
    assert TOKEN.encode() not in b"".join(answer.body for answer in answers)

    (job,) = real.pages.engine.jobs()
    assert job.spec.body["source"] == "somebody/painter"
    assert TOKEN not in repr(job)
    (place,) = holders(real.data)
    assert place == real.data / "jobs" / job.id / "token"
    if os.name == "posix":
        assert place.stat().st_mode & 0o777 == 0o600
    real.pages.engine.cancel(job.id)
    assert holders(real.data) == []
    assert TOKEN not in caplog.text + "".join(capfd.readouterr())


def holders(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]
