"""The same seed gives the picture of diffusers, from the same weights, on every backend."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import diffusers
import numpy as np
import pytest
import torch

from runtime import TextToImage, open_pipeline
from runtime.pipeline import Pipeline
from tests.measures import psnr
from tests.models import DEMO_SOURCE, exported_demo
from tests.parity.reference_samplers import SAMPLERS, STOCHASTIC

# diffusers' own samplers announce deprecations of NumPy.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

PROMPT = "a blue castle on the left in the mountains at sunset, a sun on the right"
NEGATIVE = "night, snow"
SIZES = ((128, 128), (192, 128), (136, 200))


class Reference:
    """diffusers' own pipeline on the demo's source weights, in float32."""

    def __init__(self) -> None:
        self.pipeline = diffusers.StableDiffusionPipeline.from_pretrained(
            DEMO_SOURCE, torch_dtype=torch.float32, local_files_only=True
        )
        self.pipeline.set_progress_bar_config(disable=True)
        self.config = dict(self.pipeline.scheduler.config)

    def picture(self, request: TextToImage, scheduler: str, changes: Mapping[str, Any]) -> np.ndarray:
        kind = getattr(diffusers, scheduler)
        self.pipeline.scheduler = kind.from_config(self.config, **changes)
        output = self.pipeline(
            request.prompt,
            negative_prompt=request.negative_prompt,
            num_inference_steps=request.total_steps,
            guidance_scale=request.scale,
            width=request.width,
            height=request.height,
            generator=torch.Generator("cpu").manual_seed(request.seed),
        )
        return np.asarray(output.images[0])


@pytest.fixture(scope="module")
def reference() -> Reference:
    return Reference()


@pytest.fixture(scope="module")
def fp32() -> Any:
    with open_pipeline(exported_demo("fp32"), device="cpu", cache=False) as pipeline:
        yield pipeline


@pytest.fixture(scope="module")
def fp16() -> Any:
    with open_pipeline("demo-scenes", device="cpu", cache=False) as pipeline:
        yield pipeline


@pytest.fixture(scope="module")
def on_pytorch() -> Any:
    with open_pipeline(DEMO_SOURCE, device="pytorch-cpu") as pipeline:
        yield pipeline


def asking(sampler: str, seed: int, size: tuple[int, int], steps: int = 12) -> TextToImage:
    return TextToImage(
        prompt=PROMPT,
        negative_prompt=NEGATIVE,
        sampler=sampler,
        seed=seed,
        width=size[0],
        height=size[1],
        num_inference_steps=steps,
    )


def ours(pipeline: Pipeline, asked: TextToImage) -> np.ndarray:
    return np.asarray(pipeline.generate(asked).result().images[0])


def difference(pipeline: Pipeline, reference: Reference, asked: TextToImage) -> float:
    scheduler, changes = (SAMPLERS | STOCHASTIC)[asked.sampler or ""]
    return psnr(ours(pipeline, asked), reference.picture(asked, scheduler, changes))


@pytest.mark.parametrize("sampler", [*SAMPLERS, *STOCHASTIC])
def test_openvino_in_fp32_gives_the_picture_of_diffusers(
    sampler: str, fp32: Pipeline, reference: Reference
) -> None:
    assert difference(fp32, reference, asking(sampler, 42, (128, 128))) >= 65


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("seed", [0, 2**32 + 5])
def test_any_seed_and_size_gives_the_picture_of_diffusers(
    seed: int, size: tuple[int, int], fp32: Pipeline, fp16: Pipeline, reference: Reference
) -> None:
    asked = asking("DPM++ 2M", seed, size)
    assert difference(fp32, reference, asked) >= 65
    assert difference(fp16, reference, asked) >= 45


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_half_size_weights_keep_the_picture(sampler: str, fp16: Pipeline, reference: Reference) -> None:
    assert difference(fp16, reference, asking(sampler, 42, (128, 128))) >= 45


@pytest.mark.parametrize("sampler", ["PNDM", "DPM++ 2M Karras", "Heun", "Euler a"])
def test_pytorch_through_our_loop_gives_the_picture_of_diffusers(
    sampler: str, on_pytorch: Pipeline, reference: Reference
) -> None:
    assert difference(on_pytorch, reference, asking(sampler, 42, (128, 128))) >= 60


@pytest.mark.parametrize("pipeline_name", ["fp32", "on_pytorch"])
def test_a_picture_of_a_batch_is_the_picture_of_its_own_seed(
    pipeline_name: str, request: pytest.FixtureRequest
) -> None:
    pipeline: Pipeline = request.getfixturevalue(pipeline_name)
    fields: dict[str, Any] = {"prompt": PROMPT, "sampler": "Euler a", "num_inference_steps": 6}
    three = pipeline.generate(TextToImage(seed=41, count=3, batch_size=2, **fields)).result()
    assert three.seeds == (41, 42, 43)
    for seed, image in zip(three.seeds, three.images, strict=True):
        alone = pipeline.generate(TextToImage(seed=seed, **fields)).result().images[0]
        assert psnr(np.asarray(image), np.asarray(alone)) >= 65


def test_without_guidance_a_step_costs_one_row_and_gives_the_same_picture(
    fp32: Pipeline, reference: Reference
) -> None:
    asked = TextToImage(prompt=PROMPT, guidance_scale=1, seed=3, sampler="DDIM", num_inference_steps=8)
    sized = asked.resolved(width=128, height=128)
    assert isinstance(sized, TextToImage)
    assert difference(fp32, reference, sized) >= 65


@pytest.mark.parametrize("sampler", ["Euler Trailing", "Euler a Trailing", "LCM"])
@pytest.mark.parametrize("steps", [1, 4])
def test_few_steps_without_guidance_give_the_picture_of_diffusers(
    sampler: str, steps: int, fp32: Pipeline, reference: Reference
) -> None:
    asked = replace(asking(sampler, 42, (128, 128), steps), guidance_scale=1.0, negative_prompt="")
    assert difference(fp32, reference, asked) >= 65
