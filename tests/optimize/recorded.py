"""A conversion that is done once and then repeated from what it wrote."""

import shutil
from collections.abc import Callable
from pathlib import Path

from optimize.convert import ConvertJob, convert


class Recorded:
    """Converts once, and hands out copies of that afterwards: for tests of what follows a conversion."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._phases: list[str] = []

    def __call__(self, job: ConvertJob, report: Callable[[str], None]) -> None:
        if not self._phases:
            convert(job, self._phases.append)
            shutil.copytree(job.work, self._folder / "work")
            shutil.copytree(job.model, self._folder / "model")
        else:
            shutil.copytree(self._folder / "work", job.work, dirs_exist_ok=True)
            shutil.copytree(self._folder / "model", job.model, dirs_exist_ok=True)
        for phase in self._phases:
            report(phase)
