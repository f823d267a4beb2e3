"""A distilled model is asked for few steps by itself, and whoever says otherwise is followed."""

import json
from pathlib import Path

import pytest

from runtime import ImageToImage, TextToImage
from runtime.errors import InvalidRequest
from runtime.few_steps import LCM_TOLD, UNGUIDED, USUAL, ModelDefaults, find_defaults
from runtime.model_folder import ModelFolder
from tests.parity.task_requests import picture
from tests.runtime.model_folders import edit

TRAILING = {"_class_name": "EulerDiscreteScheduler", "timestep_spacing": "trailing"}
LEADING = TRAILING | {"timestep_spacing": "leading"}


@pytest.mark.parametrize(
    ("unet", "scheduler", "names", "wanted"),
    [
        ({}, LEADING, "stable-diffusion-v1-5", USUAL),
        ({}, LEADING, "sdxl-turbo", USUAL),  # a name alone says nothing of the timesteps
        ({}, TRAILING, "stable-diffusion-xl", USUAL),  # nor do the timesteps of what was distilled
        ({}, TRAILING | {"rescale_betas_zero_snr": True}, "turbo", USUAL),
        ({}, TRAILING, "turbofan-pictures", USUAL),
        ({}, TRAILING, "sdxl-turbo", UNGUIDED),
        ({}, TRAILING, "my model ../stabilityai/SD_Turbo", UNGUIDED),
        ({}, TRAILING, "SDXL-Lightning-4step", UNGUIDED),
        ({}, {"_class_name": "LCMScheduler"}, "anything", UNGUIDED),
        ({"time_cond_proj_dim": 256}, {"_class_name": "LCMScheduler"}, "anything", LCM_TOLD),
    ],
)
def test_what_a_model_says_of_itself_gives_its_defaults(
    unet: dict[str, object], scheduler: dict[str, object], names: str, wanted: ModelDefaults
) -> None:
    assert find_defaults(unet, scheduler, names) == wanted


@pytest.fixture
def lcm(ir: Path) -> ModelFolder:
    edit(ir / "unet" / "config.json", time_cond_proj_dim=32)
    edit(ir / "scheduler" / "scheduler_config.json", _class_name="LCMScheduler", prediction_type="epsilon")
    return ModelFolder(ir)


def test_a_request_takes_the_models_own_values_and_keeps_those_that_are_given(lcm: ModelFolder) -> None:
    own = lcm.resolve(TextToImage(prompt="a"))
    assert (own.num_inference_steps, own.guidance_scale, own.guided) == (4, 8.5, False)
    given = lcm.resolve(TextToImage(prompt="a", num_inference_steps=25, guidance_scale=7.5))
    assert (given.num_inference_steps, given.guidance_scale) == (25, 7.5)
    assert not given.guided
    assert not given.shape(1).guided


def test_an_ordinary_model_takes_25_guided_steps(ir: Path) -> None:
    resolved = ModelFolder(ir).resolve(TextToImage(prompt="a"))
    assert (resolved.num_inference_steps, resolved.guidance_scale, resolved.guided) == (25, 7.5, True)


def test_a_negative_prompt_that_nothing_reads_is_told(lcm: ModelFolder) -> None:
    resolved = lcm.resolve(TextToImage(prompt="a", negative_prompt="b"))
    assert resolved.warnings == (
        "the negative prompt has no effect on a model that is told the guidance scale",
    )


def test_a_strength_that_leaves_none_of_four_steps_is_refused(lcm: ModelFolder) -> None:
    asked = ImageToImage(prompt="a", image=picture((64, 64)), strength=0.1)
    with pytest.raises(InvalidRequest, match="of 4 steps leaves no step to run"):
        lcm.resolve(asked)


def test_what_the_model_decides_is_no_field_that_can_be_asked_for(lcm: ModelFolder) -> None:
    assert "embeds_guidance" not in TextToImage.field_names()
    written = json.dumps(lcm.resolve(TextToImage(prompt="a")).as_dict())
    assert json.loads(written)["num_inference_steps"] == 4
    assert "embeds_guidance" not in written
