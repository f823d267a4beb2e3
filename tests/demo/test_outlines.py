"""How far a picture follows outlines: the demo ControlNet's measure, on pictures whose answer is known."""

import numpy as np

from demo.evaluate_controlnet import outline_picture, overlap
from demo.evaluate_depth import cases
from demo.train_controlnet import outlines_of


def _ring(left: int) -> np.ndarray:
    ring = np.zeros((40, 60), bool)
    ring[10:30, left : left + 20] = True
    ring[11:29, left + 1 : left + 19] = False
    return ring


def test_outlines_overlap_when_they_are_within_a_pixel() -> None:
    assert overlap(_ring(5), _ring(5)) == 1
    assert overlap(_ring(5), _ring(6)) > 0.95
    assert overlap(_ring(5), _ring(9)) < 0.6
    assert overlap(_ring(5), _ring(5) | _ring(35)) < 0.7  # what was not asked for counts against it
    assert overlap(_ring(5), np.zeros((40, 60), bool)) == 0


def test_true_pictures_follow_their_own_outlines_and_not_those_of_others() -> None:
    one, other = cases(2, 5, 128, 128)
    shown = outlines_of(np.asarray(one.truth.picture))
    assert np.array_equal(np.asarray(outline_picture(one))[..., 0] > 0, shown)
    assert 0.005 < shown.mean() < 0.3
    assert overlap(shown, outlines_of(np.asarray(other.truth.picture))) < 0.8
