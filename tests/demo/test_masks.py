"""The masks that the inpainting demo model learns from."""

import numpy as np
import pytest

from demo.masks import KINDS, about, around, random_mask, shapes, sides
from demo.renderer import render
from demo.scenes import random_scenes


def objects(count: int) -> list[np.ndarray]:
    return [render(scene).object_mask for scene in random_scenes(count, 5, keep_out=False)]


def test_a_mask_laid_about_an_object_covers_its_box_or_all_of_it_but_corners() -> None:
    rng = np.random.default_rng(0)
    for thing in objects(12):
        mask = about(rng, thing)
        assert (mask & thing).sum() >= 0.98 * thing.sum()
        assert not mask.all()


def test_around_keeps_the_margin_on_every_side() -> None:
    thing = np.zeros((64, 96), bool)
    thing[20:30, 40:60] = True
    mask = around(thing, 5)
    expected = np.zeros_like(thing)
    expected[15:35, 35:65] = True
    assert (mask == expected).all()


def test_around_stops_at_the_border() -> None:
    thing = np.zeros((64, 64), bool)
    thing[:2, 60:] = True
    assert np.flatnonzero(around(thing, 10).any(axis=1)).tolist() == list(range(12))


def test_masked_sides_leave_one_rectangle_of_forty_percent_or_more() -> None:
    rng = np.random.default_rng(1)
    for _ in range(60):
        known = ~sides(rng, 128, 192)
        rows, columns = np.flatnonzero(known.any(axis=1)), np.flatnonzero(known.any(axis=0))
        assert known[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
        assert 0.38 <= known.mean() <= 0.91


@pytest.mark.parametrize("kind", ["boxes", "ellipses", "strokes"])
def test_shapes_leave_something_known_and_something_unknown_most_times(kind: str) -> None:
    rng = np.random.default_rng(2)
    shares = [shapes(rng, kind, 128, 128).mean() for _ in range(40)]
    assert 0.05 < float(np.mean(shares)) < 0.6
    assert 0 < min(shares) <= max(shares) < 1


def test_the_object_need_only_be_named_alone_when_the_mask_was_laid_about_it() -> None:
    rng = np.random.default_rng(3)
    thing = objects(1)[0]
    drawn = [random_mask(rng, thing) for _ in range(200)]
    alone = [mask for mask, whole in drawn if whole]
    assert 50 < len(alone) < 110
    assert all((mask & thing).sum() >= 0.98 * thing.sum() for mask in alone)
    assert sum(bool(mask.all()) for mask, _ in drawn) >= 2  # "all"
    assert len(KINDS) == 6
