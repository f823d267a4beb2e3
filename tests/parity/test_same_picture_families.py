"""SDXL, LCM and few steps give the picture of diffusers' own pipeline, as Stable Diffusion 1 and 2 do."""

from collections.abc import Callable, Iterator

import pytest

from tests.parity.task_cases import Case, Task
from tests.parity.task_comparison import NEAR, Open, compare, named, opening
from tests.parity.task_references import exported, source
from tests.parity.task_table import FAMILIES, TASKS

# diffusers' own code announces deprecations, and what it does without on a CPU.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore:In CPU autocast:UserWarning"),
]


@pytest.fixture(scope="module")
def opened() -> Iterator[Open]:
    with opening() as once:
        yield once


@pytest.mark.parametrize(("name", "case"), named(FAMILIES, Task.few_cases))
def test_openvino_in_fp32_gives_the_picture_of_diffusers(name: str, case: Case, opened: Open) -> None:
    assert compare(opened(exported(TASKS[name].model), "cpu"), name, case) >= NEAR


@pytest.mark.parametrize("name", FAMILIES)
def test_pytorch_through_our_loop_gives_the_picture_of_diffusers(name: str, opened: Open) -> None:
    case = TASKS[name].few_cases()[-1]
    assert compare(opened(source(TASKS[name].model), "pytorch-cpu"), name, case) >= NEAR


@pytest.mark.campaign
@pytest.mark.parametrize(("name", "case"), named(FAMILIES, Task.all_cases))
def test_every_combination_gives_the_picture_of_diffusers(
    name: str, case: Case, opened: Open, record_property: Callable[[str, object], None]
) -> None:
    near = compare(opened(exported(TASKS[name].model), "cpu"), name, case)
    record_property("psnr", near)
    assert near >= NEAR
