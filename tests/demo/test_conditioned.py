"""What the inpainting and depth demo models are given besides noise, and how their training starts."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

diffusers = pytest.importorskip("diffusers")

from demo.conditions import widened, write_conditioned  # noqa: E402
from demo.evaluate_depth import cases, overlap, silhouette  # noqa: E402
from demo.evaluate_inpaint import cases as inpaint_cases  # noqa: E402
from demo.evaluate_inpaint import seam  # noqa: E402
from demo.measure import is_right, look_at  # noqa: E402
from demo.train_conditioned import depth_channel, inpaint_channels  # noqa: E402

SOURCE = Path(__file__).parents[2] / "demo" / "sources" / "demo-scenes"


@pytest.fixture(scope="module")
def unet() -> "diffusers.UNet2DConditionModel":
    return diffusers.UNet2DConditionModel.from_pretrained(SOURCE, subfolder="unet", torch_dtype=torch.float32)


@pytest.fixture(scope="module")
def vae() -> "diffusers.AutoencoderKL":
    return diffusers.AutoencoderKL.from_pretrained(SOURCE, subfolder="vae", torch_dtype=torch.float32)


@torch.no_grad()
def test_a_widened_unet_predicts_at_first_what_it_did_whatever_the_new_channels_hold(unet) -> None:
    generator = torch.Generator().manual_seed(0)
    latents, context = (torch.randn(shape, generator=generator) for shape in ((1, 4, 16, 16), (1, 77, 128)))
    expected = unet(latents, torch.tensor([500]), context).sample
    wide = widened(unet, 5)
    beside = torch.randn((1, 5, 16, 16), generator=generator)
    given = wide(torch.cat([latents, beside], dim=1), torch.tensor([500]), context).sample
    assert wide.config.in_channels == 9
    torch.testing.assert_close(given, expected, rtol=1e-5, atol=1e-5)


def test_an_already_wide_unet_is_kept(unet) -> None:
    wide = widened(unet, 1)
    assert widened(wide, 1) is wide


@torch.no_grad()
def test_inpainting_channels_are_those_that_diffusers_makes(vae) -> None:
    case = inpaint_cases("replace", 1, 3)[0]
    ours = inpaint_channels(vae, np.asarray(case.picture)[None], case.mask[None])
    processor = diffusers.image_processor.VaeImageProcessor(vae_scale_factor=8)
    masks = diffusers.image_processor.VaeImageProcessor(
        vae_scale_factor=8, do_normalize=False, do_binarize=True, do_convert_grayscale=True
    )
    mask = masks.preprocess(Image.fromarray(case.mask).convert("L"))
    masked = processor.preprocess(case.picture) * (mask < 0.5)
    theirs = vae.encode(masked).latent_dist.mode() * vae.config.scaling_factor
    assert ours.shape == (1, 5, 16, 16)
    torch.testing.assert_close(ours[:, :1], torch.nn.functional.interpolate(mask, (16, 16)))
    torch.testing.assert_close(ours[:, 1:], theirs, rtol=1e-4, atol=1e-4)


def test_depth_channel_spans_minus_one_far_to_one_near() -> None:
    depth = np.stack([case.truth.depth for case in cases(2, 4, 192, 128)])
    channel = depth_channel(depth)
    assert channel.shape == (2, 1, 16, 24)
    assert channel.amin((1, 2, 3)).tolist() == pytest.approx([-1, -1])
    assert channel.amax((1, 2, 3)).tolist() == pytest.approx([1, 1])
    assert (channel[:, 0, 0] < -0.9).all(), "the sky is far"
    assert (channel[:, 0, -1] > 0.8).all(), "the foreground is near"


@pytest.mark.parametrize(("new", "name"), [(5, "Inpaint"), (1, "Depth2Img")])
def test_the_written_folder_opens_in_diffusers_with_the_text_models_other_parts(
    unet, tmp_path: Path, new: int, name: str
) -> None:
    folder = tmp_path / "model"
    write_conditioned(folder, widened(unet, new), source=SOURCE, half=True)
    absent = {"depth_estimator": None, "feature_extractor": None} if new == 1 else {}
    pipeline = getattr(diffusers, f"StableDiffusion{name}Pipeline").from_pretrained(folder, **absent)
    assert pipeline.unet.config.in_channels == 4 + new
    assert json.loads((folder / "model_index.json").read_text())["_class_name"] == type(pipeline).__name__
    for part in ("vae/diffusion_pytorch_model.safetensors", "text_encoder/model.safetensors"):
        assert (folder / part).read_bytes() == (SOURCE / part).read_bytes()


def test_silhouettes_of_true_renders_are_found_and_of_another_object_are_not() -> None:
    asked = cases(6, 9000, 128, 128)
    own = [overlap(silhouette(case.truth.picture, case), case.truth.object_mask) for case in asked]
    assert float(np.mean(own)) > 0.9
    left = asked[0]
    right = replace(left.scene, position="right" if left.scene.position == "left" else "left")
    moved = replace(left, scene=right)
    found = silhouette(left.truth.picture, moved)
    assert overlap(found, np.roll(left.truth.object_mask, 60, axis=1)) < 0.3


@pytest.mark.parametrize("task", ["replace", "name", "outpaint"])
def test_true_renders_fulfil_what_the_inpainting_cases_ask_and_what_is_given_does_not(task: str) -> None:
    for case in inpaint_cases(task, 4, 12):
        right = is_right(look_at(case.truth), case.scene)
        assert all(right[name] for name in ("object", "colour", "position"))
        known = ~case.mask
        if task == "outpaint":
            assert known.mean() == pytest.approx(128 / 192)
            continue
        assert not is_right(look_at(case.picture), case.scene)["colour"]
        differs = (np.asarray(case.truth) != np.asarray(case.picture)).any(axis=-1)
        assert (differs & known).mean() < 0.05, "but for shadows and sand banks the landscape is the same"


def test_seam_is_what_the_border_jumps_by() -> None:
    pixels = np.full((16, 16, 3), 50, np.uint8)
    mask = np.zeros((16, 16), bool)
    mask[:, 8:] = True
    assert seam(Image.fromarray(pixels), mask) == 0
    pixels[:, 8:] += 30
    assert seam(Image.fromarray(pixels), mask) == pytest.approx(30)
