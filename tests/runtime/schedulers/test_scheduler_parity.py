"""Every combination that diffusers runs, against diffusers, after every evaluation."""

import inspect

import diffusers
import numpy as np
import pytest
import torch
from scheduler_parity import (
    COUNTERPARTS,
    PREDICTIONS,
    SCHEDULE_OPTIONS,
    SHAPE,
    STABLE_DIFFUSION,
    STEPS,
    build_counterpart,
    quiet,
    refused_by_diffusers,
    worst_difference,
)

from runtime.schedulers import SAMPLERS

# The largest relative difference at any step, over all schedules, three prediction types and 5, 10, 20, 25
# and 50 steps: as measured by scheduler_parity.py, with a margin of about three. The promise is 1e-4 for all.
LARGEST_DIFFERENCE = {
    "Euler": 3e-6,
    "Euler a": 3e-6,
    "LMS": 3e-5,  # diffusers integrates its weights numerically, in single precision
    "Heun": 3e-6,
    "DPM2": 3e-6,
    "DPM2 a": 6e-6,
    "DPM++ 2M": 5e-6,
    "DPM++ 2M SDE": 5e-6,
    "DPM++ SDE": 5e-6,
    "UniPC": 5e-6,
    "DEIS": 6e-5,  # diffusers' weights cancel in single precision
    "DDIM": 3e-6,
    "DDPM": 3e-6,
    "PNDM": 3e-6,
    "PLMS": 3e-6,
    "LCM": 3e-6,
}
RUN = [
    (sampler, schedule)
    for sampler in COUNTERPARTS
    for schedule in SCHEDULE_OPTIONS
    if not refused_by_diffusers(sampler, schedule, "epsilon")
]


@pytest.mark.parametrize("counts", [(5, 25), pytest.param(STEPS, marks=pytest.mark.campaign)], ids=str)
@pytest.mark.parametrize(("sampler", "schedule"), RUN)
def test_latents_equal_those_of_diffusers_after_every_evaluation(
    sampler: str, schedule: str, counts: tuple[int, ...]
) -> None:
    worst = worst_difference(sampler, schedule, counts)
    print(f"{sampler:14}{schedule:12}{worst.latents:.1e}")
    assert worst.latents <= LARGEST_DIFFERENCE[sampler] <= 1e-4
    assert worst.timesteps <= 5e-3  # of 1000; diffusers interpolates some in single precision
    assert worst.init_noise_sigma <= 1e-6


def test_every_sampler_is_compared_or_known_to_be_missing_in_diffusers() -> None:
    assert {kind.name for kind in SAMPLERS} - COUNTERPARTS.keys() == {"DPM++ 2S a"}
    assert LARGEST_DIFFERENCE.keys() == COUNTERPARTS.keys()


@pytest.mark.parametrize("sampler", COUNTERPARTS)
def test_diffusers_still_refuses_what_is_not_compared(sampler: str) -> None:
    name, options = COUNTERPARTS[sampler]
    accepted = inspect.signature(getattr(diffusers, name).__init__).parameters
    for schedule in ("Karras", "Exponential"):
        refused = refused_by_diffusers(sampler, schedule, "epsilon")
        assert refused == (not SCHEDULE_OPTIONS[schedule].keys() <= accepted.keys())
    for prediction in PREDICTIONS:
        config = {**STABLE_DIFFUSION, **options, "prediction_type": prediction}
        scheduler = build_counterpart(name, config, 10)
        latents, timestep = torch.from_numpy(np.ones(SHAPE, np.float32)), scheduler.timesteps[0]
        with quiet():
            if refused_by_diffusers(sampler, "Automatic", prediction):
                with pytest.raises((NotImplementedError, ValueError)):
                    scheduler.step(scheduler.scale_model_input(latents, timestep), timestep, latents)
            else:
                scheduler.step(scheduler.scale_model_input(latents, timestep), timestep, latents)
