"""Noise levels: how much image and how much noise is in the latents, and which of it is which."""

import math
from typing import NamedTuple

import numpy as np

from runtime.arrays import Array
from runtime.schedulers.settings import PredictionType, Settings

_ALMOST_NO_IMAGE = 2.0**-24  # keeps sigma finite at zero terminal SNR, as diffusers does


class Level(NamedTuple):
    """A noise level: latents are `alpha * image + sigma * noise`.

    Two conventions are in use, and a level can be written in both: variance preserving (alpha² + sigma² = 1,
    what networks are trained on) and variance exploding (alpha = 1, the sigma of Karras et al. 2022).
    """

    alpha: float
    sigma: float

    @classmethod
    def exploding(cls, sigma: float) -> "Level":
        """Return the variance exploding level of `sigma`."""
        return cls(1.0, sigma)

    @classmethod
    def preserving(cls, sigma: float) -> "Level":
        """Return the variance preserving level whose noise is `sigma` times its image."""
        alpha = 1.0 / math.sqrt(sigma**2 + 1.0)
        return cls(alpha, sigma * alpha)

    @classmethod
    def trained(cls, alpha_squared: float) -> "Level":
        """Return the variance preserving level of an entry of `training_alphas`."""
        return cls(math.sqrt(alpha_squared), math.sqrt(1.0 - alpha_squared))

    @property
    def norm(self) -> float:
        """Standard deviation of latents whose image has standard deviation 1."""
        return math.hypot(self.alpha, self.sigma)

    def mix(self, image: Array, noise: Array) -> Array:
        """Return latents of this level. From one level's image and noise to another level is a DDIM step."""
        return self.alpha * image + self.sigma * noise

    def split(self, latents: Array, output: Array, prediction_type: PredictionType) -> tuple[Array, Array]:
        """Return the image and the noise that `latents` of this level consist of, by the network's output.

        v is `alpha * noise - sigma * image`, variance preserving (Salimans and Ho 2022, appendix D).
        """
        if prediction_type == "epsilon":
            return np.divide(latents - self.sigma * output, self.alpha), output
        if prediction_type == "sample":
            return output, np.divide(latents - self.alpha * output, self.sigma)
        alpha, sigma = self.alpha / self.norm, self.sigma / self.norm
        unit = latents / self.norm
        return alpha * unit - sigma * output, sigma * unit + alpha * output


def training_alphas(settings: Settings) -> Array:
    """Return (T,) alpha² of the variance preserving level of each training timestep ("alphas_cumprod").

    In float32 and in torch's order of operations, since a rounded timestep can hang on the last bit.
    """
    betas = _betas(settings)
    if not settings.rescale_betas_zero_snr:
        return _cumulative(np.float32(1.0) - betas)
    # Lin et al. 2023 (arXiv 2305.08891), algorithm 1: nothing of the image is left at the last timestep.
    root = np.sqrt(_cumulative(np.float32(1.0) - betas))
    root = (root - root[-1]) * (root[0] / (root[0] - root[-1]))
    square = root**2
    alphas = np.concatenate([square[:1], square[1:] / square[:-1]])
    return _cumulative(np.float32(1.0) - (np.float32(1.0) - alphas))


def trained_levels(settings: Settings, timesteps: list[int]) -> list[Level]:
    """Return the level of each training timestep; below zero is the level that the last step ends at."""
    alphas = training_alphas(settings)
    end = 1.0 if settings.set_alpha_to_one else float(alphas[0])
    return [Level.trained(float(alphas[t]) if t >= 0 else end) for t in timesteps]


def training_sigmas(settings: Settings) -> Array:
    """Return (T,) the variance exploding sigma of each training timestep."""
    alphas = training_alphas(settings)
    if settings.rescale_betas_zero_snr:
        alphas[-1] = _ALMOST_NO_IMAGE
    sigmas: Array = np.sqrt((np.float32(1.0) - alphas) / alphas)
    return sigmas


def _betas(settings: Settings) -> Array:
    count = settings.num_train_timesteps
    if settings.trained_betas:
        return np.array(settings.trained_betas, np.float32)
    if settings.beta_schedule == "linear":
        return _linspace(settings.beta_start, settings.beta_end, count)
    if settings.beta_schedule == "scaled_linear":
        return _linspace(settings.beta_start**0.5, settings.beta_end**0.5, count) ** 2
    # Nichol and Dhariwal 2021 (arXiv 2102.09672), equation 17.
    bars = [math.cos((step / count + 0.008) / 1.008 * math.pi / 2) ** 2 for step in range(count + 1)]
    return np.array([min(1.0 - bars[i + 1] / bars[i], 0.999) for i in range(count)], np.float32)


def _linspace(first: float, last: float, count: int) -> Array:
    """Return torch.linspace in float32: from both ends towards the middle, each value rounded once."""
    start, end = np.float32(first), np.float32(last)
    step = np.float64((end - start) / np.float32(max(count - 1, 1)))
    index = np.arange(count, dtype=np.float64)
    values: Array = np.where(
        index < count // 2, start + step * index, end - step * (count - 1 - index)
    ).astype(np.float32)
    return values


def _cumulative(alphas: Array) -> Array:
    """Return the running product, in double precision inside as torch's."""
    product: Array = np.cumprod(alphas, dtype=np.float64).astype(np.float32)
    return product
