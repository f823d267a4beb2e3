"""Jobs: what is asked of the page and the APIs, in a store that outlives them, and a worker that does it.

Names are imported when they are first used, so that a command that only looks for a running worker is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ui.jobs.engine import JobEngine
    from ui.jobs.job import Job, JobPicture, JobSpec, Progress, Snapshot

_MODULES = {
    "JobEngine": "engine",
    "Job": "job",
    "JobPicture": "job",
    "JobSpec": "job",
    "Progress": "job",
    "Snapshot": "job",
}

__all__ = ["Job", "JobEngine", "JobPicture", "JobSpec", "Progress", "Snapshot"]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'ui.jobs' has no attribute {name!r}")
    return getattr(import_module(f"ui.jobs.{_MODULES[name]}"), name)
