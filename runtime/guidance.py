"""Classifier-free guidance (Ho and Salimans 2022, arXiv 2207.12598) as a wrapper around the UNet."""

import numpy as np

from runtime.arrays import Array
from runtime.backends.base import Conditioning, UNet
from runtime.denoise import PredictNoise


def predict_plain(unet: UNet, conditioning: Conditioning) -> PredictNoise:
    """One forward an evaluation: no guidance."""

    def predict(sample: Array, timestep: float, index: int) -> Array:
        return unet(sample, timestep, conditioning)

    return predict


def predict_guided(unet: UNet, conditioning: Conditioning, guidance_scale: float) -> PredictNoise:
    """Both halves in one call: `conditioning` holds 2B rows, the unconditional ones first.

    noise = unconditional + guidance_scale * (conditional - unconditional), equation 6 of the paper.
    """
    scale = np.float32(guidance_scale)

    def predict(sample: Array, timestep: float, index: int) -> Array:
        noise = unet(np.concatenate([sample, sample]), timestep, conditioning)  # (2B, C, h, w)
        unconditional, conditional = np.split(noise, 2)
        return np.asarray(unconditional + scale * (conditional - unconditional), dtype=np.float32)

    return predict


def with_channels(unet: UNet, channels: Array) -> UNet:
    """Return a UNet that sees `channels` (1 or B, C', h, w) after those of the sample, in both halves."""

    def widened(sample: Array, timestep: float, conditioning: Conditioning) -> Array:
        repeated = np.tile(channels, (len(sample) // len(channels), 1, 1, 1))
        return unet(np.concatenate([sample, repeated], axis=1), timestep, conditioning)

    return widened
