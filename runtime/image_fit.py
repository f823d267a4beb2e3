"""How a picture, a mask or a depth map of another size meets the size that was asked for."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from runtime.errors import InvalidRequest

RESIZE_MODES = ("crop", "fit", "stretch")
FITTING_MODES = ("RGB", "L", "F")


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A picture at the size that was asked for, and where in it the given picture lies."""

    image: Image.Image
    box: tuple[int, int, int, int]  # left, top, right, bottom; smaller than the image only under "fit"


def check_resize_mode(how: object) -> None:
    """Raise InvalidRequest unless `how` is one of RESIZE_MODES."""
    if how not in RESIZE_MODES:
        raise InvalidRequest(f"resize must be one of {', '.join(RESIZE_MODES)}, got {how!r}")


def fit_image(image: Image.Image, width: int, height: int, how: str) -> Fitted:
    """Return `image` (mode RGB, L or F) at width x height pixels, by Lanczos resampling.

    "crop" fills the size and cuts what is over, equally at both sides; "fit" shows everything, centred, the
    bars filled with the outermost rows or columns; "stretch" changes the proportions. The geometry depends on
    the sizes alone, so a mask or a depth map of the picture's size stays on the picture. A picture that has
    the size already is returned as it is. Mode F never leaves the range of its values.

    Raises:
        InvalidRequest: an unknown `how`, a size below 1, or another mode.
    """
    check_resize_mode(how)
    if width < 1 or height < 1:
        raise InvalidRequest(f"a picture must have at least 1x1 pixels, got {width}x{height}")
    if image.mode not in FITTING_MODES:
        raise InvalidRequest(
            f"only pictures of mode {', '.join(FITTING_MODES)} are resized, got {image.mode!r}: read it first"
        )
    whole = (0, 0, width, height)
    if image.size == (width, height):
        return Fitted(image=image, box=whole)
    if how == "fit":
        return _with_bars(image, width, height)
    box = _centred(image.size, width, height) if how == "crop" else (0.0, 0.0, image.width, image.height)
    return Fitted(image=_resized(image, width, height, box), box=whole)


def _centred(size: tuple[int, int], width: int, height: int) -> tuple[float, float, float, float]:
    """Return the largest centred part of `size` with the proportions of width x height."""
    scale = min(size[0] / width, size[1] / height)
    part = (min(size[0], width * scale), min(size[1], height * scale))
    left, top = (size[0] - part[0]) / 2, (size[1] - part[1]) / 2
    return left, top, left + part[0], top + part[1]


def _with_bars(image: Image.Image, width: int, height: int) -> Fitted:
    scale = min(width / image.width, height / image.height)
    inner_width = min(width, max(1, round(image.width * scale)))
    inner_height = min(height, max(1, round(image.height * scale)))
    left, top = (width - inner_width) // 2, (height - inner_height) // 2
    right, bottom = left + inner_width, top + inner_height
    inner = _resized(image, inner_width, inner_height, (0.0, 0.0, image.width, image.height))
    bars = ((top, height - bottom), (left, width - right), (0, 0))
    pixels = np.asarray(inner)
    filled = Image.fromarray(np.pad(pixels, bars[: pixels.ndim], mode="edge"))
    return Fitted(image=filled, box=(left, top, right, bottom))


def _resized(
    image: Image.Image, width: int, height: int, box: tuple[float, float, float, float]
) -> Image.Image:
    resized = image.resize((width, height), Image.Resampling.LANCZOS, box=box)
    if image.mode != "F":
        return resized
    low, high = image.getextrema()
    return Image.fromarray(np.clip(np.asarray(resized), low, high))  # Lanczos overshoots at edges
