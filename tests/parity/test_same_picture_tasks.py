"""Every task gives the picture of diffusers' own pipeline, from the same weights and the same seed."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from runtime import open_pipeline
from runtime.pipeline import Pipeline
from tests.measures import psnr
from tests.parity.task_cases import TASKS, Case, Task, mask_of, picture, request_of
from tests.parity.task_references import exported, reference_pictures, source

# diffusers' own code announces deprecations, and what it does without on a CPU.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore:In CPU autocast:UserWarning"),
]
NEAR = 60  # dB
# Of a grey picture, or one of black and white alone, the distance would mean nothing.
NOT_FLAT = 10  # standard deviation in levels
NOT_CLIPPED = 0.5  # share of values between the darkest and the lightest
Open = Callable[[Path, str], Pipeline]


@pytest.fixture(scope="module")
def opened() -> Iterator[Open]:
    with ExitStack() as stack:

        @cache
        def once(folder: Path, device: str) -> Pipeline:
            return stack.enter_context(open_pipeline(folder, device=device, cache=False))

        yield once


def compare(pipeline: Pipeline, name: str, case: Case) -> float:
    """Return the smallest PSNR of the pictures of a case, of repainted pixels where there is a mask."""
    task = TASKS[name]
    ours = [np.asarray(image) for image in pipeline.generate(request_of(task, case)).result().images]
    theirs = reference_pictures(task, case)
    assert len(ours) == len(theirs) == case.count
    if case.count > 1:
        assert not np.array_equal(ours[0], ours[1])
    where = np.full(case.size[::-1], True)
    if case.mask is not None:
        where = np.asarray(mask_of(case)) >= 128
        for image in ours:
            np.testing.assert_array_equal(image[~where], np.asarray(picture(case.size))[~where])
    for image in theirs:
        painted = image[where]
        assert painted.std() > NOT_FLAT
        assert np.mean((painted > 0) & (painted < 255)) > NOT_CLIPPED
    return min(psnr(our[where], their[where]) for our, their in zip(ours, theirs, strict=True))


def named(choose: Callable[[Task], list[Case]]) -> list[object]:
    return [
        pytest.param(name, case, id=f"{name}-{case}") for name, task in TASKS.items() for case in choose(task)
    ]


@pytest.mark.parametrize(("name", "case"), named(Task.few_cases))
def test_openvino_in_fp32_gives_the_picture_of_diffusers(name: str, case: Case, opened: Open) -> None:
    assert compare(opened(exported(TASKS[name].model), "cpu"), name, case) >= NEAR


@pytest.mark.parametrize("name", TASKS)
def test_pytorch_through_our_loop_gives_the_picture_of_diffusers(name: str, opened: Open) -> None:
    case = TASKS[name].few_cases()[-1]
    assert compare(opened(source(TASKS[name].model), "pytorch-cpu"), name, case) >= NEAR


@pytest.mark.campaign
@pytest.mark.parametrize(("name", "case"), named(Task.all_cases))
def test_every_combination_gives_the_picture_of_diffusers(
    name: str, case: Case, opened: Open, record_property: Callable[[str, object], None]
) -> None:
    near = compare(opened(exported(TASKS[name].model), "cpu"), name, case)
    record_property("psnr", near)
    assert near >= NEAR
