"""What a driver is asked to make: one picture, from given initial latents."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np

from runtime.arrays import Array

PRECISIONS = ("f32", "bf16", "f16")
PATHS = ("model", "source", "latents", "cache", "result", "picture")


class CannotRun(SystemExit):
    """Ends the process with one sentence on standard error and status 1."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One sample. The sampler is DDIM with the model's own configuration, for every driver."""

    model: Path  # OpenVINO IR in optimum-intel's layout
    source: Path | None  # the diffusers folder it was made from
    width: int
    height: int
    steps: int
    guidance_scale: float
    seed: int
    prompt: str
    negative_prompt: str
    device: str  # as --device has it
    precision: str  # of PRECISIONS: what the networks compute in
    options: Mapping[str, Any]  # the driver's own
    latents: Path  # .npy, float32 (1, C, h, w), standard normal: those of NoiseSource(seed)
    cache: Path  # folder for compiled models, this row's own
    result: Path
    picture: Path  # .npy, uint8 (H, W, 3)

    @classmethod
    def from_file(cls, path: Path) -> "Job":
        """Read a job; raises CannotRun that names what does not fit."""
        try:
            values = json.loads(path.read_bytes())
        except OSError as error:
            raise CannotRun(f"cannot read the job {path}: {error.strerror}") from error
        except ValueError as error:
            raise CannotRun(f"the job {path} is not JSON: {error}") from error
        if not isinstance(values, dict):
            raise CannotRun(f"the job {path} must be a JSON object, got {type(values).__name__}")
        names = {field.name for field in fields(cls)}
        if values.keys() != names:
            wrong = ", ".join(sorted(values.keys() ^ names))
            raise CannotRun(f"the job {path} must have exactly the known fields, these differ: {wrong}")
        for name, kind in get_type_hints(cls).items():
            values[name] = _converted(name, values[name], kind)
        if values["precision"] not in PRECISIONS:
            raise CannotRun(f"precision must be one of {', '.join(PRECISIONS)}, got {values['precision']!r}")
        if values["steps"] < 1:
            raise CannotRun(f"steps must be at least 1, got {values['steps']}")
        return cls(**values)

    @property
    def is_guided(self) -> bool:
        """Whether a step is two halves."""
        return self.guidance_scale > 1

    def option(self, name: str, *, default: bool = False) -> bool:
        """Return an option that is on or off."""
        value = self.options.get(name, default)
        if not isinstance(value, bool):
            raise CannotRun(f"option {name} must be true or false, got {value!r}")
        return value

    def allow(self, *names: str) -> None:
        """Refuse options that this driver does not have: a typing error would measure something else."""
        for name in self.options:
            if name not in names:
                known = ", ".join(names) or "none"
                raise CannotRun(f"this driver has no option {name!r}: it has {known}")

    def initial_latents(self) -> Array:
        """Return the noise every driver starts from, float32 (1, C, h, w)."""
        try:
            latents = np.load(self.latents)
        except (OSError, ValueError) as error:
            raise CannotRun(f"cannot read the latents {self.latents}: {error}") from error
        if latents.dtype != np.float32 or latents.ndim != 4 or latents.shape[0] != 1:
            raise CannotRun(
                f"latents must be float32 (1, C, h, w), got {latents.dtype} {latents.shape}: {self.latents}"
            )
        return np.ascontiguousarray(latents)


def _converted(name: str, value: object, kind: Any) -> object:
    if name in PATHS:
        if isinstance(value, str):
            return Path(value)
        if value is None and name == "source":
            return None
        raise CannotRun(f"{name} must be a path, got {value!r}")
    if name == "options":
        if isinstance(value, dict):
            return value
        raise CannotRun(f"options must be a JSON object, got {value!r}")
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise CannotRun(f"{name} must be {kind.__name__}, got {value!r}")
    return value
