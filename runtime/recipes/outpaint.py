"""Outpainting: a canvas around the picture is inpainted, piece by piece when it is large.

Every piece holds what is known at its border with the new, so that each continues the one before.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from runtime.arrays import Array
from runtime.recipes.inpaint import blend, repaint
from runtime.repaint_requests import Outpaint
from runtime.studio import Pictures, Studio

JOIN_REACHES = (4, 8, 16, 32)  # pixels
Pixels = npt.NDArray[np.uint8]
Known = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Area:
    """A rectangle of the canvas in pixels, right and bottom excluded."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


def outpaint(studio: Studio, request: Outpaint) -> Pictures:
    """Paint the new sides in rounds; the picture's own pixels stay, to the last bit."""
    width, height = request.size
    window = request.working_size
    canvas, known = lay_out(request, max(width, window[0]), max(height, window[1]))
    picture = Area(
        left=request.left,
        top=request.top,
        right=request.left + request.picture.width,
        bottom=request.top + request.picture.height,
    )
    pieces = list(plan_pieces(picture, (canvas.shape[1], canvas.shape[0]), window, known))
    studio.passes = len(pieces)
    canvases = [canvas.copy() for _ in range(studio.batch)]
    for piece in pieces:
        rows, columns = piece.window
        seen = known[rows, columns]
        filled = [spread(each[rows, columns], seen) for each in canvases]
        pixels = np.stack(filled).astype(np.float32).transpose(0, 3, 1, 2) / np.float32(127.5) - 1
        unknown = (~seen).astype(np.float32)[None, None]
        painted = yield from repaint(
            studio, np.ascontiguousarray(pixels), unknown, request.steps, 1.0, hold=True
        )
        mask = Image.fromarray((~seen).astype(np.uint8) * 255)
        for each, old, new in zip(canvases, filled, painted, strict=True):
            joined = join(old, new, seen)
            new_piece = blend(Image.fromarray(old), Image.fromarray(joined), mask, request.mask_blur)
            each[rows, columns] = np.asarray(new_piece)
        known[rows, columns] = True
    return [Image.fromarray(each[:height, :width]) for each in canvases]


def lay_out(request: Outpaint, width: int, height: int) -> tuple[Pixels, Known]:
    """Return the canvas (H, W, 3) with the picture in its place, and which pixels of it are known.

    What lies beyond the wanted size, since no piece is smaller than what the networks take, counts as known
    (the edge repeated) at a side that is not extended, and is painted and cut off at one that is.
    """
    picture = np.asarray(request.picture)
    below = height - request.top - picture.shape[0]
    right = width - request.left - picture.shape[1]
    margins = ((request.top, below), (request.left, right))
    canvas = np.pad(picture, (*margins, (0, 0)), mode="edge")
    known = np.zeros((height, width), bool)
    last_row = height if not request.bottom else request.top + picture.shape[0]
    last_column = width if not request.right else request.left + picture.shape[1]
    known[request.top : last_row, request.left : last_column] = True
    return canvas, known


def plan_pieces(
    picture: Area, canvas: tuple[int, int], window: tuple[int, int], known: Known
) -> Iterator[Area]:
    """Yield the pieces, all of size `window`, in the order in which they are painted.

    The known rectangle grows by at most half a piece at a time, first to the left and right, then up and
    down, so that half of every piece is known; pieces side by side overlap by half. A piece in which nothing
    is left to paint is skipped.
    """
    known = known.copy()
    left, top, right, bottom = picture.left, picture.top, picture.right, picture.bottom

    def piece(x: int, y: int) -> Iterator[Area]:
        x, y = (min(max(start, 0), canvas[axis] - window[axis]) for axis, start in enumerate((x, y)))
        area = Area(left=x, top=y, right=x + window[0], bottom=y + window[1])
        if not known[area.window].all():
            known[area.window] = True
            yield area

    while left > 0 or right < canvas[0]:
        step = max(8, window[0] // 2)
        if left > 0:
            left = max(0, left - step)
            for y in _places(top, bottom, window[1]):
                yield from piece(left, y)
        if right < canvas[0]:
            right = min(canvas[0], right + step)
            for y in _places(top, bottom, window[1]):
                yield from piece(right - window[0], y)
    while top > 0 or bottom < canvas[1]:
        step = max(8, window[1] // 2)
        if top > 0:
            top = max(0, top - step)
            for x in _places(0, canvas[0], window[0]):
                yield from piece(x, top)
        if bottom < canvas[1]:
            bottom = min(canvas[1], bottom + step)
            for x in _places(0, canvas[0], window[0]):
                yield from piece(x, bottom - window[1])


def spread(pixels: Pixels, known: Known) -> Pixels:
    """Fill what is unknown with the nearest known pixel of its row, or of the nearest row that has one.

    The encoder sees what is masked too, and a soft edge blends with it: it should go on as the border ends.
    """
    columns = np.arange(known.shape[1])
    before = np.maximum.accumulate(np.where(known, columns, -1), axis=1)
    after = np.minimum.accumulate(np.where(known, columns, len(columns))[:, ::-1], axis=1)[:, ::-1]
    is_nearer = (before >= 0) & ((after >= len(columns)) | (columns - before <= after - columns))
    nearest = np.where(is_nearer, before, np.minimum(after, len(columns) - 1))
    filled = np.take_along_axis(pixels, nearest[..., None], axis=1)
    rows = np.flatnonzero(known.any(axis=1))
    closest = rows[np.abs(np.arange(len(known))[:, None] - rows[None, :]).argmin(axis=1)]
    return np.ascontiguousarray(filled[closest])


def join(old: Pixels, new: Array, known: Known) -> Pixels:
    """Return `new` (H, W, 3) with its colours led over to those of `old` at the border with what is known.

    The decoder gives the known part back a little off. That difference, averaged near the border, is added to
    what is new and fades out with the distance from it: no step in the colours is left at the seam.
    """
    if not known.any():
        return np.asarray(new, np.uint8)
    weight = known.astype(np.float32)
    difference = (old.astype(np.float32) - new) * weight[..., None]
    correction, total = np.zeros_like(new), np.zeros_like(weight)
    for reach in JOIN_REACHES:  # the nearest known pixels count; farther ones where none is near
        near = _box_blurred(weight, reach)
        share = np.minimum(near / 0.25, 1) * (1 - total)
        mean = _box_blurred(difference, reach) / np.maximum(near, 1e-6)[..., None]
        correction += share[..., None] * mean
        total += share
    return np.asarray(np.clip(np.round(new + correction), 0, 255), np.uint8)


def _box_blurred(array: Array, reach: int) -> Array:
    """Return the mean over squares of side 2 * reach + 1, nothing beyond the edges counted as zero."""
    for axis in (0, 1):
        length = array.shape[axis]
        margins = [(reach + 1, reach) if each == axis else (0, 0) for each in range(array.ndim)]
        sums = np.cumsum(np.pad(array, margins), axis=axis, dtype=np.float64)
        upper = np.take(sums, np.arange(length) + 2 * reach + 1, axis=axis)
        array = np.asarray(
            (upper - np.take(sums, np.arange(length), axis=axis)) / (2 * reach + 1), np.float32
        )
    return array


def _places(first: int, last: int, window: int) -> list[int]:
    """Return where pieces of side `window` begin that cover `first` to `last`, half over one another."""
    if last - first <= window:
        return [first - (window - (last - first)) // 2]
    count = 1 + -(-(last - first - window) // max(1, window // 2))
    return [first + round(number * (last - first - window) / (count - 1)) for number in range(count)]
