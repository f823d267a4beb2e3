"""One step of each sampler in the middle of 20, on the latents of a picture of 512x512."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from runtime.arrays import Array
from runtime.model_folder import ModelFolder
from runtime.noise import NoiseSource
from runtime.schedulers import build_scheduler
from runtime.schedulers.base import Scheduler
from runtime.schedulers.tables import SAMPLERS

SHAPE = (1, 4, 64, 64)
STEPS = 20
ROUNDS = 50
Benchmark = Callable[..., Any]
Arguments = tuple[Scheduler, Array, Array, Array, int]


@pytest.mark.benchmark(group="samplers")
@pytest.mark.parametrize("sampler", [kind.name for kind in SAMPLERS])
def test_step(benchmark: Any, model: ModelFolder, sampler: str) -> None:
    """Scaling the input, and the step; the noise is drawn beforehand."""
    source = NoiseSource(1)
    latents, prediction, noise = (source.standard_normal(SHAPE) for _ in range(3))

    def half_way() -> tuple[Arguments, dict[str, Any]]:
        scheduler = build_scheduler(sampler, None, model.scheduler_config, STEPS)
        middle = len(scheduler.timesteps) // 2
        for i in range(middle):  # samplers of several steps have their history then
            scheduler.step(prediction, i, latents, lambda: noise)
        return (scheduler, latents, prediction, noise, middle), {}

    result = benchmark.pedantic(_step, setup=half_way, rounds=ROUNDS)
    assert np.isfinite(result).all()


def _step(scheduler: Scheduler, latents: Array, prediction: Array, noise: Array, i: int) -> Array:
    scheduler.scale_model_input(latents, i)
    return scheduler.step(prediction, i, latents, lambda: noise)
