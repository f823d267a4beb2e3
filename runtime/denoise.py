"""THE loop: every picture of every kind is made by this generator, on every device."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from runtime.arrays import Array
from runtime.errors import NonFiniteError
from runtime.schedulers.base import DrawNoise, Scheduler

PredictNoise = Callable[[Array, float, int], Array]  # sample, timestep, evaluation index
AfterStep = Callable[[Array, int], Array]  # latents, evaluation index: what is blended in after an evaluation


@dataclass(frozen=True, kw_only=True)
class DenoiseStep:
    """One finished step, `index` of `total` counted from 0, and the latents (B, C, h, w) it left."""

    index: int
    total: int
    latents: Array


def denoise(
    predict_noise: PredictNoise,
    scheduler: Scheduler,
    latents: Array,
    *,
    noise: DrawNoise,
    start: int = 0,
    after_step: AfterStep | None = None,
) -> Iterator[DenoiseStep]:
    """Yield the latents after every step; stop iterating to cancel.

    `latents` (B, C, h, w) are already at the noise level of evaluation `start`. A step of a second-order
    sampler is two evaluations and is yielded once. Raises NonFiniteError as soon as a value is NaN or
    infinite.
    """
    steps = scheduler.step_index
    first, total = steps[start], scheduler.num_inference_steps
    for i in range(start, len(steps)):
        sample = scheduler.scale_model_input(latents, i)
        noise_pred = predict_noise(sample, float(scheduler.timesteps[i]), i)
        latents = scheduler.step(noise_pred, i, latents, noise)
        if after_step is not None:
            latents = after_step(latents, i)
        if not np.isfinite(latents).all():
            raise NonFiniteError(
                f"step {steps[i] - first + 1} of {total - first} gave values that are not numbers: "
                "try --execution-precision f32, another sampler, or a lower guidance scale"
            )
        if i + 1 == len(steps) or steps[i + 1] != steps[i]:
            yield DenoiseStep(index=steps[i] - first, total=total - first, latents=latents)
