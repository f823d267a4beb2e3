"""Samplers in NumPy: `build_scheduler` makes one, `SAMPLERS` and `SCHEDULES` list what there is."""

from runtime.schedulers.base import DrawNoise, Scheduler
from runtime.schedulers.choice import SamplerChoice, build_scheduler, choose_sampler
from runtime.schedulers.tables import SAMPLERS, SCHEDULES, SamplerKind, Schedule

__all__ = [
    "SAMPLERS",
    "SCHEDULES",
    "DrawNoise",
    "SamplerChoice",
    "SamplerKind",
    "Schedule",
    "Scheduler",
    "build_scheduler",
    "choose_sampler",
]
