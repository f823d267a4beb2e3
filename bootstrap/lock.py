"""One setup at a time, across processes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

WAIT_SECONDS = 0.2


@contextmanager
def exclusive(path: str, on_wait: Callable[[], None]) -> Iterator[int]:
    """Hold the lock file; yield its descriptor. `on_wait()` is called once if somebody else holds it.

    The operating system drops the lock with its last holder, so a killed setup leaves no stale lock; and a
    pip that outlives its killed parent keeps it (it inherits the descriptor): nobody else touches .venv then.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not _try_lock(descriptor):
            on_wait()
            while not _try_lock(descriptor):
                time.sleep(WAIT_SECONDS)
        yield descriptor
    finally:
        os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
