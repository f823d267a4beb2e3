"""Starting in the middle of the steps, as image to image does."""

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

# diffusers gives LMS weights of a history that it does not have, and starts PNDM's Runge-Kutta steps afresh
# at timesteps of the beginning.
WRONG_IN_DIFFUSERS = ("LMS", "PNDM")


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
    ends_short = kind.name == "DEIS" or (kind.name == "PLMS" and step == 19)  # at a trained level, sigma 0.03
    left = 0.15 if ends_short else 1e-4
    assert np.abs(final - image).max() <= left


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
