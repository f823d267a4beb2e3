"""Requests that start from a picture: their sizes, what is read, what is refused and how."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from runtime import DepthToImage, ImageToImage, Inpaint, InvalidRequest, Outpaint, Unconditional, Upscale
from runtime.request import Request

GREY = Image.new("RGB", (128, 96), (90, 90, 90))
WHITE = Image.new("L", (128, 96), 255)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: ImageToImage(image=None), "starts from a picture: give image, or --image FILE"),
        (lambda: ImageToImage(image=GREY, strength=0), "strength 0 of 25 steps leaves no step to run"),
        (lambda: ImageToImage(image=GREY, strength=0.03), "at least 0.04, or more steps"),
        (lambda: ImageToImage(image=GREY, strength=1.5), "strength must be a number from 0 to 1, got 1.5"),
        (lambda: ImageToImage(image=GREY, resize="squeeze"), "crop, fit, stretch, got 'squeeze'"),
        (lambda: ImageToImage(image="nowhere.png"), "nowhere.png"),
        (lambda: Inpaint(image=GREY, mask=Image.new("L", (128, 96))), "the mask has nothing to repaint"),
        (lambda: Inpaint(image=GREY, mask=WHITE, invert_mask=True), "the mask has nothing to repaint"),
        (lambda: Inpaint(image=GREY, mask=WHITE, mask_blur=-1), "mask_blur must be a whole number from 0"),
        (lambda: Inpaint(image=GREY, mask=None), "inpainting takes a mask"),
        (lambda: Outpaint(image=GREY), "there is nothing to extend"),
        (lambda: Outpaint(image=GREY, left=-8), "left must be a whole number from 0 to 4096, got -8"),
        (
            lambda: Outpaint(image=GREY, left=4000),
            "the extended width must be a whole number from 64 to 4096",
        ),
        (lambda: Outpaint(image=GREY, left=8, width=128), "leave width out"),
        (lambda: DepthToImage(), "there is no depth: give depth (--depth FILE), or image"),
        (lambda: Upscale(image=GREY, noise_level=-1), "noise_level must be a whole number from 0 to 1000"),
        (lambda: Upscale(image=GREY, width=256), "upscaling makes width 512, not 256: leave width out"),
        (lambda: Upscale(image=Image.new("RGB", (9, 99))), "a 9x99 picture cannot be enlarged to 36x396"),
        (lambda: Unconditional(prompt="a cat"), "takes no prompt"),
        (lambda: Unconditional(width=30), "width must be a multiple of 8, got 30: try 24 or 32"),
    ],
)
def test_a_bad_request_is_refused_in_one_sentence(make: object, sentence: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        make()  # type: ignore[operator]
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.integers(1, 3000), st.integers(1, 3000), st.sampled_from([128, 512, 768]))
def test_a_picture_keeps_its_size_when_that_is_near_the_models(width: int, height: int, own: int) -> None:
    request = ImageToImage(image=Image.new("RGB", (width, height))).resolved(width=own, height=own)
    is_near = own * own / 4 <= width * height <= own * own * 4 and min(width, height) >= 64
    assert (request.size == (width, height)) == is_near or max(width, height) < 128
    assert all(64 <= side <= 4096 for side in request.size)
    assert all(working % 8 == 0 and 0 <= working - side < 8 for side, working in sizes(request))
    if min(request.size) > 64 and max(request.size) < 4096:
        assert abs(np.log(request.size[0] / request.size[1] * height / width)) < 0.02


def sizes(request: Request) -> list[tuple[int, int]]:
    return list(zip(request.size, request.working_size, strict=True))


def test_one_side_given_leaves_the_other_to_the_proportions() -> None:
    request = ImageToImage(image=GREY, width=256).resolved(width=512, height=512)
    assert request.size == (256, 192)


def test_paths_are_read_once_and_named_in_json(tmp_path: Path) -> None:
    path = tmp_path / "ein Bild ☀.png"
    GREY.save(path)
    request = Inpaint(image=path, mask=WHITE).resolved(width=128, height=128)
    path.unlink()  # reading happened when the request was made
    again = request.resolved(width=64, height=64)
    assert again.picture.size == GREY.size
    said = json.loads(json.dumps(again.as_dict()))
    assert (said["task"], said["image"], said["mask"]) == ("inpaint", str(path), "128x96 picture")


def test_a_mask_of_another_size_is_brought_to_the_pictures() -> None:
    mask = Image.new("L", (64, 48))
    mask.paste(255, (32, 0, 64, 48))
    repainted = np.asarray(Inpaint(image=GREY, mask=mask).repainted)
    assert repainted.shape == (96, 128)
    assert set(np.unique(repainted)) == {0, 255}
    assert (repainted[:, :60] == 0).all()
    assert (repainted[:, 68:] == 255).all()


def test_a_piece_of_an_outpainting_is_at_most_a_side_and_a_half_of_the_model() -> None:
    near = Outpaint(image=GREY, right=40).resolved(width=128, height=128)
    assert (near.size, near.working_size) == ((168, 96), (168, 96))
    far = Outpaint(image=GREY, right=400).resolved(width=128, height=128)
    assert (far.size, far.working_size) == ((528, 96), (192, 96))


def test_a_depth_alone_gives_the_size_and_takes_no_encoder() -> None:
    alone = DepthToImage(depth=WHITE, num_inference_steps=10).resolved(width=128, height=128)
    assert (alone.size, alone.steps) == ((128, 96), 10)
    assert alone.networks == ("text_encoder", "text_encoder_2", "unet", "vae_decoder")
    both = DepthToImage(depth=WHITE, image=GREY, num_inference_steps=10, strength=0.5)
    assert (both.steps, both.networks[-1]) == (5, "vae_encoder")
    assert DepthToImage(image=GREY).networks[-2:] == ("vae_encoder", "depth_estimator")


def test_an_upscaling_without_a_prompt_costs_one_forward() -> None:
    assert not Upscale(image=GREY, guidance_scale=9).guided
    assert Upscale(image=GREY, guidance_scale=9, prompt="sharp").guided
