"""What is done once for all processes of a run, and a conversion that is repeated from what it wrote."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from optimize.convert import ConvertJob, convert
from runtime.file_lock import try_lock

PHASES = "phases.json"


def made_once(folder: Path, make: Callable[[Path], object]) -> None:
    """Let the first process that asks for `folder` write it, under another name until it is whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("ab") as file:
        while not try_lock(file.fileno()):
            time.sleep(0.05)
        if not folder.exists():
            partial = folder.with_name(f"{folder.name}.partial")
            shutil.rmtree(partial, ignore_errors=True)
            make(partial)
            partial.rename(folder)


class Recorded:
    """Converts once, and hands out copies of that afterwards: for tests of what follows a conversion."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, job: ConvertJob, report: Callable[[str], None]) -> None:
        made_once(self._folder, lambda place: _record(job, place))
        shutil.copytree(self._folder / "work", job.work, dirs_exist_ok=True)
        shutil.copytree(self._folder / "model", job.model, dirs_exist_ok=True)
        for phase in json.loads((self._folder / PHASES).read_text("utf-8")):
            report(phase)


def _record(job: ConvertJob, place: Path) -> None:
    phases: list[str] = []
    convert(job, phases.append)
    shutil.copytree(job.work, place / "work")
    shutil.copytree(job.model, place / "model")
    (place / PHASES).write_text(json.dumps(phases), "utf-8")
