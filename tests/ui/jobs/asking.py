"""Small jobs on the demo model, waiting for them, and looking at what they left."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from PIL import Image

from runtime.infotext_reader import parameters_of, read_infotext
from runtime.places import CHECKOUT
from ui.jobs import Job, JobEngine, JobSpec
from ui.jobs.file_lock import holder_of

LONG = 900  # steps: some seconds, during which a test does its harm
PATIENCE = 300.0  # seconds


def pictures_of(
    *,
    grid: list[str] | None = None,
    task: str = "text-to-image",
    body: dict[str, Any] | None = None,
    **fields: Any,
) -> JobSpec:
    """A job of 64x64 pictures of one step, unless the fields say otherwise."""
    given = {"prompt": "a red house", "width": 64, "height": 64, "num_inference_steps": 1, **fields}
    for axis in grid or ():
        given.pop({"steps": "num_inference_steps"}.get(axis.partition("=")[0], ""), None)
    asked = {"task": task, "model": "demo-scenes", "device": "cpu", "execution_precision": None}
    rest = {"fields": given, "grid": grid or [], "metadata": "full", "preview_every": 0}
    return JobSpec(kind="pictures", title=str(given["prompt"]), body={**asked, **rest, **(body or {})})


def finished(engine: JobEngine, job: Job, patience: float = PATIENCE) -> Job:
    """Wait for the end of a job."""
    deadline = time.monotonic() + patience
    for snapshot in engine.watch(job.id):
        assert time.monotonic() < deadline, snapshot
    assert snapshot.job.is_final, snapshot
    return snapshot.job


def until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait for a condition; fail when it does not come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.01)


def stepping(engine: JobEngine, job: Job) -> Callable[[], bool]:
    """Whether a job is in the middle of its steps."""
    return lambda: engine.snapshot(job.id).progress.step > 0


def worker_of(data: Path) -> psutil.Process:
    """The process that works for a data folder."""
    until(lambda: holder_of(data / "jobs" / "worker.lock"))
    return psutil.Process(holder_of(data / "jobs" / "worker.lock"))


def check_pictures(data: Path, jobs: list[Job]) -> None:
    """Every picture of a data folder belongs to one of its jobs, is whole, and has the seed its job says."""
    told = [picture for job in jobs for picture in job.pictures]
    assert len({picture.path for picture in told}) == len(told)
    sheets = {Path(result["grid"]["path"]) for job in jobs for result in job.results if "grid" in result}
    files = {path for path in (data / "outputs").rglob("*") if path.is_file()}
    assert files == {picture.path for picture in told} | sheets
    for picture in told:
        with Image.open(picture.path) as image:
            image.load()
        text = parameters_of(picture.path)
        assert text is None or read_infotext(text).values["Seed"] == str(picture.seed)


def check_engine(engine: JobEngine) -> None:
    """Likewise of a running engine with nothing to do."""
    jobs = engine.jobs(limit=-1)
    assert all(job.is_final for job in jobs)
    check_pictures(engine.data, jobs)


def expected_seeds(job: Job) -> list[int]:
    """The seeds of a job without a grid."""
    fields = job.spec.body["fields"]
    return [fields["seed"] + number for number in range(fields.get("count", 1))]


class Server:
    """An engine in a process of its own, that can be killed."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(data)],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"open\n"

    def kill(self, number: int = signal.SIGKILL) -> None:
        """End it without a word."""
        self._process.send_signal(number)
        self.wait()

    def send(self, number: int) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def close(self) -> None:
        """End it in order."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self.wait()

    def wait(self) -> None:
        """Wait for its end."""
        self._process.wait(30)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()


PROGRAM = """
import sys
from pathlib import Path
from ui.jobs import JobEngine
with JobEngine(Path(sys.argv[1])):
    print("open", flush=True)
    sys.stdin.read()
"""


def accept(data: Path, specs: list[JobSpec]) -> list[Job]:
    """Put jobs in the line of a data folder that nobody works on."""
    with JobEngine(data, worker=False) as engine:
        return [engine.submit(spec) for spec in specs]


def jobs_of(data: Path, jobs: list[Job]) -> list[Job]:
    """What became of jobs, read while nobody works on them."""
    with JobEngine(data, worker=False) as engine:
        return [engine.get(job.id) for job in jobs]
