"""SDXL folders of ours open in the programs people know, and theirs open here."""

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runtime import TextToImage, open_pipeline
from tests.measures import psnr
from tests.models import exported, source

pytestmark = pytest.mark.filterwarnings("ignore")

ASKED = TextToImage(
    prompt="a yellow tower",
    negative_prompt="night",
    seed=42,
    num_inference_steps=6,
    guidance_scale=6,
    width=96,
    height=64,
)
F32 = {"INFERENCE_PRECISION_HINT": "f32"}


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return ours(exported("tiny-xl"))


def ours(model: Path, asked: TextToImage = ASKED) -> np.ndarray:
    with open_pipeline(model, device="cpu", cache=False) as pipeline:
        return np.asarray(pipeline.generate(asked).result().images[0])


def arguments(asked: TextToImage = ASKED) -> dict[str, Any]:
    names = ("negative_prompt", "num_inference_steps", "guidance_scale", "width", "height")
    return {name: getattr(asked, name) for name in names}


def test_optimum_intel_opens_our_folder_and_makes_the_same_picture(picture: np.ndarray) -> None:
    import torch
    from optimum.intel import OVStableDiffusionXLPipeline

    theirs = OVStableDiffusionXLPipeline.from_pretrained(
        exported("tiny-xl"), ov_config=F32, local_files_only=True
    )
    theirs.set_progress_bar_config(disable=True)
    made = theirs(ASKED.prompt, generator=torch.Generator("cpu").manual_seed(ASKED.seed), **arguments())
    assert psnr(np.asarray(made.images[0]), picture) >= 60


def test_openvino_genai_opens_our_folder_and_makes_the_same_picture() -> None:
    import openvino_genai

    # Square: it tells the UNet the width before the height, where diffusers and we tell the height first.
    square = replace(ASKED, height=ASKED.width)
    theirs = openvino_genai.Text2ImagePipeline(str(exported("tiny-xl")), "CPU", **F32)
    generator = openvino_genai.TorchGenerator(ASKED.seed)
    made = theirs.generate(ASKED.prompt, generator=generator, **arguments(square))
    # It cuts the decimals off where diffusers and we round.
    assert np.abs(ours(exported("tiny-xl"), square).astype(int) - np.asarray(made.data)[0]).max() <= 2


def test_a_folder_written_by_optimum_intel_opens_here(tmp_path: Path, picture: np.ndarray) -> None:
    from optimum.exporters.openvino import main_export
    from optimum.intel import OVConfig

    theirs = tmp_path / "theirs"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        main_export(
            str(source("tiny-xl")), str(theirs), task="text-to-image", ov_config=OVConfig(dtype="fp32")
        )
    assert psnr(ours(theirs), picture) >= 60
    written = {path.relative_to(theirs).as_posix() for path in theirs.rglob("*.*")}
    mine = {path.relative_to(exported("tiny-xl")).as_posix() for path in exported("tiny-xl").rglob("*.*")}
    assert written - mine == set()
