"""Text to image, and pictures without a prompt: everything starts from noise."""

import numpy as np

from runtime.request import Request
from runtime.studio import Pictures, Studio


def from_noise(studio: Studio, request: Request) -> Pictures:
    """Denoise pure noise."""
    scheduler = studio.scheduler()
    latents = studio.draw() * np.float32(scheduler.init_noise_sigma)
    latents = yield from studio.denoise(scheduler, latents)
    return studio.pictures(latents)
