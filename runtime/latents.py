"""Latents: how they start, how they look half-way, how they become pixels."""

import numpy as np
from PIL import Image

from runtime.arrays import Array

# Linear RGB of a Stable Diffusion 1.x latent, a row per channel: what models without a fit of their own get.
SD_LATENT_RGB = np.array(
    [[0.298, 0.207, 0.208], [0.187, 0.286, 0.173], [-0.158, 0.189, 0.264], [-0.184, -0.271, -0.473]],
    np.float32,
)


def latent_shape(
    batch: int, channels: int, height: int, width: int, factor: int
) -> tuple[int, int, int, int]:
    """Return (B, C, h, w) for a picture size in pixels."""
    return batch, channels, height // factor, width // factor


def to_pixels(images: Array) -> Array:
    """(B, 3, H, W) in [-1, 1] to (B, H, W, 3) in 0 to 255, rounded as diffusers does, clipped."""
    unit = np.clip(images / 2 + 0.5, 0, 1).transpose(0, 2, 3, 1)
    return np.asarray(np.round(unit * 255), dtype=np.float32)


def to_images(pixels: Array) -> list[Image.Image]:
    """(B, H, W, 3) in 0 to 255 to pictures."""
    return [Image.fromarray(picture.astype(np.uint8)) for picture in pixels]


def preview_latents(latents: Array, latent_rgb: Array | None = None) -> list[Image.Image]:
    """Return one small picture (w x h of the latent) per row by a linear map from channels to colour.

    `latent_rgb` (C + 1, 3) is the model's own fit, its last row the offset; costs microseconds.
    """
    if latents.shape[1] == 3:  # a model without a VAE: the latents are pixels
        rgb = latents.transpose(0, 2, 3, 1)
    elif latent_rgb is None:
        rgb = latents.transpose(0, 2, 3, 1) @ SD_LATENT_RGB
    else:
        rgb = latents.transpose(0, 2, 3, 1) @ latent_rgb[:-1] + latent_rgb[-1]
    return to_images(to_pixels(np.ascontiguousarray(rgb.transpose(0, 3, 1, 2))))
