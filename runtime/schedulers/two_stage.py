"""Samplers of two evaluations a step: a stage to a middle level, then the step by what is seen there."""

import math
from abc import abstractmethod

import numpy as np

from runtime.arrays import Array
from runtime.schedulers.base import DrawNoise
from runtime.schedulers.euler import ancestral
from runtime.schedulers.grids import exploding_grid, timestep_of
from runtime.schedulers.noise_levels import Level, training_sigmas
from runtime.schedulers.sampler import Plan, Sampler, initial_sigma, weighted_sum
from runtime.schedulers.settings import Settings


class TwoStage(Sampler):
    """N steps of 2N - 1 evaluations: even ones begin a step, odd ones finish it, the last is a step alone."""

    whole_karras = False

    def __init__(self, settings: Settings, steps: int) -> None:
        grid = exploding_grid(settings, steps, whole_karras=self.whole_karras)
        trained = training_sigmas(settings)
        timesteps, sigmas = grid.timesteps[:1], grid.sigmas[:1]
        for k in range(1, steps):
            middle = self._middle(grid.sigmas[k - 1], grid.sigmas[k])
            timesteps += [timestep_of(middle, trained) if middle else grid.timesteps[k], grid.timesteps[k]]
            sigmas += [middle or grid.sigmas[k], grid.sigmas[k]]
        super().__init__(
            Plan(
                settings=settings,
                timesteps=timesteps,
                levels=[Level.exploding(sigma) for sigma in sigmas],
                step_index=tuple(i // 2 for i in range(len(timesteps))),
                init_noise_sigma=initial_sigma(settings, max(sigmas)),
            )
        )

    def step(self, noise_pred: Array, i: int, latents: Array, noise: DrawNoise) -> Array:
        """Go to the middle level, or finish the step that the evaluation before began."""
        image, seen = self._split(noise_pred, i, latents)
        if i + 1 == len(self._levels):
            return image
        if i % 2 == 0:
            self._start, self._seen = latents, seen
            return self._reach(self._levels[i].sigma, self._levels[i + 1].sigma, image, seen, noise)
        return self._finish(self._levels[i - 1].sigma, self._levels[i + 1].sigma, image, seen, noise)

    def _middle(self, sigma: float, sigma_next: float) -> float | None:
        """Return the sigma of the second evaluation of a step; None for that of the next step."""
        return None

    def _reach(self, sigma: float, middle: float, image: Array, seen: Array, noise: DrawNoise) -> Array:
        """Return the latents at the middle level by the image and the noise seen at the start."""
        return Level.exploding(middle).mix(image, seen)

    @abstractmethod
    def _finish(self, sigma: float, sigma_next: float, image: Array, seen: Array, noise: DrawNoise) -> Array:
        """Return the latents at the end by the image and the noise seen in the middle."""


class Heun(TwoStage):
    """Heun's method, algorithm 1 of Karras et al. 2022 (arXiv 2206.00364)."""

    def _split(self, output: Array, i: int, latents: Array) -> tuple[Array, Array]:
        """Return the image, clipped where the model asks for it, and what is left as the noise."""
        image, seen = super()._split(output, i, latents)
        if self._settings.clip_sample:
            seen = np.divide(latents - image, self._levels[i].sigma)
        return image, seen

    def _finish(self, sigma: float, sigma_next: float, image: Array, seen: Array, noise: DrawNoise) -> Array:
        return self._start + (sigma_next - sigma) / 2 * (self._seen + seen)


class DPM2(TwoStage):
    """DPM-Solver-2, algorithm 1 of Lu et al. 2022 (arXiv 2206.00927), in sigma; its middle is even in log."""

    whole_karras = True

    def _middle(self, sigma: float, sigma_next: float) -> float:
        return math.sqrt(sigma * sigma_next)

    def _finish(self, sigma: float, sigma_next: float, image: Array, seen: Array, noise: DrawNoise) -> Array:
        return self._start + (sigma_next - sigma) * seen


class DPM2Ancestral(DPM2):
    """DPM2 to a lower level (its geometric mean with this one is the next), then noise up to the next."""

    def _middle(self, sigma: float, sigma_next: float) -> float:
        return sigma_next

    def _finish(self, sigma: float, sigma_next: float, image: Array, seen: Array, noise: DrawNoise) -> Array:
        down, up = ancestral(sigma, sigma_next)
        return super()._finish(sigma, down, image, seen, noise) + up * noise()


class DPMpp2SAncestral(TwoStage):
    """DPM-Solver++(2S), algorithm 1 of Lu et al. 2022 (arXiv 2211.01095), to a lower level, then fresh noise.

    With r = 1/2 its middle is the geometric mean of this level and the lower one, which is the next level.
    """

    def _finish(self, sigma: float, sigma_next: float, image: Array, seen: Array, noise: DrawNoise) -> Array:
        down, up = ancestral(sigma, sigma_next)
        return weighted_sum((1 - down / sigma, down / sigma, up), (image, self._start, noise()))


class DPMppSDE(TwoStage):
    """SDE-DPM-Solver++ of second order, r = 1/2 (k-diffusion's "DPM++ SDE").

    Both stages see one Brownian motion over sigma. It is drawn exactly, piece by piece: from the start of the
    step to its middle, then to its end.
    """

    def _middle(self, sigma: float, sigma_next: float) -> float:
        return math.sqrt(sigma * sigma_next)

    def _reach(self, sigma: float, middle: float, image: Array, seen: Array, noise: DrawNoise) -> Array:
        down, up = ancestral(sigma, middle)
        self._brownian: Array = math.sqrt(sigma - middle) * noise()
        return Level.exploding(down).mix(image, seen) + up / math.sqrt(sigma - middle) * self._brownian

    def _finish(self, sigma: float, sigma_next: float, image: Array, seen: Array, noise: DrawNoise) -> Array:
        down, up = ancestral(sigma, sigma_next)
        self._brownian = self._brownian + math.sqrt(self._middle(sigma, sigma_next) - sigma_next) * noise()
        weights = 1 - down / sigma, down / sigma, up / math.sqrt(sigma - sigma_next)
        return weighted_sum(weights, (image, self._start, self._brownian))
