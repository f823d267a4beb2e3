"""An IR whose weights stay in their file: what was read of them is given back to the system at once."""

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import numpy as np
import openvino as ov

from runtime.weight_files import BIN_NAME, XML_NAME

_SECONDS = 0.1


@contextmanager
def mapped_model(core: ov.Core, folder: Path) -> Iterator[ov.Model]:
    """Read the IR in `folder`, to be used inside the block alone; its weights must not be written to.

    The pages of the file come back from it when they are looked at again. Without this they stay, and count
    as this process's memory: 10 GB for SDXL in FP32, beside what is made of them.
    """
    with (folder / BIN_NAME).open("rb") as weights:
        # Closed when nothing refers to it any more, which a failure in the block may delay.
        mapped = mmap.mmap(weights.fileno(), 0, access=mmap.ACCESS_COPY)
    tensor = ov.Tensor(np.frombuffer(mapped, dtype=np.uint8), shared_memory=True)
    done = Event()

    def let_go() -> None:
        while not done.wait(_SECONDS):
            mapped.madvise(mmap.MADV_DONTNEED)

    thread = Thread(target=let_go, name="let go of pages") if hasattr(mapped, "madvise") else None
    if thread is not None:  # Windows has none
        thread.start()
    try:
        yield core.read_model((folder / XML_NAME).read_bytes(), tensor)
    finally:
        done.set()
        if thread is not None:
            thread.join()
