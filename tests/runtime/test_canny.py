"""Edges are those of OpenCV, to the pixel."""

import numpy as np
import pytest

from runtime.canny import canny_edges

# What `cv2.Canny(pixels, low, high)` of OpenCV 5.0 gives for `_pixels()`, as `numpy.packbits` of `> 0`.
OPENCV = {
    (60, 140): (
        "0200080020023ffffe20026000032000c00801800080080080fd803e00cf01000000400200080020020008002002000800200"
        "204081020fc0ff3f01f04000c00100404081010020008002002000800200200080020fa00ff802f010000004001800800c000"
        "8008000300c000001c027ffffc600200080080"
    ),
    (100, 200): (
        "0000080000003ffffe00006000030000c0000180008000008001800000c001000000400200000020020000002002000000200"
        "200000020fc0000001f040000001004000000100200000020020000002002000000200200000020010000004001800000c000"
        "8000000300c000001c007ffffc600000080080"
    ),
}


def _pixels() -> np.ndarray:
    """Return (24, 40, 3): a ramp, a bowl and squares, so that every direction and channel occurs."""
    rows, columns = np.mgrid[0:24, 0:40]
    ramp = (rows * 7 + columns * 3) % 256
    bowl = (rows - 12) ** 2 + (columns - 20) ** 2
    squares = 40 * ((rows // 6 + columns // 7) % 2) + columns
    return np.stack([ramp, bowl, squares], axis=-1).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize(("thresholds", "expected"), OPENCV.items())
def test_edges_are_those_of_opencv(thresholds: tuple[int, int], expected: str) -> None:
    edges = canny_edges(_pixels(), *thresholds)
    assert np.packbits(edges).tobytes().hex() == expected


def test_a_weak_edge_counts_only_where_it_joins_a_strong_one() -> None:
    pixels = np.zeros((20, 20, 3), np.uint8)
    pixels[:, 10:] = 40  # one edge of 160 all the way down
    assert not canny_edges(pixels, 100, 200).any()
    pixels[:2, 10:] = 255
    assert canny_edges(pixels, 100, 200)[:, 9:11].any(axis=1).all()


def test_a_flat_picture_has_no_edges() -> None:
    assert not canny_edges(np.full((9, 7, 3), 130, np.uint8), 0, 0).any()
