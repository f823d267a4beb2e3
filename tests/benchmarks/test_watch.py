"""A process that is watched: its memory, its time, its end, and that nothing of it is left."""

import os
import sys
import time
from pathlib import Path

import psutil
import pytest

from benchmarks import watch as watch_module
from benchmarks.watch import TIMED_OUT, Watched, watch

MIB = 2**20
SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]


def run(program: str, tmp_path: Path, limit_seconds: float = 30.0) -> Watched:
    return watch(
        [sys.executable, "-c", program],
        folder=tmp_path,
        environment=os.environ,
        log=tmp_path / "log.txt",
        limit_seconds=limit_seconds,
    )


def test_what_it_says_is_kept_and_the_last_line_is_told(tmp_path: Path) -> None:
    program = "import sys; print('one'); sys.stdout.flush(); raise SystemExit('two\\n\\n')"
    watched = run(program, tmp_path)
    assert watched.status == 1
    assert watched.last_line == "two"
    assert (tmp_path / "log.txt").read_text().split() == ["one", "two"]


def test_it_runs_in_its_folder_and_knows_when_it_was_started(tmp_path: Path) -> None:
    before = time.time()
    watched = run("import os; print(os.getcwd(), os.environ['LAPDRAW_STARTED'])", tmp_path)
    folder, started = watched.last_line.rsplit(" ", 1)
    assert Path(folder) == tmp_path.resolve()
    assert before <= float(started) <= time.time() - watched.seconds + 0.5
    assert watched.status == 0


def test_the_peak_is_that_of_the_process_with_its_children(tmp_path: Path) -> None:
    """The children hold their memory at the same time; each of the three parts must show."""
    child = f"import time; held = bytearray({200 * MIB}); time.sleep(2)"
    program = (
        "import subprocess, sys, time\n"
        f"children = [subprocess.Popen([sys.executable, '-c', {child!r}]) for _ in range(2)]\n"
        f"held = bytearray({100 * MIB})\n"
        "for child in children: child.wait()"
    )
    peak = run(program, tmp_path).peak_bytes
    assert 500 * MIB < peak < 600 * MIB


def test_memory_given_back_before_the_end_is_in_the_peak(tmp_path: Path) -> None:
    program = f"import time; held = bytearray({300 * MIB}); time.sleep(0.3); del held; time.sleep(0.3)"
    assert run(program, tmp_path).peak_bytes > 300 * MIB


def test_after_its_time_it_is_killed_with_its_children(tmp_path: Path) -> None:
    program = (
        "import subprocess, sys\n"
        f"child = subprocess.Popen({SLEEPER!r})\n"
        "print(child.pid, flush=True)\n"
        "child.wait()"
    )
    watched = run(program, tmp_path, limit_seconds=1.5)
    assert watched.status == TIMED_OUT
    assert watched.last_line == "it did not end within 2 s"
    assert watched.seconds < 10
    assert_gone(int((tmp_path / "log.txt").read_text()))


def test_an_interruption_leaves_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []

    def interrupted(process: object, *_: object) -> None:
        started.append(process.pid)
        raise KeyboardInterrupt

    monkeypatch.setattr(watch_module, "_wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run("import time; time.sleep(60)", tmp_path)
    assert_gone(started[0])


def test_what_cannot_be_started_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        watch(
            [str(tmp_path / "missing")],
            folder=tmp_path,
            environment={},
            log=tmp_path / "log.txt",
            limit_seconds=1.0,
        )


def assert_gone(pid: int) -> None:
    """An orphan's parent may not have noticed yet that it has ended."""
    until = time.monotonic() + 5
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until, f"process {pid} still runs"
        time.sleep(0.05)
