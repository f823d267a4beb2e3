"""A lock on an open file, which the operating system drops with its last holder, however that ends."""

import contextlib
import errno
import os
import sys
from pathlib import Path
from typing import IO

if sys.platform == "win32":
    import msvcrt

    def try_lock(descriptor: int, place: int = 0) -> bool:
        """Lock the file, on Windows its byte at `place`; False if somebody holds it. Raises OSError."""
        os.lseek(descriptor, place, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def try_lock(descriptor: int, place: int = 0) -> bool:
        """Lock the file, on Windows its byte at `place`; False if somebody holds it. Raises OSError."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def take_lock(path: Path) -> IO[bytes]:
    """Create a file and lock it; raises OSError when another process holds it."""
    file = path.open("ab")
    try:
        if not try_lock(file.fileno()):
            raise BlockingIOError(errno.EAGAIN, "another process holds it", str(path))
        if sys.platform != "win32" and not _is_at(path, file):
            raise FileNotFoundError(path)  # removed between opening and locking
    except OSError:
        file.close()
        raise
    return file


def _is_at(path: Path, file: IO[bytes]) -> bool:
    return path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat())


def drop_lock(file: IO[bytes], path: Path) -> None:
    """Remove a lock file and let go of it, in the order that the system allows."""
    if sys.platform == "win32":
        file.close()
    with contextlib.suppress(OSError):  # a sweep may have been first; an empty lock file harms nobody
        path.unlink()
    file.close()
