"""Align Your Steps: the levels that its authors published, for the family of the model."""

import diffusers
import numpy as np
import pytest
import torch
from diffusers.schedulers import AysSchedules
from hypothesis import given
from hypothesis import strategies as st
from scheduler_parity import (
    SHAPE,
    STABLE_DIFFUSION,
    draw_sequence,
    fake_network,
    quiet,
    relative_difference,
)

from runtime.errors import InvalidRequest
from runtime.model_folder import ModelFolder
from runtime.noise import NoiseSource
from runtime.schedulers import SAMPLERS, build_scheduler, choose_sampler
from runtime.schedulers.aligned import LEVELS, aligned_sigmas
from tests.models import DEMO_MODEL

AYS = "Align Your Steps"
FAMILIES = {"sd": "StableDiffusion", "sdxl": "StableDiffusionXL"}
WITH_SIGMAS = [kind.name for kind in SAMPLERS if AYS in kind.schedules]


def config_for(family: str) -> dict[str, object]:
    return {**STABLE_DIFFUSION, "aligned_for": family}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("sampler", WITH_SIGMAS)
def test_ten_steps_visit_the_published_timesteps(sampler: str, family: str) -> None:
    scheduler = build_scheduler(sampler, "ays", config_for(family), 10)
    firsts = [scheduler.timesteps[scheduler.step_index.index(step)] for step in range(10)]
    published = AysSchedules[f"{FAMILIES[family]}Timesteps"]
    assert np.abs(np.subtract(firsts, published)).max() <= 1  # 124.6 is 124 there


@pytest.mark.parametrize("family", FAMILIES)
def test_ten_steps_of_euler_are_those_of_diffusers_with_the_published_sigmas(family: str) -> None:
    scheduler = build_scheduler("Euler", AYS, config_for(family), 10)
    first = NoiseSource(1).standard_normal(SHAPE) * np.float32(scheduler.init_noise_sigma)
    ours = draw_sequence(scheduler, lambda sample, timestep, i: fake_network(sample, timestep), first)
    theirs = diffusers.EulerDiscreteScheduler.from_config(dict(STABLE_DIFFUSION))
    with quiet():
        theirs.set_timesteps(sigmas=AysSchedules[f"{FAMILIES[family]}Sigmas"])
    latents = torch.from_numpy(first)
    for timestep in theirs.timesteps:
        sample = theirs.scale_model_input(latents, timestep)
        noise = torch.from_numpy(fake_network(sample.numpy(), float(timestep)))
        latents = theirs.step(noise, timestep, latents).prev_sample
    assert relative_difference(ours, latents.numpy()) <= 1e-3  # timesteps are whole here


@given(family=st.sampled_from(sorted(LEVELS)), steps=st.integers(1, 200))
def test_any_number_of_steps_falls_from_the_first_level_to_none(family: str, steps: int) -> None:
    sigmas = aligned_sigmas(family, steps)
    assert len(sigmas) == steps
    assert sigmas[0] == pytest.approx(LEVELS[family][0])
    assert (np.diff(sigmas) < 0).all()
    assert sigmas[-1] >= LEVELS[family][-1]


def test_a_model_says_which_family_it_is() -> None:
    model = ModelFolder(DEMO_MODEL)
    assert model.sampler_config == model.scheduler_config | {"aligned_for": "sd"}
    model._configs["unet"] |= {
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 80,
    }
    assert choose_sampler("Euler AYS", None, model.sampler_config).settings.aligned_for == "sdxl"


def test_a_sampler_of_training_timesteps_has_it_not() -> None:
    with pytest.raises(InvalidRequest, match="DDIM has no schedule Align Your Steps: choose Automatic"):
        choose_sampler("DDIM", AYS, STABLE_DIFFUSION)
