from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from demo.butterflies import (
    BACKGROUNDS,
    MAX_SIZE,
    MAX_TILT,
    PALETTES,
    PATTERNS,
    SHAPES,
    Butterfly,
    draw,
    random_butterfly,
)
from demo.evaluate_butterflies import as_rows, asymmetry, background_of, measures, nearest

MONARCH = Butterfly(shape="monarch", pattern="veins", palette="orange", background=1)


def drawn(count, seed):
    rng = np.random.default_rng(seed)
    butterflies = [random_butterfly(rng) for _ in range(count)]
    return butterflies, [draw(butterfly) for butterfly in butterflies]


def test_the_same_butterfly_gives_the_same_bytes():
    assert draw(MONARCH).tobytes() == draw(MONARCH).tobytes()


@pytest.mark.parametrize(
    "change",
    [
        {"shape": "swallowtail"},
        {"pattern": "eyes"},
        {"palette": "azure"},
        {"background": 2},
        {"size": 0.35},
        {"opening": 0.85},
        {"tilt": 5.0},
    ],
)
def test_every_attribute_shows(change):
    assert draw(replace(MONARCH, **change)).tobytes() != draw(MONARCH).tobytes()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("pattern", PATTERNS)
def test_an_upright_butterfly_is_its_own_mirror_image(shape, pattern):
    pixels = np.asarray(draw(replace(MONARCH, shape=shape, pattern=pattern)), np.int16)
    assert np.abs(pixels - pixels[:, ::-1]).mean() < 0.5


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("tilt", [-MAX_TILT, MAX_TILT])
def test_the_largest_butterfly_stays_off_the_sides(shape, tilt):
    largest = np.asarray(draw(replace(MONARCH, shape=shape, size=MAX_SIZE, tilt=tilt)), np.int16)
    smallest = np.asarray(draw(replace(MONARCH, shape=shape, size=0.05)), np.int16)
    rim = np.ones(largest.shape[:2], bool)
    rim[1:-1, 1:-1] = False
    assert np.abs(largest - smallest)[rim].max() <= 1


def test_random_butterflies_have_every_attribute():
    rng = np.random.default_rng(3)
    butterflies = [random_butterfly(rng) for _ in range(200)]
    assert {b.shape for b in butterflies} == set(SHAPES)
    assert {b.pattern for b in butterflies} == set(PATTERNS)
    assert {b.palette for b in butterflies} == set(PALETTES)
    assert {b.background for b in butterflies} == set(range(len(BACKGROUNDS)))


def test_backgrounds_are_read_from_the_corners_and_others_are_not_known():
    butterflies, pictures = drawn(20, 5)
    assert [background_of(picture) for picture in pictures] == [b.background for b in butterflies]
    assert background_of(Image.new("RGB", (64, 64), (120, 120, 120))) is None


def test_tilted_butterflies_are_nearer_to_their_own_mirror_image_than_to_anothers():
    _, pictures = drawn(8, 6)
    for picture, other in zip(pictures, pictures[1:] + pictures[:1], strict=True):
        assert asymmetry(picture) < 0.5 * asymmetry(picture, other)


def test_a_copied_training_picture_is_found_out():
    labels, pictures = drawn(30, 7)
    bank = as_rows(pictures)
    index, distance = nearest(as_rows([pictures[17]]), bank)
    assert index[0] == 17
    assert distance[0] < 0.1
    _, others = drawn(10, 8)
    assert measures(others, bank, labels)["least distance to a training picture"] > 5
