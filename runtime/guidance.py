"""Classifier-free guidance (Ho and Salimans 2022, arXiv 2207.12598) as a wrapper around the UNet."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from runtime.arrays import Array
from runtime.backends.base import Conditioning, UNet
from runtime.denoise import PredictNoise
from runtime.speed import StepPlan


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


def predict_planned(
    unet: UNet,
    conditioning: Conditioning,
    guidance_scale: float,
    plan: Sequence[StepPlan],
    step_of: Callable[[int], int],
    *,
    guided: bool,
) -> PredictNoise:
    """Each step as `plan` says; evaluation i belongs to step `step_of(i)`, from 0.

    Where the request is `guided` the conditioning holds 2B rows, the unconditional ones first; a step that is
    not takes the lower ones alone.
    """
    conditional = second_half(conditioning) if guided else conditioning

    def predictor(step: StepPlan) -> PredictNoise:
        if step.guided:
            return predict_guided(unet, replace(conditioning, whole=step.whole), guidance_scale)
        return predict_plain(unet, replace(conditional, whole=step.whole))

    predictors = {step: predictor(step) for step in set(plan)}

    def predict(sample: Array, timestep: float, index: int) -> Array:
        return predictors[plan[step_of(index)]](sample, timestep, index)

    return predict


def second_half(conditioning: Conditioning) -> Conditioning:
    """Return the conditional rows alone."""

    def lower(rows: Array) -> Array:
        return rows[len(rows) // 2 :]

    hidden = conditioning.encoder_hidden_states
    return replace(
        conditioning,
        encoder_hidden_states=None if hidden is None else lower(hidden),
        extra={name: lower(rows) for name, rows in conditioning.extra.items()},
    )


def with_channels(unet: UNet, channels: Array) -> UNet:
    """Return a UNet that sees `channels` (1 or B, C', h, w) after those of the sample, in both halves."""

    def widened(sample: Array, timestep: float, conditioning: Conditioning) -> Array:
        repeated = np.tile(channels, (len(sample) // len(channels), 1, 1, 1))
        return unet(np.concatenate([sample, repeated], axis=1), timestep, conditioning)

    return widened
