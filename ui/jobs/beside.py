"""What a command that runs beside the page has to know: whether its worker runs, and what memory is left."""

from collections.abc import Iterable
from pathlib import Path

from runtime.memory import available_bytes, estimate_bytes
from runtime.model_folder import ModelFolder
from runtime.request import Request
from ui.jobs.file_lock import holder_of

WORKER_LOCK = "worker.lock"
SHARE = 0.7  # of the free memory: beyond it the worker's next picture may find too little
BYTES_PER_WEIGHT = 4  # f32, what a CPU takes


def page_works(data: Path) -> bool:
    """Whether the page of this data folder has a worker running."""
    return holder_of(data / "jobs" / WORKER_LOCK) is not None


def memory_note(works: Iterable[tuple[Path, Request]], data: Path) -> str:
    """Return a sentence when the page runs too and memory is short for models and requests, else ""."""
    free = available_bytes()
    if free is None or not page_works(data):
        return ""
    needed = 0
    for path, request in works:
        model = ModelFolder(path)
        resolved = model.resolve(request)
        shape = resolved.shape(min(resolved.batch_size, resolved.count))
        needed = max(needed, estimate_bytes(model, shape, resolved.networks, BYTES_PER_WEIGHT))
    if needed <= SHARE * free:
        return ""
    return (
        f"the page is open and makes pictures too, this takes about {needed / 2**30:.1f} GiB of memory and "
        f"{free / 2**30:.1f} GiB are free: wait for the page to finish, or close it, if the system gets slow"
    )
