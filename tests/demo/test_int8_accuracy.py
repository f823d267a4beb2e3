"""Does an int8 model still show what was asked? The renderer knows, on scenes that nobody trained on."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo.captions import random_caption
from demo.evaluate import ATTRIBUTES, accuracy
from demo.measure import look_at
from demo.scenes import random_scenes
from optimize import quantize_model
from runtime import TextToImage, open_pipeline
from tests.measures import psnr
from tests.models import DEMO_MODEL, exported

SCENES, SEED = 200, 9_000
POINTS = 0.02
LEAST_PSNR = {"int8": 36.0, "int8-weights": 45.0}


@pytest.mark.campaign
@pytest.mark.parametrize("precision", ["int8", "int8-weights"])
def test_int8_shows_what_was_asked_as_often_as_fp32(precision: str, tmp_path: Path) -> None:
    """Attribute accuracy within 2 points of FP32 on 200 scenes, from the same seeds."""
    quantized = quantize_model(DEMO_MODEL, tmp_path / precision, precision).path
    scenes = random_scenes(SCENES, SEED, keep_out=True)
    draw = np.random.default_rng(SEED)
    prompts = [random_caption(scene, draw, casual=0) for scene in scenes]
    right, ours = _pictures(exported("demo-scenes", "fp32"), prompts), _pictures(quantized, prompts)
    before = accuracy([look_at(picture) for picture in right], scenes)
    after = accuracy([look_at(picture) for picture in ours], scenes)
    decibels = [psnr(np.asarray(a), np.asarray(b)) for a, b in zip(right, ours, strict=True)]
    print(precision, f"{np.mean(decibels):.2f} dB, lowest {min(decibels):.2f}", before, after)
    for name in ATTRIBUTES:
        assert after[name] >= before[name] - POINTS, name
    assert np.mean(decibels) > LEAST_PSNR[precision]


def _pictures(folder: Path, prompts: list[str]) -> list[Image.Image]:
    with open_pipeline(folder, device="cpu", execution_precision="f32", cache=False) as pipeline:
        return [
            pipeline.generate(
                TextToImage(prompt=prompt, seed=SEED + number, num_inference_steps=20, guidance_scale=5.0)
            )
            .result()
            .images[0]
            for number, prompt in enumerate(prompts)
        ]
