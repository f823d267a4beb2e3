"""PNDM and PLMS: linear multistep in the network's output, warmed up by Runge-Kutta or by a repeated step."""

from itertools import pairwise

from runtime.arrays import Array
from runtime.errors import InvalidRequest
from runtime.schedulers.base import DrawNoise
from runtime.schedulers.grids import spaced_timesteps
from runtime.schedulers.noise_levels import trained_levels
from runtime.schedulers.sampler import Plan, Sampler, weighted_sum
from runtime.schedulers.settings import Settings

_WARM_UP_STEPS = 3
_RUNGE_KUTTA = (1 / 6, 1 / 3, 1 / 3, 1 / 6)
_ADAMS_BASHFORTH = (  # newest output first
    (1.0,),
    (3 / 2, -1 / 2),
    (23 / 12, -16 / 12, 5 / 12),
    (55 / 24, -59 / 24, 37 / 24, -9 / 24),
)


class PNDM(Sampler):
    """Pseudo numerical methods, algorithm 2 of Liu et al. 2022 (arXiv 2202.09778).

    Three steps of four evaluations (Runge-Kutta) come before the multistep or, with `skip_prk_steps` (PLMS),
    one repeated step. As in diffusers, PLMS repeats a step wherever it starts, though the plan allows for it
    at the beginning only; and outputs, v as well, are combined as they are and then read.
    """

    def __init__(self, settings: Settings, steps: int) -> None:
        falling = spaced_timesteps(settings, steps).round().astype(int).tolist()
        self._stride = settings.num_train_timesteps // steps
        if settings.skip_prk_steps:
            timesteps = falling[:2] + falling[1:]
            step_index = [min(i, steps - 1) for i in range(len(timesteps))]
            self._warm_up = 0
        elif steps > _WARM_UP_STEPS:
            half = self._stride // 2
            ahead = pairwise(falling[: _WARM_UP_STEPS + 1])
            stages = [t for now, after in ahead for t in (now, after + half, after + half, after)]
            timesteps = stages + falling[_WARM_UP_STEPS:]
            self._warm_up = len(stages)
            step_index = [i // 4 if i < self._warm_up else i - 9 for i in range(len(timesteps))]
        else:
            raise InvalidRequest(
                f"num_inference_steps must be 4 or more for PNDM with Runge-Kutta steps, got {steps}: "
                "ask for more steps or for PLMS"
            )
        super().__init__(
            Plan(
                settings=settings,
                timesteps=timesteps,
                levels=trained_levels(settings, timesteps),
                step_index=tuple(step_index),
            )
        )
        self._whole = timesteps
        self._trained = trained_levels(settings, [*range(settings.num_train_timesteps), -1])
        self._history: list[Array] = []  # newest first
        self._repeat: Array | None = None  # where the step to repeat set out from

    def step(self, noise_pred: Array, i: int, latents: Array, noise: DrawNoise) -> Array:
        """Combine this output with those before it and move by the combination."""
        if i < self._warm_up:
            return self._runge_kutta(noise_pred, i, latents)
        timestep = self._whole[i]
        if self._repeat is not None:  # the first step again, by the mean slope of its two ends
            start, self._repeat = self._repeat, None
            mean: Array = 0.5 * (noise_pred + self._history[0])
            return self._move(mean, timestep + self._stride, timestep, start)
        if not self._warm_up and not self._history:
            self._repeat = latents
        self._history = [noise_pred, *self._history[:3]]
        slope = weighted_sum(_ADAMS_BASHFORTH[len(self._history) - 1], self._history)
        return self._move(slope, timestep, timestep - self._stride, latents)

    def _runge_kutta(self, output: Array, i: int, latents: Array) -> Array:
        """Return the latents after one of the four stages, which all set out from the first one's latents."""
        stage, half = i % 4, self._stride // 2
        if stage == 0:
            self._start, self._stages = latents, []
            self._history = [output, *self._history]
        self._stages.append(output)
        slope = weighted_sum(_RUNGE_KUTTA, self._stages) if stage == 3 else output
        target = self._whole[i] - (half if stage in (0, 2) else 0)
        return self._move(slope, self._whole[i - stage], target, self._start)

    def _move(self, output: Array, source: int, target: int, latents: Array) -> Array:
        """Equation 11: the transfer of `latents` from one timestep to another, a DDIM step by this output."""
        here, there = self._trained[source], self._trained[max(target, -1)]
        return there.mix(*here.split(latents, output, self._settings.prediction_type))
