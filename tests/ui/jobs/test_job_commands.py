"""Jobs of commands: a model is made, a benchmark runs; cancelling one leaves nothing half-written."""

import json
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from runtime.errors import InvalidRequest
from runtime.memory import available_bytes
from runtime.places import BUNDLED_SOURCES
from runtime.request import TextToImage
from tests.models import DEMO_MODEL
from tests.ui.jobs.asking import finished, until, worker_of
from ui.jobs import JobEngine, JobSpec
from ui.jobs.beside import memory_note
from ui.jobs.eta import Eta

SOURCE = BUNDLED_SOURCES / "demo-scenes"


def optimize(name: str, source: Path = SOURCE) -> JobSpec:
    body = {"source": str(source), "precision": "fp16", "name": name}
    return JobSpec(kind="optimize", title=name, body=body)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_an_optimization_that_is_killed_is_tried_again_and_cancelled_leaves_nothing(
    engine: JobEngine,
) -> None:
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    job = engine.submit(optimize("half"))
    until(lambda: engine.snapshot(job.id).progress.step >= 1)
    (launch,) = [process for process in new(before) if is_launch(process)]
    launch.send_signal(signal.SIGKILL)
    until(lambda: engine.get(job.id).interruptions == 1)
    assert "SIGKILL" in engine.get(job.id).reason
    until(lambda: engine.snapshot(job.id).progress.step >= 2)
    assert engine.snapshot(job.id).progress.phase.startswith("[")
    assert len(new(before)) >= 3
    began = time.monotonic()
    engine.cancel(job.id)
    ended = finished(engine, job)
    assert time.monotonic() - began < 20
    assert (ended.state, ended.reason, ended.results) == ("cancelled", "", ())
    assert [line for line in engine.log(job.id) if line.startswith("[1/")]
    assert [path.name for path in (engine.data / "models").iterdir() if path.name[0] != "."] == []
    assert new(before) == []


def is_launch(process: psutil.Process) -> bool:
    """Whether it is the command itself, and not what watches over it or what it started."""
    said = process.cmdline()
    return any(word.endswith("launch.py") for word in said) and "ui.jobs.guardian" not in said


def new(before: set[int]) -> list[psutil.Process]:
    """What runs below this process and did not before; not the engine's own worker, which may be late."""
    found = [child for child in psutil.Process().children(recursive=True) if child.pid not in before]
    living = [child for child in found if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in living if "ui.jobs.worker" not in child.cmdline()]


def test_an_optimization_that_fails_says_why(engine: JobEngine, tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": "StableDiffusionPipeline"}))
    ended = finished(engine, engine.submit(optimize("broken", tmp_path)))
    assert ended.state == "failed"
    assert str(tmp_path) in ended.reason
    assert "Traceback" not in ended.reason


def test_a_model_that_is_there_is_not_made_again(idle: JobEngine) -> None:
    (idle.data / "models" / "mine").mkdir(parents=True)
    with pytest.raises(InvalidRequest, match="a model mine already"):
        idle.submit(optimize("mine"))
    with pytest.raises(InvalidRequest, match="no folder"):
        idle.submit(optimize("other", idle.data / "nowhere"))


@pytest.mark.campaign
def test_an_optimization_and_a_benchmark_run_to_their_end(engine: JobEngine) -> None:
    made = finished(engine, engine.submit(optimize("made")), 1200)
    assert made.state == "done", made.reason
    assert made.results[0]["errors"]["unet"]["fp16"] < 1e-3
    assert Path(made.results[0]["path"]) == engine.data / "models" / "made"
    spec = JobSpec(kind="benchmark", title="made", body={"quick": True, "model": "made"})
    ended = finished(engine, engine.submit(spec), 1200)
    assert ended.state == "done", ended.reason
    record = json.loads(Path(ended.results[0]["record"]).read_text())
    assert str(engine.data) not in record["command"]
    assert Path(ended.results[0]["report"]).suffix == ".html"


def test_the_command_line_warns_beside_a_running_page_when_memory_is_short(
    engine: JobEngine, tmp_path: Path
) -> None:
    worker_of(engine.data)
    small, free = TextToImage(prompt="a house"), available_bytes()
    assert free is not None
    side = 512
    while side < 4096 and side * side * 3500 < free:
        side += 512
    large = TextToImage(prompt="a house", width=side, height=side, batch_size=16, count=16)
    assert memory_note([(DEMO_MODEL, small)], engine.data) == ""
    assert "the page is open" in memory_note([(DEMO_MODEL, small), (DEMO_MODEL, large)], engine.data)
    assert memory_note([(DEMO_MODEL, large)], tmp_path) == ""


def test_the_time_left_follows_from_the_steps_of_this_job_and_before_them_of_earlier_ones() -> None:
    units = [(0, 1, 10, 100.0), (1, 1, 10, 400.0)]
    assert Eta(units, None).seconds_left is None
    remembered = Eta(units, (0.01, 2.0))
    assert remembered.seconds_left == pytest.approx(10 * 1 + 10 * 4 + 2 * 2)
    eta = Eta(units, (0.01, 2.0))
    eta.begin(0)
    eta.step(0, 1, 10, 9.0)  # with what a first step brings along
    for step in range(2, 7):
        eta.step(0, step, 10, 2.0)
    assert eta.seconds_per_step == pytest.approx(2.0)
    assert eta.seconds_left == pytest.approx(4 * 2 + 10 * 8 + 2 * 2)
    eta.made(0, 1.0)
    eta.begin(1)
    assert eta.seconds_left == pytest.approx(10 * 8 + 1.0)
    assert eta.measured == pytest.approx((0.02, 1.0))
    eta.begin(2)  # the second was skipped
    assert eta.seconds_left == 0
