"""A file that one process holds, with its number in it; the system lets go of it however the process ends."""

import os
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO

from runtime.file_lock import try_lock

_PLACE = 1 << 30  # of the byte that Windows locks: beyond the text, which others may read


class Held(OSError):
    """Another process holds the file."""


class FileLock:
    """A context manager; raises Held when another process has the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def __enter__(self) -> "FileLock":
        self.take()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def take(self, patience: float = 0.0) -> None:
        """Hold the file, waiting for at most `patience` seconds."""
        deadline = time.monotonic() + patience
        while True:
            try:
                self._file = _lock(self._path)
                break
            except Held:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(0.05)
        self._file.truncate(0)
        self._file.write(str(os.getpid()).encode())
        self._file.flush()

    def release(self) -> None:
        """Let go of it; the file stays."""
        if self._file is not None:
            with suppress(OSError):  # the folder may be gone
                self._file.truncate(0)
            self._file.close()
            self._file = None


def holder_of(path: Path) -> int | None:
    """Return the number of the process that holds the file, 0 when it is not known, None when nobody does."""
    if not path.exists():
        return None
    try:
        _lock(path).close()
    except Held:
        with suppress(OSError, ValueError):  # it may be ending at this moment
            return int(path.read_bytes())
        return 0
    except OSError:  # a folder that is not ours to write in: nobody of ours works there
        return None
    return None


def _lock(path: Path) -> IO[bytes]:
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("ab")
    try:
        if not try_lock(file.fileno(), _PLACE):
            raise Held(str(path))
    except OSError:
        file.close()
        raise
    return file
