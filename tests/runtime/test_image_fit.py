import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from runtime.errors import InvalidRequest
from runtime.image_fit import RESIZE_MODES, fit_image
from tests.runtime.odd_pictures import noise

SIDES = st.integers(1, 80)
SIZES = st.tuples(SIDES, SIDES)


@given(
    given_size=SIZES, size=SIZES, how=st.sampled_from(RESIZE_MODES), mode=st.sampled_from(["RGB", "L", "F"])
)
def test_size_is_exact_and_a_flat_picture_stays_flat(
    given_size: tuple[int, int], size: tuple[int, int], how: str, mode: str
) -> None:
    colour = (10, 20, 30) if mode == "RGB" else 77
    fitted = fit_image(Image.new(mode, given_size, colour), *size, how)
    assert (fitted.image.size, fitted.image.mode) == (size, mode)
    assert fitted.image.getextrema() == (((10, 10), (20, 20), (30, 30)) if mode == "RGB" else (77, 77))
    left, top, right, bottom = fitted.box
    assert 0 <= left < right <= size[0]
    assert 0 <= top < bottom <= size[1]


@given(size=SIZES, how=st.sampled_from(RESIZE_MODES))
def test_same_size_changes_no_pixel(size: tuple[int, int], how: str) -> None:
    image = Image.fromarray(noise(80, size[1], size[0], 3))
    fitted = fit_image(image, *size, how)
    assert (np.asarray(fitted.image) == np.asarray(image)).all()
    assert fitted.box == (0, 0, *size)


@given(given_size=SIZES, size=SIZES)
def test_fit_shows_everything_centred_and_stretches_the_edges_into_the_bars(
    given_size: tuple[int, int], size: tuple[int, int]
) -> None:
    image = Image.fromarray(noise(81, given_size[1], given_size[0], 3))
    fitted = fit_image(image, *size, "fit")
    left, top, right, bottom = fitted.box
    inner = (right - left, bottom - top)
    assert inner[0] == size[0] or inner[1] == size[1]
    assert abs(left - (size[0] - right)) <= 1
    assert abs(top - (size[1] - bottom)) <= 1
    ideal = min(size[0] / given_size[0], size[1] / given_size[1])
    for side, original in zip(inner, given_size, strict=True):
        assert abs(side - max(1.0, original * ideal)) <= 0.5 + 1e-9
    pixels = np.asarray(fitted.image)
    rows = np.clip(np.arange(size[1]), top, bottom - 1)
    columns = np.clip(np.arange(size[0]), left, right - 1)
    assert (pixels == pixels[rows][:, columns]).all()
    whole = fit_image(image, *inner, "stretch").image
    assert (pixels[top:bottom, left:right] == np.asarray(whole)).all()


@given(factor=st.integers(2, 6), size=SIZES)
def test_crop_cuts_equally_on_both_sides(factor: int, size: tuple[int, int]) -> None:
    """What is cut from a wide picture does not show, however bright: only the middle does."""
    width, height = size
    middle = noise(82, height, width)
    wide = np.pad(middle, ((0, 0), (factor * width, factor * width)))
    fitted = fit_image(Image.fromarray(wide), width, height, "crop")
    assert (np.asarray(fitted.image) == middle).all()
    high = np.pad(middle, ((factor * height, factor * height), (0, 0)))
    assert (np.asarray(fit_image(Image.fromarray(high), width, height, "crop").image) == middle).all()


@pytest.mark.parametrize("how", RESIZE_MODES)
@pytest.mark.parametrize("size", [(1, 4096), (4096, 3), (3, 4096), (1, 1)])
def test_extreme_shapes_fit(size: tuple[int, int], how: str) -> None:
    image = Image.fromarray(noise(83, size[1], size[0], 3))
    for width, height in ((512, 512), (64, 4096), (8, 8)):
        assert fit_image(image, width, height, how).image.size == (width, height)


@pytest.mark.parametrize("how", RESIZE_MODES)
def test_picture_mask_and_depth_of_one_size_stay_on_each_other(how: str) -> None:
    waves = 128 + 80 * np.outer(np.cos(np.arange(48) / 7), np.sin(np.arange(88) / 9))  # no edges to overshoot
    grey = waves.astype(np.uint8)
    colour = np.asarray(fit_image(Image.fromarray(np.dstack([grey] * 3)), 72, 104, how).image)
    mask = np.asarray(fit_image(Image.fromarray(grey), 72, 104, how).image)
    floats = Image.fromarray(grey.astype(np.float32) * 257)
    depth = np.asarray(fit_image(floats, 72, 104, how).image)
    assert depth.dtype == np.float32
    assert (colour == mask[..., None]).all()
    assert np.abs(depth / 257 - mask).max() <= 1.5  # 8 bits are rounded after each of two passes


def test_depth_stays_in_its_range() -> None:
    steps = np.kron(np.array([[0.0, 60000.0], [60000.0, 100.0]], np.float32), np.ones((9, 9), np.float32))
    fitted = np.asarray(fit_image(Image.fromarray(steps), 64, 64, "stretch").image)
    assert (fitted.min(), fitted.max()) == (0.0, 60000.0)


@pytest.mark.parametrize("how", ["", "Crop", "fill", None])
def test_unknown_ways_to_resize_are_refused_with_the_known_ones(how: str) -> None:
    with pytest.raises(InvalidRequest, match=f"resize must be one of crop, fit, stretch, got {how!r}"):
        fit_image(Image.new("RGB", (8, 8)), 16, 16, how)


def test_sizes_below_one_and_other_modes_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="at least 1x1 pixels, got 0x8"):
        fit_image(Image.new("RGB", (8, 8)), 0, 8, "crop")
    with pytest.raises(InvalidRequest, match="got 'RGBA': read it first"):
        fit_image(Image.new("RGBA", (8, 8)), 16, 8, "crop")
