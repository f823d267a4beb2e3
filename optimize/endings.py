"""How a process of ours is asked to end: by a signal, or by its standard input closing."""

import os
import signal
import sys
import threading
from types import FrameType

_ENDINGS = (signal.SIGINT, signal.SIGTERM)


def heed_endings(*, with_stdin: bool) -> None:
    """From now on raise KeyboardInterrupt in the main thread, once, when the process is asked to end."""
    for number in _ENDINGS:
        signal.signal(number, _interrupt)
    if with_stdin:
        threading.Thread(target=_end_with_stdin, daemon=True).start()


def _interrupt(number: int, frame: FrameType | None) -> None:
    """End so that nothing unfinished stays; once, for tidying up must not be interrupted."""
    for ending in _ENDINGS:
        signal.signal(ending, signal.SIG_IGN)
    raise KeyboardInterrupt


def _end_with_stdin() -> None:
    """Stop when whoever asked is gone. Windows knows no gentle way: the next run tidies up there."""
    while os.read(sys.stdin.fileno(), 4096):  # not sys.stdin itself: its lock would be held at our own end
        continue
    os.kill(os.getpid(), signal.SIGTERM)
