"""Every mode that Pillow decodes to, brought to RGB, grey or float by one exact rule each."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from runtime.arrays import AnyArray, Array
from runtime.image_limits import Unreadable

WHITE, BLACK = 255, 0
SIXTEEN_BIT = ("I;16", "I;16L", "I;16B", "I;16N")
WIDE = (*SIXTEEN_BIT, "I", "F")
PREMULTIPLIED = {"La": "LA", "RGBa": "RGBA"}
FLOAT_RANGES = ((0.0, 1.0), (0.0, 255.0), (0.0, 65535.0))
INTEGER_RANGES = ((0.0, 65535.0),)
TO_EIGHT_BITS = ((np.arange(65536) + 128) // 257).astype(np.uint8)  # round(v / 257): 257 is odd, no ties

UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # EXIF orientation -> what undoes it

# A PNG's colour key counts in the file's own bits, Pillow's pixels in eight: raw mode -> factor.
KEY_SCALE = {"1": 255.0, "L;2": 85.0, "L;4": 17.0, "RGB;16B": 1 / 256}


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """A decoded picture, with what its pixels do not say."""

    image: Image.Image
    orientation: int = 1  # of EXIF, 1 to 8
    key: tuple[int, ...] | None = None  # the colour that is transparent, in the picture's own levels


def key_of(image: Image.Image, rawmode: str) -> tuple[int, ...] | None:
    """Return the colour that a picture without alpha declares transparent, in the levels of its pixels.

    16-bit colour is read by its high byte, and so is its key.
    """
    key = image.info.get("transparency")
    if image.mode in ("P", "PA", "LA", "RGBA") or not isinstance(key, (int, tuple)):
        return None
    scale = KEY_SCALE.get(rawmode, 1.0)
    return tuple(int(level * scale) for level in (key if isinstance(key, tuple) else (key,)))


def as_rgb(picture: Decoded) -> Image.Image:
    """Return mode RGB, upright, transparent parts on white."""
    return _plain(picture, WHITE, "RGB")


def as_grey(picture: Decoded) -> Image.Image:
    """Return mode L by luminance, upright, transparent parts black."""
    return _plain(picture, BLACK, "L")


def as_depth(picture: Decoded) -> Array:
    """Return (H, W) float32 in the picture's own units, upright, transparent parts 0."""
    if picture.image.mode not in WIDE:
        return np.asarray(as_grey(picture), dtype=np.float32)
    values = np.asarray(picture.image)
    depth = _finite(values).astype(np.float32)
    if picture.key is not None:
        depth[values == picture.key[0]] = BLACK
    return np.asarray(_upright(Image.fromarray(depth), picture.orientation), dtype=np.float32)


def _plain(picture: Decoded, paper: int, mode: str) -> Image.Image:
    """Return a picture of our own: nothing of the file but its pixels goes on, no place, no profile."""
    image = _upright(_flattened(picture, paper), picture.orientation)
    if image is picture.image or image.mode != mode:
        image = image.convert(mode)
    image.info = {}
    return image


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    method = UPRIGHT.get(orientation)
    return image if method is None else image.transpose(method)


def _flattened(picture: Decoded, paper: int) -> Image.Image:
    """Return the picture in mode L or RGB with nothing transparent left in it."""
    image = picture.image
    if image.mode in WIDE:
        values = np.asarray(image)
        grey = TO_EIGHT_BITS[values] if image.mode in SIXTEEN_BIT else _scaled(_finite(values), image.mode)
        return Image.fromarray(_keyed(grey, values, picture.key, paper))
    if image.mode in PREMULTIPLIED:
        image = image.convert(PREMULTIPLIED[image.mode])
    if image.mode == "PA" or (image.mode == "P" and "transparency" in image.info):
        image = image.copy().convert("RGBA")  # a copy: Pillow writes the transparency into the palette
    if image.mode in ("LA", "RGBA"):
        canvas = Image.new(image.mode.removesuffix("A"), image.size, (paper,) * (len(image.mode) - 1))
        canvas.paste(image, mask=image.getchannel("A"))  # rounds to the nearest level
        return canvas
    if image.mode not in ("L", "RGB"):
        image = image.convert("L" if image.mode == "1" else "RGB")
    if picture.key is None:
        return image
    pixels = np.asarray(image)
    return Image.fromarray(_keyed(pixels.copy(), pixels, picture.key, paper))


def _keyed(pixels: AnyArray, values: AnyArray, key: tuple[int, ...] | None, paper: int) -> AnyArray:
    """Write `paper` into (H, W) or (H, W, 3) uint8 `pixels` wherever `values` are the key."""
    if key is not None:
        hit = values == np.array(key if values.ndim == 3 else key[0])
        pixels[hit.all(axis=2) if values.ndim == 3 else hit] = paper
    return pixels


def _scaled(values: AnyArray, mode: str) -> AnyArray:
    """Scale (H, W) numbers of mode I or F to uint8 from the first range that holds them all."""
    low, high = float(values.min()), float(values.max())
    ranges = FLOAT_RANGES if mode == "F" else INTEGER_RANGES
    bottom, top = next(((a, b) for a, b in ranges if a <= low and high <= b), (low, high))
    levels = (values.astype(np.float64) - bottom) * (255.0 / (top - bottom)) if top > bottom else 0.0 * values
    return np.rint(levels).astype(np.uint8)


def _finite(values: AnyArray) -> AnyArray:
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise Unreadable(
            f"holds {int((~np.isfinite(values)).sum())} values that are not finite numbers",
            "fill these places before giving it",
        )
    return values
