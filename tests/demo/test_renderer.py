from dataclasses import replace

import numpy as np
import pytest

from demo.palette import body_colour
from demo.renderer import CENTRES, render
from demo.scenes import Scene, random_scenes, with_seed

SCENE = Scene(
    sky="day",
    light="sun",
    light_side="left",
    terrain="hills",
    kind="house",
    colour="red",
    position="right",
    seed=4,
)


def pixels(scene, width=128, height=128):
    return np.asarray(render(scene, width, height).picture, np.int16)


def test_the_same_scene_gives_the_same_bytes_and_another_seed_does_not():
    assert np.array_equal(pixels(SCENE), pixels(SCENE))
    assert not np.array_equal(pixels(SCENE), pixels(with_seed(SCENE, 5)))


@pytest.mark.parametrize(("width", "height"), [(128, 128), (192, 128), (128, 192), (256, 256), (64, 96)])
def test_every_array_has_the_size_asked_for(width, height):
    drawn = render(SCENE, width, height)
    assert drawn.picture.size == (width, height)
    assert drawn.object_mask.shape == drawn.light_mask.shape == drawn.depth.shape == (height, width)
    assert drawn.depth.dtype == np.float32


@pytest.mark.parametrize("size", [(100, 128), (128, 56)])
def test_a_size_that_cannot_be_drawn_is_refused_with_its_value(size):
    with pytest.raises(ValueError, match="100" if size[0] == 100 else "56"):
        render(SCENE, *size)


def test_recolouring_changes_exactly_pixels_of_the_object_mask():
    for scene in random_scenes(40, 21, keep_out=False):
        scene = replace(scene, snowfall=False)
        other = replace(scene, colour="blue" if scene.colour != "blue" else "red")
        changed = np.abs(pixels(scene) - pixels(other)).max(axis=-1) > 0
        drawn = render(scene)
        edge = changed & ~drawn.object_mask
        # Outside the mask only edge pixels that the object covers by less than half may change.
        assert edge.sum() <= 0.25 * drawn.object_mask.sum()
        assert changed[drawn.object_mask].mean() > 0.3
        assert np.array_equal(drawn.object_mask, render(other).object_mask)


def test_the_light_mask_marks_the_light():
    for side in ("left", "right"):
        scene = replace(SCENE, light_side=side)
        mask = render(scene).light_mask
        changed = np.abs(pixels(scene) - pixels(replace(scene, light="none"))).max(axis=-1) > 60
        assert (changed & mask).sum() > 0.9 * mask.sum()
        assert (np.nonzero(mask)[1].mean() < 64) == (side == "left")
    assert not render(replace(SCENE, light="none")).light_mask.any()


def test_the_object_stands_in_its_range_in_its_colour():
    for scene in random_scenes(60, 22, keep_out=True):
        drawn = render(scene)
        middle = np.nonzero(drawn.object_mask)[1].mean() / 128
        nearest = min(CENTRES, key=lambda position: abs(CENTRES[position] - middle))
        assert nearest == scene.position
        inside = np.asarray(drawn.picture, np.int16)[drawn.object_mask]
        body = np.abs(inside - np.array(body_colour(scene.colour, scene.sky))).max(axis=-1) <= 2
        assert body.mean() > 0.15


def test_depth_is_zero_in_the_sky_nearest_at_the_bottom_and_flat_on_the_object():
    drawn = render(SCENE)
    assert drawn.depth[:30].max() == 0
    assert drawn.depth[-1].min() > 0.95
    rows = drawn.depth[100:, 2]
    assert (np.diff(rows) >= -0.005).all()
    inner = drawn.object_mask & np.roll(drawn.object_mask, 3, 0) & np.roll(drawn.object_mask, -3, 0)
    assert np.ptp(drawn.depth[inner & np.roll(inner, 3, 1) & np.roll(inner, -3, 1)]) < 0.01
