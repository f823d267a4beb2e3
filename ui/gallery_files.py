"""The picture files in a folder, with what can be said of them unopened."""

import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp"})
PICTURE = re.compile(rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|RIFF....WEBP", re.DOTALL)
DEEPEST = 8  # folders below the first
A_DAY = 86400  # seconds: how far in the future a file may seem to be changed


class PictureFile(NamedTuple):  # a tuple, since there may be tens of thousands
    """A file: its path below the folder, with forward slashes, and its state."""

    name: str
    size: int
    changed: int  # nanoseconds

    @property
    def folder(self) -> str:
        """The topmost folder it lies in; "" for none."""
        return self.name.partition("/")[0] if "/" in self.name else ""

    @property
    def day(self) -> str:
        """The day in one of its folders, else that of its last change: YYYY-MM-DD."""
        for part in self.name.split("/")[:-1]:
            with suppress(ValueError):
                return date.fromisoformat(part).isoformat()
        seconds = min(max(self.changed / 1e9, 0), time.time() + A_DAY)
        return datetime.fromtimestamp(seconds).date().isoformat()


def picture_files(folder: Path) -> Iterator[PictureFile]:
    """Yield what is named like a picture below a folder.

    Hidden files are not finished, and links lead elsewhere: both are passed over, as is what vanishes.
    """
    below = [("", 0)]
    while below:
        inner, depth = below.pop()
        with suppress(OSError), os.scandir(folder / inner) as listing:
            for item in listing:
                if item.name.startswith(".") or not (item.name.isascii() or _is_text(item.name)):
                    continue
                name = f"{inner}/{item.name}" if inner else item.name
                if item.name[item.name.rfind(".") :].lower() in SUFFIXES:
                    yield from _file(item, name)
                elif depth < DEEPEST and item.is_dir(follow_symlinks=False):
                    below.append((name, depth + 1))


def is_picture(path: Path) -> bool:
    """Whether a file begins like one."""
    try:
        with path.open("rb") as file:
            return PICTURE.match(file.read(12)) is not None
    except OSError:
        return False


def _file(item: "os.DirEntry[str]", name: str) -> tuple[PictureFile, ...]:
    try:
        if not item.is_file(follow_symlinks=False):
            return ()
        facts = item.stat(follow_symlinks=False)
    except OSError:  # vanished just now
        return ()
    return (PictureFile(name, facts.st_size, facts.st_mtime_ns),)


def _is_text(name: str) -> bool:
    """Whether a name can be stored: one that is not UTF-8 on disk cannot."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
