"""The same seed gives the picture of diffusers, from the same weights, on every backend."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from runtime import TextToImage
from tests.measures import psnr
from tests.models import DEMO_MODEL, DEMO_SOURCE, exported
from tests.parity.reference_samplers import SAMPLERS
from tests.parity.task_cases import PROMPT, Case
from tests.parity.task_comparison import Open, compare, opening
from tests.parity.task_table import TASKS

# diffusers' own samplers announce deprecations of NumPy.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

TASK = "text to image"
SIZES = ((128, 128), (192, 128), (136, 200))
SEEDS = (0, 2**32 + 5)
# Two shapes and two seeds of six.
SEEN = (((192, 128), 0), ((136, 200), 2**32 + 5))
SOME = ("PNDM", "DPM++ 2M Karras", "Heun")  # of which each keeps something else from step to step


@pytest.fixture(scope="module")
def opened() -> Iterator[Open]:
    with opening() as once:
        yield once


@pytest.fixture(scope="module")
def fp32(opened: Open) -> Any:
    return opened(exported("demo-scenes", "fp32"), "cpu")


@pytest.fixture(scope="module")
def fp16(opened: Open) -> Any:
    return opened(DEMO_MODEL, "cpu")


@pytest.fixture(scope="module")
def on_pytorch(opened: Open) -> Any:
    return opened(DEMO_SOURCE, "pytorch-cpu")


def case_of(sampler: str) -> Case:
    return next(case for case in TASKS[TASK].few if case.sampler == sampler)


def with_others(all_of_them: Sequence[Any], some: Sequence[Any]) -> list[Any]:
    """Return parameters of which those that are not among `some` are for the campaign."""
    return [*some, *(pytest.param(one, marks=pytest.mark.campaign) for one in all_of_them if one not in some)]


@pytest.mark.parametrize("case", TASKS[TASK].few, ids=lambda case: case.sampler)
def test_openvino_in_fp32_gives_the_picture_of_diffusers(case: Case, fp32: Any) -> None:
    assert compare(fp32, TASK, case) >= 65


@pytest.mark.parametrize(
    "seen", with_others([(size, seed) for size in SIZES for seed in SEEDS], SEEN), ids=str
)
def test_any_seed_and_size_gives_the_picture_of_diffusers(
    seen: tuple[tuple[int, int], int], fp32: Any, fp16: Any
) -> None:
    case = Case(sampler="DPM++ 2M", size=seen[0], seed=seen[1], guidance_scale=7.5)
    assert compare(fp32, TASK, case) >= 65
    assert compare(fp16, TASK, case) >= 45


@pytest.mark.parametrize("sampler", with_others(list(SAMPLERS), SOME))
def test_half_size_weights_keep_the_picture(sampler: str, fp16: Any) -> None:
    assert compare(fp16, TASK, case_of(sampler)) >= 45


@pytest.mark.parametrize("sampler", [*SOME, "Euler a"])
def test_pytorch_through_our_loop_gives_the_picture_of_diffusers(sampler: str, on_pytorch: Any) -> None:
    assert compare(on_pytorch, TASK, case_of(sampler)) >= 60


@pytest.mark.parametrize("pipeline_name", ["fp32", "on_pytorch"])
def test_a_picture_of_a_batch_is_the_picture_of_its_own_seed(
    pipeline_name: str, request: pytest.FixtureRequest
) -> None:
    pipeline = request.getfixturevalue(pipeline_name)
    fields: dict[str, Any] = {"prompt": PROMPT, "sampler": "Euler a", "num_inference_steps": 6}
    three = pipeline.generate(TextToImage(seed=41, count=3, batch_size=2, **fields)).result()
    assert three.seeds == (41, 42, 43)
    for seed, image in zip(three.seeds, three.images, strict=True):
        alone = pipeline.generate(TextToImage(seed=seed, **fields)).result().images[0]
        assert psnr(np.asarray(image), np.asarray(alone)) >= 65


def test_without_guidance_a_step_costs_one_row_and_gives_the_same_picture(fp32: Any) -> None:
    case = Case(sampler="DDIM", size=(128, 128), guidance_scale=1.0, negative="", steps=8, seed=3)
    assert compare(fp32, TASK, case) >= 65


@pytest.mark.parametrize("sampler", ["Euler Trailing", "Euler a Trailing", "LCM"])
@pytest.mark.parametrize("steps", [1, 4])
def test_few_steps_without_guidance_give_the_picture_of_diffusers(
    sampler: str, steps: int, fp32: Any
) -> None:
    case = Case(sampler=sampler, size=(128, 128), guidance_scale=1.0, negative="", steps=steps)
    assert compare(fp32, TASK, case) >= 65
