"""Euler and Euler ancestral: one straight step along the probability flow."""

import math

from runtime.arrays import Array
from runtime.schedulers.base import DrawNoise
from runtime.schedulers.grids import exploding_grid
from runtime.schedulers.noise_levels import Level
from runtime.schedulers.sampler import Sampler, exploding_plan
from runtime.schedulers.settings import Settings


class Euler(Sampler):
    """Euler's method in sigma, algorithm 2 of Karras et al. 2022 (arXiv 2206.00364) without correction."""

    def __init__(self, settings: Settings, steps: int) -> None:
        super().__init__(exploding_plan(settings, exploding_grid(settings, steps)))

    def step(self, noise_pred: Array, i: int, latents: Array, noise: DrawNoise) -> Array:
        """Keep the image and the noise that the network sees, at the next level."""
        return self._levels[i + 1].mix(*self._split(noise_pred, i, latents))


class EulerAncestral(Euler):
    """Euler's method to a lower level, then fresh noise up to the next one."""

    def step(self, noise_pred: Array, i: int, latents: Array, noise: DrawNoise) -> Array:
        """Draw noise in every step, the last one included, as diffusers does."""
        down, up = ancestral(self._levels[i].sigma, self._levels[i + 1].sigma)
        return Level.exploding(down).mix(*self._split(noise_pred, i, latents)) + up * noise()


def ancestral(sigma: float, sigma_next: float) -> tuple[float, float]:
    """Return (down, up), the sigma to step down to and that of the noise to add: down² + up² = sigma_next².

    The reverse transition of a DDPM, equation 7 of Ho et al. 2020 (arXiv 2006.11239), in sigma.
    """
    down = sigma_next**2 / sigma
    return down, math.sqrt(max(sigma_next**2 - down**2, 0.0))
