"""Where the time went: seconds per phase, per component and per step of one generation."""

import copy
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Timings:
    """Seconds, filled in while the pictures are made; `steps` holds one figure per step of every batch."""

    read: dict[str, float] = field(default_factory=dict)
    compile: dict[str, float] = field(default_factory=dict)
    compiled_from_cache: dict[str, bool] = field(default_factory=dict)
    text_encoder: float = 0.0
    vae_encoder: float = 0.0
    depth_estimator: float = 0.0
    unet: float = 0.0
    unet_calls: int = 0
    unet_shallow_calls: int = 0  # of them, those that reused the deep features of another
    controlnet: float = 0.0
    evaluations_per_step: float = 1.0
    steps: list[float] = field(default_factory=list)
    vae_decoder: float = 0.0
    save: float = 0.0
    total: float = 0.0

    @contextmanager
    def add(self, name: str) -> Iterator[None]:
        """Add the time of the block to the field `name`."""
        started = time.perf_counter()
        try:
            yield
        finally:
            setattr(self, name, getattr(self, name) + time.perf_counter() - started)

    @contextmanager
    def measure(self, where: dict[str, float], name: str) -> Iterator[None]:
        """Note the time of the block in one of the per-component tables."""
        started = time.perf_counter()
        try:
            yield
        finally:
            where[name] = time.perf_counter() - started

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready copy, the loop's own time (outside the components) worked out."""
        steps, networks = sum(self.steps), self.unet + self.controlnet
        return copy.deepcopy(vars(self)) | {
            "denoise": steps,
            "loop_overhead": max(0.0, steps - networks),
        }
