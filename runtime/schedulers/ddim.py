"""DDIM and DDPM: one step from one trained level to another."""

import math

from runtime.arrays import Array
from runtime.schedulers.base import DrawNoise
from runtime.schedulers.grids import spaced_timesteps
from runtime.schedulers.noise_levels import Level, trained_levels
from runtime.schedulers.sampler import Sampler, trained_plan, weighted_sum
from runtime.schedulers.settings import Settings


class DDIM(Sampler):
    """DDIM without noise, equation 12 of Song et al. 2020 (arXiv 2010.02502)."""

    def __init__(self, settings: Settings, steps: int) -> None:
        timesteps = spaced_timesteps(settings, steps).round().astype(int).tolist()
        super().__init__(trained_plan(settings, timesteps))
        stride = settings.num_train_timesteps // steps
        self._targets = trained_levels(settings, [timestep - stride for timestep in timesteps])

    def step(self, noise_pred: Array, i: int, latents: Array, noise: DrawNoise) -> Array:
        """Keep the image (clipped where the model asks for it) and the noise, at the next level."""
        return self._targets[i].mix(*self._split(noise_pred, i, latents))


class DDPM(Sampler):
    """Ancestral sampling, equation 7 of Ho et al. 2020 (arXiv 2006.11239), with strides."""

    def __init__(self, settings: Settings, steps: int) -> None:
        timesteps = spaced_timesteps(settings, steps).round().astype(int).tolist()
        super().__init__(trained_plan(settings, timesteps))

    def step(self, noise_pred: Array, i: int, latents: Array, noise: DrawNoise) -> Array:
        """Draw from the posterior of the next level; at timestep 0 take its mean."""
        image, _ = self._split(noise_pred, i, latents)
        here = self._levels[i]
        there = self._levels[i + 1] if i + 1 < len(self._levels) else Level(1.0, 0.0)
        kept = (here.alpha / there.alpha) ** 2
        share = (there.sigma / here.sigma) ** 2
        mean: Array = there.alpha * (1.0 - kept) / here.sigma**2 * image + math.sqrt(kept) * share * latents
        if self.timesteps[i] == 0:
            return mean
        large = self._settings.variance_type == "fixed_large"
        variance = 1.0 - kept if large else max(share * (1.0 - kept), 1e-20)
        return weighted_sum((1.0, math.sqrt(variance)), (mean, noise()))
