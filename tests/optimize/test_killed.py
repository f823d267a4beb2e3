"""`kill -9` at any moment of an export leaves nothing that could be taken for a model; the next run works."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from runtime.errors import ModelFolderError
from runtime.model_folder import ModelFolder
from runtime.models import list_models

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
HERE = Path(__file__).resolve().parent


class Exports:
    """The process that forks exports, and how long an undisturbed one takes in it."""

    def __init__(self, process: "subprocess.Popen[str]", source: Path) -> None:
        self._process = process
        self._source = source

    def start(self, output: Path, file_limit: int | None = None) -> int:
        job = {"source": str(self._source), "output": str(output), "file_limit": file_limit}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        return int(self._answer()["pid"])

    def finish(self) -> tuple[int, str]:
        answer = self._answer()
        return int(answer["status"]), str(answer["error"])

    def _answer(self) -> dict[str, str]:
        assert self._process.stdout is not None
        answer: dict[str, str] = json.loads(self._process.stdout.readline())
        return answer


@pytest.fixture(scope="module")
def exports(tiny_source: Path) -> Iterator[Exports]:
    paths = os.pathsep.join([str(HERE.parents[1]), str(HERE)])
    process = subprocess.Popen(
        [sys.executable, str(HERE / "forked_exports.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": paths},
    )
    with process:
        yield Exports(process, tiny_source)
        assert process.stdin is not None
        process.stdin.close()


def kill_at_random_moments(exports: Exports, models: Path, times: int) -> list[float]:
    """Kill `times` exports, look at what each leaves, let a last one finish; return the moments."""
    began = time.monotonic()
    exports.start(models / "whole")
    assert exports.finish() == (0, "")
    duration = time.monotonic() - began
    whole = ModelFolder(models / "whole").manifest
    assert whole is not None
    chance = random.Random("kill")
    moments = [duration * (index + chance.random()) / times for index in range(times)]
    for moment in moments:
        pid = exports.start(models / "killed")
        time.sleep(moment)
        with suppress(ProcessLookupError):  # it was quicker than the one that was timed, and is done
            os.kill(pid, signal.SIGKILL)
        status, _ = exports.finish()
        if (models / "killed").exists():  # killed in its last moments, after the folder took its place
            folder = ModelFolder(models / "killed")
            folder.verify()
            assert folder.manifest is not None
            assert folder.manifest.files == whole.files
            (models / "killed").rename(models / f"finished-{moment}")
        else:
            assert status == -signal.SIGKILL
        assert "killed" not in [model.name for model in list_models(models.parent)]
        for partial in models.glob(".partial-killed-*/model"):
            refuse_unless_whole(partial)
    exports.start(models / "killed")
    assert exports.finish() == (0, "")
    ModelFolder(models / "killed").verify()
    assert not list(models.glob(".partial-*"))
    return moments


def refuse_unless_whole(partial: Path) -> None:
    """An unfinished folder, hidden as it is, does not open either; one with its manifest is complete."""
    if (partial / "manifest.json").exists():
        try:
            ModelFolder(partial).verify()
        except ModelFolderError:  # the manifest itself was being written
            return
    else:
        with pytest.raises(ModelFolderError):
            ModelFolder(partial)


def test_killed_exports_leave_no_model_and_the_next_run_completes(exports: Exports, tmp_path: Path) -> None:
    kill_at_random_moments(exports, tmp_path / "models", times=2)


@pytest.mark.campaign
def test_twenty_killed_exports(exports: Exports, tmp_path: Path) -> None:
    assert len(kill_at_random_moments(exports, tmp_path / "models", times=20)) == 20


@pytest.mark.parametrize("file_limit", [1_000, 100_000])
def test_disk_that_takes_no_more_gives_a_sentence(exports: Exports, tmp_path: Path, file_limit: int) -> None:
    exports.start(tmp_path / "models" / "name", file_limit)
    status, error = exports.finish()
    assert status == 2, error
    assert "free" in error
    assert "\n" not in error
    assert list((tmp_path / "models").iterdir()) == []


@pytest.mark.campaign
def test_killing_the_command_ends_its_worker_too(tiny_source: Path, tmp_path: Path) -> None:
    import psutil

    command = [sys.executable, "-m", "optimize", str(tiny_source), "--output", str(tmp_path / "out")]
    process = subprocess.Popen(command, cwd=HERE.parents[1], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if "loading text_encoder" in line:
            break
    workers = psutil.Process(process.pid).children(recursive=True)
    assert len(workers) == 1
    process.kill()
    process.wait()
    process.stderr.close()
    _, alive = psutil.wait_procs(workers, timeout=60)
    assert alive == []
    assert not (tmp_path / "out").exists()
