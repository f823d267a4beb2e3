"""What a model folder can do, for every family, and what is refused when it is opened."""

import shutil
from pathlib import Path

import pytest

from runtime.errors import InvalidRequest, ModelFolderError
from runtime.model_folder import ModelFolder
from runtime.tasks import require_task
from tests.runtime.model_folders import (
    edit,
    refusal,
    write_json,
    write_network,
    write_unconditional,
    write_upscaler,
)

PICTURES = ("text-to-image", "image-to-image", "inpaint", "outpaint")


@pytest.mark.parametrize(
    ("in_channels", "tasks"), [(4, PICTURES), (9, ("inpaint", "outpaint")), (5, ("depth-to-image",))]
)
def test_channels_of_the_unet_tell_the_tasks(ir: Path, in_channels: int, tasks: tuple[str, ...]) -> None:
    edit(ir / "unet" / "config.json", in_channels=in_channels)
    assert ModelFolder(ir).tasks == tasks


def test_tasks_follow_the_latent_channels_and_not_the_number_four(ir: Path) -> None:
    for vae in ("vae_decoder", "vae_encoder"):
        edit(ir / vae / "config.json", latent_channels=8)
    edit(ir / "unet" / "config.json", in_channels=17)
    assert ModelFolder(ir).tasks == ("inpaint", "outpaint")


def test_without_a_vae_encoder_no_picture_can_be_taken_in(ir: Path) -> None:
    shutil.rmtree(ir / "vae_encoder")
    assert ModelFolder(ir).tasks == ("text-to-image",)
    edit(ir / "unet" / "config.json", in_channels=9)
    assert "holds text_encoder, unet, vae_decoder, its UNet takes 9 channels" in refusal(ir)


@pytest.mark.parametrize("in_channels", [3, 7, 8, 16])
def test_channels_of_no_task_are_refused(ir: Path, in_channels: int) -> None:
    edit(ir / "unet" / "config.json", in_channels=in_channels)
    assert f"its UNet takes {in_channels} channels and its latents have 4: no task" in refusal(ir)


def test_upscaler_tells_its_second_scheduler_its_factor_and_its_noise_levels(tmp_path: Path) -> None:
    path = write_upscaler(tmp_path / "m")
    folder = ModelFolder(path)
    assert folder.tasks == ("upscale",)
    assert folder.low_res_scheduler_config == {"beta_end": 0.02}
    assert (folder.vae_scale_factor, folder.default_width, folder.max_noise_level) == (4, 512, 350)
    edit(path / "model_index.json", max_noise_level=100)
    assert ModelFolder(path).max_noise_level == 100


def test_upscaler_without_its_second_scheduler_is_refused(tmp_path: Path) -> None:
    path = write_upscaler(tmp_path / "m")
    shutil.rmtree(path / "low_res_scheduler")
    assert f"{path / 'low_res_scheduler' / 'scheduler_config.json'} is missing" in refusal(path)


def test_noise_level_that_is_no_number_is_refused(tmp_path: Path) -> None:
    path = write_upscaler(tmp_path / "m")
    edit(path / "model_index.json", max_noise_level="high")
    assert "max_noise_level must be a positive integer, got 'high'" in refusal(path)


def test_unconditional_model_works_in_pixels(tmp_path: Path) -> None:
    folder = ModelFolder(write_unconditional(tmp_path / "m"))
    assert folder.tasks == ("unconditional",)
    assert folder.components == ("unet",)
    assert (folder.default_width, folder.default_height, folder.vae_scale_factor) == (32, 32, 1)


def test_predicted_variance_does_not_count_as_latents(tmp_path: Path) -> None:
    path = write_unconditional(tmp_path / "m")
    edit(path / "unet" / "config.json", out_channels=6)
    assert ModelFolder(path).latent_channels == 3


def test_vq_latents_are_not_taken_for_pixels(tmp_path: Path) -> None:
    path = write_unconditional(tmp_path / "m")
    edit(path / "model_index.json", _class_name="LDMPipeline", vqvae=["diffusers", "VQModel"])
    assert "holds a LDMPipeline, which is not a UNet in pixels" in refusal(path)


@pytest.mark.parametrize("entry", [[None, None], ["transformers", "DPTForDepthEstimation"]])
def test_depth_model_opens_without_its_estimator(ir: Path, entry: list[str | None]) -> None:
    edit(ir / "unet" / "config.json", in_channels=5)
    edit(ir / "model_index.json", depth_estimator=entry)
    folder = ModelFolder(ir)
    assert "depth_estimator" not in folder.components
    assert folder.feature_extractor_config == {}
    with pytest.raises(ModelFolderError, match="has no depth_estimator"):
        folder.ir("depth_estimator")


def test_depth_estimator_comes_with_how_it_sees_pictures(ir: Path) -> None:
    edit(ir / "unet" / "config.json", in_channels=5)
    write_network(ir, "depth_estimator", {"image_size": 384})
    settings = ir / "feature_extractor" / "preprocessor_config.json"
    assert f"{settings} is missing" in refusal(ir)
    write_json(settings, {"size": 384})
    folder = ModelFolder(ir)
    assert "depth_estimator" in folder.components
    assert folder.feature_extractor_config == {"size": 384}
    (ir / "depth_estimator" / "openvino_model.bin").unlink()
    assert "openvino_model.bin is missing" in refusal(ir)


def test_task_that_a_model_cannot_do_is_refused_with_what_it_can(ir: Path) -> None:
    edit(ir / "unet" / "config.json", in_channels=9)
    folder = ModelFolder(ir)
    require_task(folder, "outpaint")
    with pytest.raises(InvalidRequest, match=r"^model cannot do upscale: it can do inpaint, outpaint$"):
        require_task(folder, "upscale")
