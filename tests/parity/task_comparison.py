"""A case of a task, made by us and by diffusers, and how near the pictures are."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from runtime import open_pipeline
from runtime.pipeline import Pipeline
from tests.measures import psnr
from tests.parity.task_cases import Case, Task
from tests.parity.task_references import reference_pictures
from tests.parity.task_requests import mask_of, picture, request_of
from tests.parity.task_table import TASKS

NEAR = 60  # dB
# Of a grey picture, or one of black and white alone, the distance would mean nothing.
NOT_FLAT = 10  # standard deviation in levels
NOT_CLIPPED = 0.5  # share of values between the darkest and the lightest
Open = Callable[[Path, str], Pipeline]


@contextmanager
def opening() -> Iterator[Open]:
    """Give what opens a pipeline once for a folder and a device; all are closed at the end."""
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


def named(names: Iterable[str], choose: Callable[[Task], Sequence[Case]]) -> list[object]:
    """Return the parameters (name, case) of the tasks of these names."""
    return [pytest.param(name, case, id=f"{name}-{case}") for name in names for case in choose(TASKS[name])]
