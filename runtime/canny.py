"""Canny's edge detector (Canny 1986), the way OpenCV computes it, since ControlNets were trained on that.

Sobel gradients of 3x3 pixels, of each pixel's strongest channel; their size is the sum of the absolute parts;
directions are told in four sectors; no smoothing beforehand.
"""

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int32]
# tan 22.5 degrees, in units of 2**-15; OpenCV rounds it so.
_TAN, _SHIFT = 13573, 15
_AROUND = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx]


def canny_edges(pixels: npt.NDArray[np.uint8], low: int, high: int) -> Mask:
    """Return (H, W), true on the edges of a picture (H, W, 3).

    A pixel is an edge where the gradient is above `high` and largest across the edge, or above `low` and
    joined to such a pixel.
    """
    across, down = _gradients(pixels)
    size = np.abs(across) + np.abs(down)
    crest = _is_crest(across, down, size) & (size > low)
    return _joined(crest & (size > high), crest)


def _gradients(pixels: npt.NDArray[np.uint8]) -> tuple[Numbers, Numbers]:
    """Return the gradient to the right and downwards, of the channel where it is largest."""
    levels = np.pad(pixels.astype(np.int32), [(1, 1), (1, 1), (0, 0)], mode="edge")
    columns = levels[:-2] + 2 * levels[1:-1] + levels[2:]
    rows = levels[:, :-2] + 2 * levels[:, 1:-1] + levels[:, 2:]
    across, down = columns[:, 2:] - columns[:, :-2], rows[2:] - rows[:-2]
    strongest = (np.abs(across) + np.abs(down)).argmax(axis=2)[..., None]
    return (
        np.take_along_axis(across, strongest, 2)[..., 0],
        np.take_along_axis(down, strongest, 2)[..., 0],
    )


def _is_crest(across: Numbers, down: Numbers, size: Numbers) -> Mask:
    """Whether a pixel's gradient is the largest along its own direction; of two equal ones the first is."""
    padded = np.pad(size, 1)

    def beside(dy: int, dx: int) -> Numbers:
        return padded[1 + dy : 1 + dy + size.shape[0], 1 + dx : 1 + dx + size.shape[1]]

    x, y = np.abs(across).astype(np.int64), np.abs(down).astype(np.int64) << _SHIFT
    flat = x * _TAN
    steep = flat + (x << (_SHIFT + 1))
    is_flat, is_steep = y < flat, y > steep
    falls = (across ^ down) < 0  # the direction is towards the lower left
    level = (size > beside(0, -1)) & (size >= beside(0, 1))
    upright = (size > beside(-1, 0)) & (size >= beside(1, 0))
    rising = (size > beside(-1, -1)) & (size > beside(1, 1))
    falling = (size > beside(-1, 1)) & (size > beside(1, -1))
    diagonal = np.where(falls, falling, rising)
    return np.asarray(np.where(is_flat, level, np.where(is_steep, upright, diagonal)), bool)


def _joined(strong: Mask, weak: Mask) -> Mask:
    """Return the weak pixels that a path of weak ones joins to a strong one, those included."""
    edges = np.pad(strong, 1)
    open_ = np.pad(weak, 1) & ~edges
    width = edges.shape[1]
    steps = np.array([dy * width + dx for dy, dx in _AROUND])
    reached, left = edges.reshape(-1), open_.reshape(-1)
    front = np.flatnonzero(reached)
    while front.size:
        near = np.unique((front[:, None] + steps).reshape(-1).clip(0, reached.size - 1))
        front = near[left[near]]
        reached[front], left[front] = True, False
    return edges[1:-1, 1:-1]
