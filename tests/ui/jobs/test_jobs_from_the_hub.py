"""Jobs that fetch a model from the Hub on loopback: what is asked of it, and where a typed token is."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from runtime.errors import InvalidRequest
from runtime.model_folder import ModelFolder
from tests.models import DEMO_MODEL
from tests.optimize.gated_demo import NAME, TOKEN, hub_with_the_demo
from tests.optimize.hub_server import Fault, Hub
from tests.ui.jobs.asking import finished, until
from ui.jobs import Job, JobEngine, JobSpec
from ui.jobs.token import FORGOTTEN

UNET = "unet/openvino_model.bin"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """The demo model as a gated repository."""
    hub = hub_with_the_demo()
    for name in ("HF_TOKEN", "HF_HUB_OFFLINE", "HF_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    with hub.serving():
        yield hub


def from_hub(name: str = "demo", repository: str = NAME) -> JobSpec:
    body: dict[str, Any] = {"origin": "hub", "source": repository, "precision": "fp16", "name": name}
    return JobSpec(kind="optimize", title=name, body=body)


def holders(data: Path, secret: str = TOKEN) -> list[Path]:
    """The files of a data folder that hold the token, the store of jobs and its journals among them."""
    return [path for path in data.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


def check_only_the_jobs_own_file(data: Path, job: Job) -> None:
    (place,) = holders(data)
    assert place == data / "jobs" / job.id / "token"
    if os.name == "posix":
        assert place.stat().st_mode & 0o777 == 0o600
    lines = [word for child in psutil.Process().children(recursive=True) for word in child.cmdline()]
    assert str(place) in lines
    assert TOKEN not in "".join(lines)


def check_nowhere(engine: JobEngine, job: Job) -> None:
    assert holders(engine.data) == []
    ended = engine.get(job.id)
    assert TOKEN not in repr(ended)
    assert TOKEN not in "".join(engine.log(job.id))


def test_a_gated_model_is_fetched_with_the_token_that_was_typed(engine: JobEngine, hub: Hub) -> None:
    hub.faults.append(Fault("/api/models", times=1, status=429, headers={"Retry-After": "2"}))
    job = engine.submit(from_hub(), token=f" {TOKEN}\n")
    until(lambda: hub.seen)
    check_only_the_jobs_own_file(engine.data, job)
    ended = finished(engine, job)
    assert ended.state == "done", ended.reason
    check_nowhere(engine, job)
    assert ended.spec.body == {**from_hub().body, "has_token": True}
    (result,) = ended.results
    assert (result["kind"], result["repository"], result["name"]) == ("openvino", NAME, "demo")
    assert not result.get("errors")
    ModelFolder(engine.data / "models" / "demo").verify()
    shares = [line for line in engine.log(job.id) if line.startswith("[") and "%] fetching" in line]
    assert shares
    assert len({line.split("%")[0] for line in shares}) == len(shares)
    for seen in hub.seen:
        assert (TOKEN in str(seen)) == (seen.server == "hub")


def test_a_token_that_the_hub_does_not_take_is_told_as_the_pages_and_gone(
    engine: JobEngine, hub: Hub
) -> None:
    wrong = TOKEN.swapcase()
    ended = finished(engine, engine.submit(from_hub("wrong"), token=wrong))
    assert ended.state == "failed"
    assert ended.reason.startswith("the Hub does not take the token from the page (")
    assert wrong not in repr(ended)
    assert holders(engine.data, wrong) == []


def test_without_a_token_the_page_to_visit_is_named(engine: JobEngine, hub: Hub) -> None:
    ended = finished(engine, engine.submit(from_hub("none")))
    assert ended.state == "failed"
    assert f"is gated: visit {hub.url}/{NAME}" in ended.reason


def test_what_was_fetched_stays_when_it_is_cancelled_and_the_same_goes_on_with_it(
    engine: JobEngine, hub: Hub
) -> None:
    cut = 1_000_000
    stop = Fault("unet-openvino_model.bin", "cdn", status=429, headers={"Retry-After": "200"})
    hub.faults += [Fault("unet-openvino_model.bin", "cdn", times=1, cut_after=cut), stop]
    job = engine.submit(from_hub("resumed"), token=TOKEN)
    until(lambda: any("429" in line for line in engine.log(job.id)), 60)
    check_only_the_jobs_own_file(engine.data, job)
    assert engine.snapshot(job.id).progress.phase.startswith("[")
    engine.cancel(job.id)
    assert finished(engine, job).state == "cancelled"
    check_nowhere(engine, job)
    (part,) = (engine.data / "cache" / "hub").rglob("*.part")
    assert part.stat().st_size == cut
    hub.faults.clear()
    hub.seen.clear()
    ended = finished(engine, engine.submit(from_hub("resumed"), token=TOKEN))
    assert ended.state == "done", ended.reason
    fetched = hub.requests("cdn", "unet-openvino_model.bin")
    assert [seen.headers.get("Range") for seen in fetched] == [f"bytes={cut}-"]
    assert not any((engine.data / "cache" / "hub").rglob("*.part"))
    check_nowhere(engine, job)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_job_that_is_killed_has_its_token_for_the_second_try_and_no_longer(
    engine: JobEngine, hub: Hub
) -> None:
    hub.faults.append(Fault("/api/models", status=429, headers={"Retry-After": "200"}))
    job = engine.submit(from_hub("killed"), token=TOKEN)
    for ended in (lambda: engine.get(job.id).interruptions, lambda: engine.get(job.id).is_final):
        until(lambda: any("429" in line for line in engine.log(job.id)))
        check_only_the_jobs_own_file(engine.data, job)
        (launch,) = [child for child in psutil.Process().children(recursive=True) if is_launch(child)]
        (engine.folder / job.id / "log.txt").unlink()
        launch.kill()
        until(ended)
    assert engine.get(job.id).state == "failed"
    check_nowhere(engine, job)


def is_launch(process: psutil.Process) -> bool:
    """Whether it is the command itself, and not what watches over it or what it started."""
    said = process.cmdline()
    return any(word.endswith("launch.py") for word in said) and "ui.jobs.guardian" not in said


def test_a_program_that_ends_in_the_middle_of_a_download_leaves_no_token(hub: Hub, tmp_path: Path) -> None:
    hub.faults.append(Fault("/api/models", status=429, headers={"Retry-After": "200"}))
    with JobEngine(tmp_path / "data") as engine:
        job = engine.submit(from_hub("ended"), token=TOKEN)
        until(lambda: hub.seen)
        check_only_the_jobs_own_file(tmp_path / "data", job)
    assert holders(tmp_path) == []


def test_a_token_lives_no_longer_than_the_program(tmp_path: Path) -> None:
    with JobEngine(tmp_path, worker=False) as engine:
        job = engine.submit(from_hub(), token=TOKEN)
        waiting = engine.submit(from_hub("two"), token=TOKEN)
        assert {path.parent.name for path in holders(tmp_path)} == {job.id, waiting.id}
        engine.cancel(waiting.id)
        assert len(holders(tmp_path)) == 1
    assert holders(tmp_path) == []
    left = tmp_path / "jobs" / job.id / "token"  # as a start finds it after `kill -9`
    left.parent.mkdir(exist_ok=True)
    left.write_text(TOKEN)
    with JobEngine(tmp_path) as engine:
        assert holders(tmp_path) == []
        ended = finished(engine, job)
        assert (ended.state, ended.reason) == ("failed", FORGOTTEN)


@pytest.mark.parametrize("typed", ["two words", "naïve", "x" * 1001, "a\nb", "\x00"])
def test_what_can_be_no_token_is_refused_and_nothing_is_kept(idle: JobEngine, typed: str) -> None:
    with pytest.raises(InvalidRequest, match="what was typed as the token is none") as caught:
        idle.submit(from_hub(), token=typed)
    assert typed not in str(caught.value)
    assert idle.jobs() == []
    assert not [path for path in idle.folder.iterdir() if path.is_dir()]


def test_a_token_goes_with_a_model_of_the_hub_only(idle: JobEngine) -> None:
    spec = JobSpec(
        kind="optimize", title="x", body={"source": str(DEMO_MODEL), "precision": "fp16", "name": "x"}
    )
    with pytest.raises(InvalidRequest, match="has_token does not go with a folder"):
        idle.submit(spec, token=TOKEN)
