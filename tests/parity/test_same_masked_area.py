"""Inpainting of the masked area alone works on the area that diffusers' `padding_mask_crop` works on."""

import diffusers
import numpy as np
import pytest
import torch
from diffusers.image_processor import VaeImageProcessor
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from runtime import Inpaint, open_pipeline
from runtime.recipes.inpaint import masked_area
from tests.measures import psnr
from tests.models import DEMO_SOURCE, exported
from tests.parity.task_cases import NEGATIVE, PROMPT
from tests.parity.task_requests import picture

Box = tuple[int, int, int, int]


def masked(size: tuple[int, int], box: Box) -> Image.Image:
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).rectangle(box, fill=255)
    return mask


@given(st.data())
def test_the_area_is_that_of_diffusers(data: st.DataObject) -> None:
    size = data.draw(st.tuples(st.integers(64, 300), st.integers(64, 300)))
    left, right = sorted(data.draw(st.tuples(*[st.integers(0, size[0] - 1)] * 2)))
    top, bottom = sorted(data.draw(st.tuples(*[st.integers(0, size[1] - 1)] * 2)))
    mask, padding = masked(size, (left, top, right, bottom)), data.draw(st.integers(0, 80))
    width, height = data.draw(st.sampled_from([(128, 128), (192, 128), (64, 200)]))
    theirs = VaeImageProcessor().get_crop_region(mask, width, height, pad=padding)
    assert masked_area(mask, padding, (width, height)) == theirs


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_picture_is_that_of_diffusers() -> None:
    image, mask = picture((320, 192)), masked((320, 192), (21, 35, 107, 90))  # its padding is cut at a border
    theirs = diffusers.StableDiffusionInpaintPipeline.from_pretrained(
        DEMO_SOURCE, torch_dtype=torch.float32, local_files_only=True
    )
    theirs.set_progress_bar_config(disable=True)
    values = {"negative_prompt": NEGATIVE, "width": 128, "height": 128, "strength": 0.75}
    output = theirs(
        PROMPT,
        image=image,
        mask_image=mask,
        padding_mask_crop=32,
        num_inference_steps=8,
        generator=torch.Generator("cpu").manual_seed(42),
        **values,
    )
    asked = Inpaint(
        prompt=PROMPT,
        image=image,
        mask=mask,
        only_masked=True,
        mask_blur=0,
        num_inference_steps=8,
        seed=42,
        **values,
    )
    with open_pipeline(exported("demo-scenes", "fp32"), device="cpu", cache=False) as pipeline:
        ours = np.asarray(pipeline.generate(asked).result().images[0])
    repainted = np.asarray(mask) > 0
    np.testing.assert_array_equal(ours[~repainted], np.asarray(image)[~repainted])
    assert psnr(ours[repainted], np.asarray(output.images[0])[repainted]) >= 60
