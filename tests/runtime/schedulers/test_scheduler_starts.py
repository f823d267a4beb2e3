"""Starting in the middle of the steps, as image to image does."""

import diffusers
import numpy as np
import pytest
import torch
from scheduler_parity import (
    COUNTERPARTS,
    SCHEDULE_OPTIONS,
    SHAPE,
    STABLE_DIFFUSION,
    build_counterpart,
    compare,
    draw_sequence,
    refused_by_diffusers,
)

from runtime.noise import NoiseSource
from runtime.schedulers import SAMPLERS, build_scheduler

# diffusers gives LMS the weights of a history it does not have, and makes PNDM's steps one late (see below).
WRONG_IN_DIFFUSERS = ("LMS", "PNDM", "PLMS")


@pytest.mark.parametrize("schedule", SCHEDULE_OPTIONS)
@pytest.mark.parametrize("sampler", [name for name in COUNTERPARTS if name not in WRONG_IN_DIFFUSERS])
def test_a_start_in_the_middle_is_that_of_diffusers(sampler: str, schedule: str) -> None:
    if refused_by_diffusers(sampler, schedule, "epsilon"):
        pytest.skip("diffusers has no such combination")
    first = build_scheduler(sampler, schedule, STABLE_DIFFUSION, 20).step_index.index(7)
    assert compare(sampler, schedule, STABLE_DIFFUSION, 20, start=first).latents <= 1e-5


@pytest.mark.parametrize("step", [0, 1, 2, 3, 9, 19])
@pytest.mark.parametrize("kind", SAMPLERS, ids=lambda kind: kind.name)
def test_a_perfect_network_brings_the_image_back_from_any_start(kind: object, step: int) -> None:
    config = {**STABLE_DIFFUSION, "prediction_type": "sample", "set_alpha_to_one": True}
    image = np.tanh(NoiseSource(3).standard_normal(SHAPE))
    scheduler = build_scheduler(kind.name, None, config, 20)
    start = scheduler.step_index.index(step)
    latents = scheduler.add_noise(image, NoiseSource(4).standard_normal(SHAPE), start)
    final = draw_sequence(scheduler, lambda sample, timestep, i: image, latents, start=start)
    left = 0.15 if kind.name == "DEIS" else 1e-4  # DEIS ends at the lowest trained level, sigma 0.03
    assert np.abs(final - image).max() <= left


def test_pndm_started_in_the_middle_leaves_noise_in_diffusers_and_none_here() -> None:
    config = {**STABLE_DIFFUSION, "skip_prk_steps": True, "set_alpha_to_one": True}
    image, noise = NoiseSource(3).standard_normal(SHAPE), NoiseSource(4).standard_normal(SHAPE)
    alphas = diffusers.PNDMScheduler.from_config(config).alphas_cumprod.numpy()

    def perfect(sample: np.ndarray, timestep: float, _: int = 0) -> np.ndarray:
        alpha = alphas[int(timestep)]
        return ((sample - alpha**0.5 * image) / (1 - alpha) ** 0.5).astype(np.float32)

    ours = build_scheduler("PLMS", None, config, 20)
    latents = ours.add_noise(image, noise, start := ours.step_index.index(5))
    here = draw_sequence(ours, perfect, latents, start=start)

    theirs = build_counterpart("PNDMScheduler", config, 20)
    there = theirs.add_noise(torch.from_numpy(image), torch.from_numpy(noise), theirs.timesteps[5:6])
    for timestep in theirs.timesteps[5:]:
        there = theirs.step(torch.from_numpy(perfect(there.numpy(), timestep)), timestep, there).prev_sample

    assert np.abs(here - image).max() < 1e-4
    assert np.abs(there.numpy() - image).max() > 0.05


@pytest.mark.parametrize("sampler", COUNTERPARTS)
def test_noise_is_added_as_in_diffusers(sampler: str) -> None:
    ours = build_scheduler(sampler, None, STABLE_DIFFUSION, 20)
    name, options = COUNTERPARTS[sampler]
    image, noise = NoiseSource(3).standard_normal(SHAPE), NoiseSource(4).standard_normal(SHAPE)
    for step in (0, 5, 19):
        i = ours.step_index.index(step)
        theirs = build_counterpart(name, {**STABLE_DIFFUSION, **options}, 20)
        if hasattr(theirs, "set_begin_index"):
            theirs.set_begin_index(i)
        noised = theirs.add_noise(
            torch.from_numpy(image), torch.from_numpy(noise), theirs.timesteps[i : i + 1]
        )
        np.testing.assert_allclose(ours.add_noise(image, noise, i), noised.numpy(), atol=1e-5, rtol=1e-5)
