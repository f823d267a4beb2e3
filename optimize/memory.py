"""Giving memory that was let go of back to the system, and not looking for it where there is none."""

import atexit
import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def importing() -> Iterator[None]:
    """Import large libraries without looking for garbage; what is there then is never looked at again.

    Of PyTorch, diffusers and transformers with all they bring, a third of the import is spent on that, and
    every `return_memory` afterwards would look at a million objects of theirs.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        atexit.register(gc.unfreeze)  # some of them complain of what is left when the process ends
        if was_on:
            gc.enable()


def return_memory() -> None:
    """Collect what nobody refers to and return it; glibc keeps gigabytes of full-size weights otherwise."""
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim is not None:
            trim(0)
