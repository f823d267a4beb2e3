"""What every sampler shares: a plan of evaluations, and the reading of what the network says at each."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runtime.arrays import Array
from runtime.schedulers.base import DrawNoise
from runtime.schedulers.grids import SigmaGrid
from runtime.schedulers.noise_levels import Level, trained_levels
from runtime.schedulers.settings import Settings

FEW_STEPS = 15  # below this the last steps of a multistep solver may be of lower order


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The E evaluations of one generation.

    `timesteps` (E,) and `step_index` (E,) are the Scheduler's. `levels` (E,) are the noise levels of the
    latents at each evaluation; a sampler that ends at a level of the plan has it as one more, (E + 1,).
    """

    settings: Settings
    timesteps: Sequence[float]
    levels: Sequence[Level]
    step_index: tuple[int, ...]
    init_noise_sigma: float = 1.0


class Sampler(ABC):
    """A Scheduler (base.py) that walks along a plan; subclasses say what a step does."""

    def __init__(self, plan: Plan) -> None:
        self._settings = plan.settings
        self._levels = plan.levels
        self.timesteps: Array = np.array(plan.timesteps, np.float32)
        self.step_index = plan.step_index
        self.num_inference_steps = plan.step_index[-1] + 1
        self.init_noise_sigma = plan.init_noise_sigma

    @abstractmethod
    def step(self, noise_pred: Array, i: int, latents: Array, noise: DrawNoise) -> Array:
        """Return the latents after evaluation i; neither input is changed."""

    def scale_model_input(self, latents: Array, i: int) -> Array:
        """Return the latents as the network was trained to see them, variance preserving."""
        return latents / self._levels[i].norm

    def add_noise(self, original: Array, noise: Array, i: int) -> Array:
        """Return `original` noised to the level of evaluation i."""
        return self._levels[i].mix(original, noise)

    def predicted_original(self, sample: Array, output: Array, i: int) -> Array:
        """Return the finished latents that `output` expects, from the sample that the network saw."""
        return self._split(output, i, sample * np.float32(self._levels[i].norm))[0]

    def _split(self, output: Array, i: int, latents: Array) -> tuple[Array, Array]:
        """Return the image and the noise in `latents` by the network's output at evaluation i."""
        image, noise = self._levels[i].split(latents, output, self._settings.prediction_type)
        if self._settings.clip_sample:
            image = np.clip(image, -self._settings.clip_sample_range, self._settings.clip_sample_range)
        return image, noise


def exploding_plan(settings: Settings, grid: SigmaGrid) -> Plan:
    """Return the plan of a sampler of one evaluation a step in variance exploding latents (k-diffusion's)."""
    return Plan(
        settings=settings,
        timesteps=grid.timesteps,
        levels=[Level.exploding(sigma) for sigma in grid.sigmas],
        step_index=tuple(range(len(grid.timesteps))),
        init_noise_sigma=initial_sigma(settings, max(grid.sigmas)),
    )


def preserving_plan(settings: Settings, grid: SigmaGrid) -> Plan:
    """Return the plan of a sampler of one evaluation a step in variance preserving latents."""
    return Plan(
        settings=settings,
        timesteps=grid.timesteps,
        levels=[Level.preserving(sigma) for sigma in grid.sigmas],
        step_index=tuple(range(len(grid.timesteps))),
    )


def trained_plan(settings: Settings, timesteps: list[int]) -> Plan:
    """Return the plan of one evaluation a step at whole training timesteps."""
    return Plan(
        settings=settings,
        timesteps=timesteps,
        levels=trained_levels(settings, timesteps),
        step_index=tuple(range(len(timesteps))),
    )


def initial_sigma(settings: Settings, sigma: float) -> float:
    """Return the scale of the first noise; diffusers counts the image in it where timesteps are leading."""
    return Level(1.0, sigma).norm if settings.timestep_spacing == "leading" else sigma


def weighted_sum(weights: Sequence[float], arrays: Sequence[Array]) -> Array:
    """Return the sum of the arrays, each times its weight."""
    total = weights[0] * arrays[0]
    for weight, array in zip(weights[1:], arrays[1:], strict=True):
        total = total + weight * array
    return total
