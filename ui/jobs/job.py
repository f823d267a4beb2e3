"""What a job is: what was asked, what became of it, and how far it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KINDS = ("pictures", "optimize", "benchmark")
QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
STATES = (QUEUED, RUNNING, DONE, FAILED, CANCELLED)
FINAL = frozenset({DONE, FAILED, CANCELLED})

FULL, WITHOUT_PROMPTS, NOTHING = "full", "without prompts", "none"  # what a picture's text may tell
METADATA = (FULL, WITHOUT_PROMPTS, NOTHING)


@dataclass(frozen=True, kw_only=True)
class JobSpec:
    """What is asked, as JSON holds it; `title` is what a list of jobs shows."""

    kind: str  # of KINDS
    title: str
    body: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class JobPicture:
    """A picture of a job that is saved whole; `label` tells its cell in a grid."""

    path: Path
    seed: int
    label: str


@dataclass(frozen=True, kw_only=True)
class Job:
    """What was asked and what became of it, as the store has it. Times are those of time.time()."""

    id: str  # 8 hexadecimal digits
    spec: JobSpec
    state: str  # of STATES
    reason: str = ""  # one sentence: why it failed, or what interrupted it
    report: str = ""  # of a failure, to be copied: versions, placement, traceback
    created: float
    started: float | None = None
    finished: float | None = None
    interruptions: int = 0
    pictures: tuple[JobPicture, ...] = ()
    results: tuple[dict[str, Any], ...] = ()

    @property
    def is_final(self) -> bool:
        """Whether nothing will happen to it any more."""
        return self.state in FINAL


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a job is; pictures and steps are counted from 1, 0 before the first."""

    phase: str = "waiting"
    ahead: int = 0  # jobs before it
    picture: int = 0
    pictures: int = 0
    step: int = 0
    steps: int = 0
    eta_seconds: float | None = None  # of the whole job, without loading and compiling
    seconds_per_step: float | None = None
    preview: bytes | None = None  # a JPEG of what the running picture is becoming
    preview_number: int = 0  # changes with each preview


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A job and its progress at one moment."""

    job: Job
    progress: Progress
