"""UniPC: a multistep predictor whose every step is corrected by the next evaluation."""

import math

import numpy as np

from runtime.arrays import Array
from runtime.schedulers.base import DrawNoise
from runtime.schedulers.grids import preserving_grid
from runtime.schedulers.sampler import Sampler, preserving_plan
from runtime.schedulers.settings import Settings


class UniPC(Sampler):
    """UniC and UniP, algorithms 1 and 2 of Zhao et al. 2023 (arXiv 2302.04867), with the image predicted."""

    def __init__(self, settings: Settings, steps: int) -> None:
        grid = preserving_grid(settings, steps)
        super().__init__(preserving_plan(settings, grid))
        self._sigmas = grid.sigmas
        self._history: list[Array] = []  # images, newest first
        self._before: Array | None = None  # latents that the last prediction set out from
        self._order = 1  # of the last prediction

    def step(self, noise_pred: Array, i: int, latents: Array, noise: DrawNoise) -> Array:
        """Correct the latents by what the network says at them, then predict the next ones."""
        image, _ = self._split(noise_pred, i, latents)
        if self._before is not None:
            latents = self._move(i - 1, self._before, self._order, ahead=image)
        self._history = [image, *self._history[: self._settings.solver_order - 1]]
        left = len(self.timesteps) - i
        self._order = min(self._settings.solver_order, len(self._history))
        if self._settings.lower_order_final or self._sigmas[-1] == 0:
            self._order = min(self._order, left)
        self._before = latents
        return self._move(i, latents, self._order)

    def _move(self, i: int, latents: Array, order: int, ahead: Array | None = None) -> Array:
        """Return the latents after step i: predicted, or corrected by the image seen `ahead` of it."""
        here, there = self._levels[i], self._levels[i + 1]
        kept = self._sigmas[i + 1] / self._sigmas[i]  # exp(-h)
        newest = self._history[0]
        result = there.sigma / here.sigma * latents + there.alpha * (1 - kept) * newest
        if (order == 1 and ahead is None) or kept == 1:
            return result
        h = -math.log(kept)
        places = [math.log(self._sigmas[i] / self._sigmas[i - k]) / h for k in range(1, order)]
        slopes = [(past - newest) / place for past, place in zip(self._history[1:order], places, strict=True)]
        if ahead is not None:
            places, slopes = [*places, 1.0], [*slopes, ahead - newest]
        span = -h if self._settings.solver_type == "bh1" else kept - 1
        for weight, slope in zip(_weights(places, h, span), slopes, strict=True):
            result = result - there.alpha * span * weight * slope
        return result


def _weights(places: list[float], h: float, span: float) -> list[float]:
    """Return the weights of the slopes at `places`, in steps from the newest image: theorem 3.1 solved.

    A single slope has one half, as in the authors' code.
    """
    if len(places) == 1:
        return [0.5]
    right, phi, factorial = [], math.expm1(-h) / -h - 1, 1
    for k in range(1, len(places) + 1):
        right.append(phi * factorial / span)
        factorial *= k + 1
        phi = phi / -h - 1 / factorial
    powers = np.vander(places, increasing=True).T
    return [float(weight) for weight in np.linalg.solve(powers, right)]
