"""LCM: jump to the image, then noise it to the next level."""

import math

import numpy as np

from runtime.arrays import Array
from runtime.errors import InvalidRequest
from runtime.schedulers.base import DrawNoise
from runtime.schedulers.sampler import Sampler, trained_plan
from runtime.schedulers.settings import Settings

_SIGMA_DATA = 0.5


class LCM(Sampler):
    """Multistep latent consistency sampling, algorithm 3 of Luo et al. 2023 (arXiv 2310.04378)."""

    def __init__(self, settings: Settings, steps: int) -> None:
        taught = min(settings.original_inference_steps, settings.num_train_timesteps)
        if not 1 <= steps <= taught:
            raise InvalidRequest(
                f"num_inference_steps must be between 1 and {taught} for LCM, got {steps}: 4 to 8 are usual"
            )
        every = settings.num_train_timesteps // taught
        chosen = np.linspace(0, taught, steps, endpoint=False).astype(int)
        super().__init__(trained_plan(settings, [(taught - k) * every - 1 for k in chosen.tolist()]))

    def step(self, noise_pred: Array, i: int, latents: Array, noise: DrawNoise) -> Array:
        """Noise the image to the next level; the last step returns the image itself."""
        image, _ = self._split(noise_pred, i, latents)
        scaled = float(self.timesteps[i]) * self._settings.timestep_scaling
        spread = math.hypot(scaled, _SIGMA_DATA)
        image = scaled / spread * image + (_SIGMA_DATA / spread) ** 2 * latents
        if i + 1 == len(self._levels):
            return image
        return self._levels[i + 1].mix(image, noise())
