"""What a ControlNet sees of a picture: fitted to the size, and its outlines, lines or depth drawn from it."""

import numpy as np
from PIL import Image

from runtime.arrays import Array
from runtime.canny import canny_edges
from runtime.control import Control
from runtime.image_fit import fit_image

Size = tuple[int, int]  # width, height
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R 601


def condition_of(control: Control, size: Size, working_size: Size, how: str = "crop") -> Array:
    """Return (1, 3, H, W) in 0 to 1 at the working size; beyond `size` the last row and column repeat.

    The picture is fitted before anything is drawn of it, so that lines are as sharp as in training.
    """
    drawn = draw_condition(control, size, how)
    pixels = np.asarray(drawn, np.float32) / np.float32(255)
    right, below = (working - side for working, side in zip(working_size, size, strict=True))
    pixels = np.pad(pixels, [(0, below), (0, right), (0, 0)], mode="edge")
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[None])


def draw_condition(control: Control, size: Size, how: str = "crop") -> Image.Image:
    """Return the RGB picture of that size which the net is given."""
    fitted = fit_image(control.picture, *size, how).image
    if control.kind == "none":
        return fitted
    if control.kind == "depth":
        levels = spread(np.asarray(fitted, np.float32))
    elif control.kind == "canny":
        levels = np.where(canny_edges(np.asarray(fitted), *control.thresholds), 255, 0)
    else:
        levels = np.where(drawn_lines(np.asarray(fitted), control.thresholds[0]), 255, 0)
    return Image.fromarray(np.repeat(levels.astype(np.uint8)[..., None], 3, axis=2))


def drawn_lines(pixels: Array, threshold: int) -> "np.ndarray[tuple[int, int], np.dtype[np.bool_]]":
    """Return (H, W), true on the lines of a drawing (H, W, 3): what is rarer, the light or the dark."""
    levels = np.asarray(pixels, np.float32) @ _LUMINANCE
    light = levels > threshold
    return light if light.mean() <= 0.5 else ~light


def spread(depth: Array) -> Array:
    """Return a depth (H, W) as levels 0 to 255, the nearest the brightest; a flat one is 0 everywhere."""
    low, high = float(depth.min()), float(depth.max())
    if high <= low:
        return np.zeros_like(depth)
    return np.asarray(np.round((depth - low) / (high - low) * 255), np.float32)
