"""What a driver answers, written whole or not at all; and the main function that all drivers share."""

import importlib.metadata
import json
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.drivers.clock import Clock
from benchmarks.drivers.job import CannotRun, Job
from runtime.arrays import AnyArray
from runtime.whole_file import write_whole


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One picture and how it was made; times are seconds."""

    picture: AnyArray  # uint8 (H, W, 3)
    placement: Mapping[str, Mapping[str, str]]  # component -> device, name, precision: what executed
    packages: Sequence[str]  # whose versions matter
    components: Mapping[str, Mapping[str, float | bool]] = field(default_factory=dict)
    loop_overhead: float | None = None  # of all steps, outside the UNet
    unet_seconds: float | None = None
    unet_calls: int | None = None
    kernels: Mapping[str, int] | None = None  # of the UNet, where the library tells
    warnings: Sequence[str] = ()


def run_driver(make: Callable[[Job, Clock], Answer]) -> None:
    """Read the job named on the command line, make the picture, and write picture and result.

    Raises CannotRun for a job or a picture that does not fit, and what `make` raises.
    """
    clock = Clock()
    if len(sys.argv) != 2:
        raise CannotRun(f"usage: python -m benchmarks.drivers.NAME JOB.json, got {sys.argv[1:]}")
    job = Job.from_file(Path(sys.argv[1]))
    write_answer(job, clock, make(job, clock))


def write_answer(job: Job, clock: Clock, answer: Answer) -> None:
    """Write the picture, then the result: where there is a result, there is a picture."""
    picture = answer.picture
    if picture.dtype != np.uint8 or picture.shape != (job.height, job.width, 3):
        raise CannotRun(f"the picture is {picture.dtype} {picture.shape}, not {job.width}x{job.height} RGB")
    result = {
        "marks": clock.marks(job.steps),
        "components": answer.components,
        "loop_overhead": answer.loop_overhead,
        "unet_seconds": answer.unet_seconds,
        "unet_calls": answer.unet_calls,
        "versions": {"python": platform.python_version()}
        | {package: importlib.metadata.version(package) for package in answer.packages},
        "placement": answer.placement,
        "kernels": answer.kernels or None,
        "warnings": list(answer.warnings),
    }
    write_whole(job.picture, lambda file: np.save(file, picture))
    write_whole(job.result, lambda file: file.write(json.dumps(result, indent=1).encode()))
