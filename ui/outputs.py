"""Where pictures go: the file or folder that was asked for, or a numbered file of the day."""

import argparse
from pathlib import Path

from runtime.errors import InvalidRequest
from runtime.places import data_folder


class Outputs:
    """Names a place for each picture; never the same place twice."""

    def __init__(self, options: argparse.Namespace, *, several: bool) -> None:
        """Raise InvalidRequest for a place that is no PNG file and no folder."""
        self._folder = data_folder(options.data_dir) / "outputs"
        self._several = several
        self._given: set[Path] = set()
        self._asked = Path(options.output) if options.output else None
        if self._asked is not None and not self._is_folder() and self._asked.suffix.lower() != ".png":
            raise InvalidRequest(
                f"pictures are written as PNG, got {options.output}: end its name in .png, or in /"
            )
        self._to_folder = options.output is not None and (
            self._is_folder() or options.output.endswith(("/", "\\"))
        )

    def _is_folder(self) -> bool:
        return self._asked is not None and (self._asked.is_dir() or not self._asked.suffix)

    def picture(self, task: str, seed: int | str, label: str | None = None) -> Path:
        """Return the place of the next picture; beside a file that was asked for it is told by `label`."""
        if self._asked is None or self._to_folder:
            return self._numbered(task, seed)
        if not self._several:
            return self._asked
        wanted = self._asked.with_stem(f"{self._asked.stem}-{label or seed}")
        path, number = wanted, 1
        while path in self._given:  # the same seed for another prompt
            number += 1
            path = wanted.with_stem(f"{wanted.stem}-{number}")
        self._given.add(path)
        return path

    def sheet(self, task: str) -> Path:
        """Return the place of a grid's sheet: the very file that was asked for, if one was."""
        if self._asked is None or self._to_folder:
            return self._numbered(task, "grid")
        return self._asked

    def _numbered(self, task: str, label: int | str) -> Path:
        from runtime.image_files import next_path, numbered_path

        if self._asked is None:
            return next_path(self._folder, task, label)
        return numbered_path(self._asked, label)
