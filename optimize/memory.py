"""Giving memory that was let go of back to the system."""

import ctypes
import gc
import sys


def return_memory() -> None:
    """Collect what nobody refers to and return it; glibc keeps gigabytes of full-size weights otherwise."""
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim is not None:
            trim(0)
