"""Every task and family gives the picture of diffusers' own pipeline, from the same weights and seed."""

from collections.abc import Callable, Iterator

import pytest

from tests.models import exported, source
from tests.parity.task_cases import Case
from tests.parity.task_comparison import NEAR, Open, compare, named, opening
from tests.parity.task_table import TASKS

# diffusers' own code announces deprecations, and what it does without on a CPU.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore:In CPU autocast:UserWarning"),
]
OTHERS = [name for name in TASKS if name != "text to image"]  # which has a file of its own


@pytest.fixture(scope="module")
def opened() -> Iterator[Open]:
    with opening() as once:
        yield once


@pytest.mark.parametrize("name", OTHERS)
def test_the_few_cases_have_every_value(name: str) -> None:
    for axis, values in TASKS[name].axes.items():
        assert {getattr(case, axis) for case in TASKS[name].few} == set(values), axis


@pytest.mark.parametrize(("name", "case"), named(OTHERS, lambda task: task.few))
def test_openvino_in_fp32_gives_the_picture_of_diffusers(name: str, case: Case, opened: Open) -> None:
    assert compare(opened(exported(TASKS[name].model), "cpu"), name, case) >= NEAR


@pytest.mark.parametrize("name", OTHERS)
def test_pytorch_through_our_loop_gives_the_picture_of_diffusers(name: str, opened: Open) -> None:
    case = TASKS[name].few[-1]
    assert compare(opened(source(TASKS[name].model), "pytorch-cpu"), name, case) >= NEAR


@pytest.mark.campaign
@pytest.mark.parametrize(("name", "case"), named(TASKS, lambda task: task.all_cases()))
def test_every_combination_gives_the_picture_of_diffusers(
    name: str, case: Case, opened: Open, record_property: Callable[[str, object], None]
) -> None:
    near = compare(opened(exported(TASKS[name].model), "cpu"), name, case)
    record_property("psnr", near)
    assert near >= NEAR
