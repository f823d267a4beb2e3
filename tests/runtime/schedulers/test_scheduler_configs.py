"""Configurations that real models ship, and every option that is read, against diffusers."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from scheduler_parity import (
    COUNTERPARTS,
    SHAPE,
    STABLE_DIFFUSION,
    compare,
    draw_sequence,
    fake_network,
    refused_by_diffusers,
)

from runtime.errors import ModelFolderError
from runtime.noise import NoiseSource
from runtime.schedulers import build_scheduler, choose_sampler

PARITY = 1e-4

SHIPPED: Mapping[str, Mapping[str, Any]] = {
    "Stable Diffusion 1.5": {
        "_class_name": "PNDMScheduler",
        "_diffusers_version": "0.6.0",
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "beta_start": 0.00085,
        "num_train_timesteps": 1000,
        "set_alpha_to_one": False,
        "skip_prk_steps": True,
        "steps_offset": 1,
        "trained_betas": None,
        "clip_sample": False,
    },
    "Stable Diffusion 2.1": {
        "_class_name": "DDIMScheduler",
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "beta_start": 0.00085,
        "clip_sample": False,
        "num_train_timesteps": 1000,
        "prediction_type": "v_prediction",
        "set_alpha_to_one": False,
        "skip_prk_steps": True,
        "steps_offset": 1,
        "trained_betas": None,
    },
    "Stable Diffusion XL": {
        "_class_name": "EulerDiscreteScheduler",
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "beta_start": 0.00085,
        "clip_sample": False,
        "interpolation_type": "linear",
        "num_train_timesteps": 1000,
        "prediction_type": "epsilon",
        "sample_max_value": 1.0,
        "set_alpha_to_one": False,
        "skip_prk_steps": True,
        "steps_offset": 1,
        "timestep_spacing": "leading",
        "trained_betas": None,
        "use_karras_sigmas": False,
    },
    "Stable Diffusion XL Turbo": {
        "_class_name": "EulerAncestralDiscreteScheduler",
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "beta_start": 0.00085,
        "num_train_timesteps": 1000,
        "prediction_type": "epsilon",
        "steps_offset": 1,
        "timestep_spacing": "trailing",
    },
    "latent consistency": {
        "_class_name": "LCMScheduler",
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "beta_start": 0.00085,
        "clip_sample": False,
        "clip_sample_range": 1.0,
        "num_train_timesteps": 1000,
        "original_inference_steps": 50,
        "prediction_type": "epsilon",
        "set_alpha_to_one": True,
        "steps_offset": 0,
        "thresholding": False,
        "timestep_scaling": 10.0,
        "timestep_spacing": "leading",
    },
    "zero terminal SNR": {
        "_class_name": "DDIMScheduler",
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "beta_start": 0.00085,
        "clip_sample": False,
        "num_train_timesteps": 1000,
        "prediction_type": "v_prediction",
        "rescale_betas_zero_snr": True,
        "set_alpha_to_one": True,
        "steps_offset": 1,
        "timestep_spacing": "trailing",
    },
    "unconditional pixels": {
        "_class_name": "DDPMScheduler",
        "beta_end": 0.02,
        "beta_schedule": "linear",
        "beta_start": 0.0001,
        "num_train_timesteps": 1000,
        "variance_type": "fixed_large",
    },
    "DPM++ 2M SDE Karras by its own configuration": {
        "_class_name": "DPMSolverMultistepScheduler",
        "algorithm_type": "sde-dpmsolver++",
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "beta_start": 0.00085,
        "lambda_min_clipped": float("-inf"),
        "solver_order": 2,
        "use_karras_sigmas": True,
        "use_lu_lambdas": False,
    },
}


@pytest.mark.parametrize("steps", [1, 2, 4, 8, 20, 50])
@pytest.mark.parametrize("model", SHIPPED)
def test_a_shipped_configuration_samples_as_in_diffusers(model: str, steps: int) -> None:
    config = SHIPPED[model]
    difference = compare(None, None, config, steps, counterpart=(config["_class_name"], {}))
    assert difference.latents <= PARITY
    assert difference.init_noise_sigma <= 1e-6


@pytest.mark.parametrize("schedule", ["Automatic", "Karras", "Trailing"])
@pytest.mark.parametrize("sampler", COUNTERPARTS)
def test_any_sampler_can_replace_the_own_one_of_a_model(sampler: str, schedule: str) -> None:
    if refused_by_diffusers(sampler, schedule, "epsilon"):
        pytest.skip("diffusers has no such combination")
    assert compare(sampler, schedule, SHIPPED["Stable Diffusion XL"], 20).latents <= PARITY


ZERO_SNR = ("DDIM", "DDPM", "LCM", "Euler", "Euler a", "DPM++ 2M", "DPM++ 2M SDE", "UniPC")


@pytest.mark.parametrize("sampler", ZERO_SNR)
def test_zero_terminal_snr_is_sampled_as_in_diffusers_where_it_has_it(sampler: str) -> None:
    assert compare(sampler, None, SHIPPED["zero terminal SNR"], 20).latents <= PARITY


OPTIONS: tuple[tuple[str, str | None, Mapping[str, Any]], ...] = (
    ("Euler", "Karras", {"final_sigmas_type": "sigma_min"}),
    ("Euler", None, {"final_sigmas_type": "sigma_min", "timestep_spacing": "leading"}),
    ("Euler", None, {"beta_schedule": "squaredcos_cap_v2"}),
    ("Euler", None, {"beta_schedule": "linear", "beta_end": 0.02, "beta_start": 0.0001}),
    ("Euler", None, {"trained_betas": [0.001 + 0.00002 * i for i in range(500)], "num_train_timesteps": 500}),
    ("Heun", None, {"clip_sample": True}),
    ("Heun", "Karras", {"timestep_spacing": "leading"}),
    ("DPM++ 2M", "Karras", {"beta_schedule": "squaredcos_cap_v2"}),
    ("DPM++ 2M", "Karras", {"final_sigmas_type": "sigma_min"}),
    ("DPM++ 2M", None, {"final_sigmas_type": "sigma_min", "lower_order_final": False}),
    ("DPM++ 2M", None, {"euler_at_final": True, "final_sigmas_type": "sigma_min"}),
    ("DPM++ 2M", None, {"solver_order": 1}),
    ("DPM++ 2M", None, {"solver_order": 3}),
    ("DPM++ 2M", None, {"solver_order": 3, "final_sigmas_type": "sigma_min"}),
    ("DPM++ 2M", None, {"solver_type": "heun"}),
    ("DPM++ 2M", None, {"solver_type": "bh2"}),
    ("DPM++ 2M SDE", None, {"solver_type": "heun"}),
    ("DPM++ 2M SDE", None, {"solver_order": 1, "timestep_spacing": "leading"}),
    ("UniPC", None, {"solver_type": "bh1", "final_sigmas_type": "sigma_min"}),
    ("UniPC", None, {"solver_order": 1}),
    ("UniPC", None, {"solver_order": 3}),
    ("UniPC", "Karras", {"solver_order": 3, "final_sigmas_type": "sigma_min"}),
    ("UniPC", None, {"lower_order_final": False, "final_sigmas_type": "sigma_min"}),
    ("DEIS", None, {"solver_order": 1}),
    ("DEIS", None, {"solver_order": 3}),
    ("DEIS", None, {"solver_order": 3, "lower_order_final": False}),
    ("DDIM", None, {"clip_sample": None}),  # diffusers clips where the model says nothing
    ("DDIM", None, {"clip_sample": True, "clip_sample_range": 0.5}),
    ("DDIM", None, {"timestep_spacing": "linspace", "set_alpha_to_one": False}),
    ("DDPM", None, {"variance_type": "fixed_large"}),
    ("DDPM", None, {"variance_type": "fixed_small_log", "clip_sample": True}),
    ("DDPM", None, {"timestep_spacing": "linspace"}),
    ("PNDM", None, {"set_alpha_to_one": True, "timestep_spacing": "linspace"}),
    ("PLMS", None, {"set_alpha_to_one": True, "timestep_spacing": "linspace"}),
    ("LCM", None, {"clip_sample": True, "timestep_scaling": 5.0, "original_inference_steps": 40}),
)


@pytest.mark.parametrize(("sampler", "schedule", "options"), OPTIONS)
def test_an_option_does_what_it_does_in_diffusers(
    sampler: str, schedule: str | None, options: Mapping[str, Any]
) -> None:
    config = {**STABLE_DIFFUSION, **options}
    config = {name: value for name, value in config.items() if value is not None}
    assert max(compare(sampler, schedule, config, steps).latents for steps in (8, 20)) <= PARITY


@pytest.mark.parametrize(
    ("sampler", "schedule", "options"),
    [
        ("DPM++ 2M", "Karras", {"solver_order": 3, "final_sigmas_type": "sigma_min"}),
        ("DPM++ 2M SDE", "Karras", {"solver_order": 3, "final_sigmas_type": "sigma_min"}),
        ("UniPC", "Karras", {"lower_order_final": False, "final_sigmas_type": "sigma_min"}),
        ("UniPC", None, {"solver_type": "bh1"}),
        ("UniPC", None, {"lower_order_final": False}),
    ],
)
def test_steps_without_a_length_or_to_zero_stay_finite(
    sampler: str, schedule: str | None, options: Mapping[str, Any]
) -> None:
    config = {**STABLE_DIFFUSION, **options}
    for steps in (8, 20):
        scheduler = build_scheduler(sampler, schedule, config, steps)
        final = draw_sequence(
            scheduler,
            lambda sample, timestep, i: fake_network(sample, timestep),
            NoiseSource(1).standard_normal(SHAPE),
        )
        assert np.isfinite(final).all()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("beta_schedule", "sigmoid"),
        ("prediction_type", "flow_prediction"),
        ("timestep_spacing", "uniform"),
        ("num_train_timesteps", "1000"),
        ("num_train_timesteps", 0),
        ("num_train_timesteps", 10**12),
        ("steps_offset", -1),
        ("beta_start", "small"),
        ("trained_betas", [0.1, "0.2"]),
        ("trained_betas", [0.1, 0.2]),
        ("solver_order", 4),
        ("steps_offset", True),
        ("thresholding", True),
        ("use_beta_sigmas", True),
        ("timestep_type", "continuous"),
        ("variance_type", "learned_range"),
    ],
)
def test_a_value_that_cannot_be_served_is_refused_by_name(option: str, value: object) -> None:
    with pytest.raises(ModelFolderError, match=f"scheduler_config.json: {option}"):
        build_scheduler("Euler", None, {**STABLE_DIFFUSION, option: value}, 20)


@pytest.mark.parametrize(
    "options", [{"beta_start": -0.1}, {"beta_end": float("nan")}, {"trained_betas": [0.5, 1.5]}]
)
def test_betas_that_are_no_variances_are_refused(options: Mapping[str, Any]) -> None:
    with pytest.raises(ModelFolderError, match="a beta must be above 0 and below 1"):
        build_scheduler("Euler", None, {**STABLE_DIFFUSION, **options}, 20)


def test_a_configuration_without_a_sampler_asks_for_one() -> None:
    with pytest.raises(ModelFolderError, match="_class_name"):
        choose_sampler(None, None, STABLE_DIFFUSION)
    with pytest.raises(ModelFolderError, match="algorithm_type 'dpmsolver'"):
        choose_sampler(
            None, None, {"_class_name": "DPMSolverMultistepScheduler", "algorithm_type": "dpmsolver"}
        )
