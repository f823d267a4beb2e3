"""Valid pictures of every kind, each with the RGB pixels it must become, computed from its samples."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from PIL import Image

from runtime.arrays import AnyArray
from tests.runtime.picture_writers import (
    COLOUR,
    COLOUR_ALPHA,
    GREY,
    GREY_ALPHA,
    PALETTE,
    chunk,
    encoded,
    exif,
    png,
    tiff,
)

SIZES = ((1, 1), (5, 7), (4096, 3), (3, 4096))  # width, height
UPRIGHT: dict[int, Callable[[AnyArray], AnyArray]] = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: np.rot90(a, 1),
}  # where the first row and the first column of the file belong, as EXIF 2.3 numbers it


@dataclass(frozen=True, kw_only=True)
class Odd:
    """A valid picture: what is given, and the (H, W, 3) uint8 it must become."""

    name: str
    source: bytes | Image.Image
    expected: AnyArray


def noise(seed: int, *shape: int, top: int = 256, dtype: type = np.uint8) -> AnyArray:
    """Return whole numbers from 0 to `top` - 1, each about equally often."""
    return np.random.default_rng(seed).integers(0, top, shape).astype(dtype)


def rgb(grey: AnyArray) -> AnyArray:
    """Return (H, W) as (H, W, 3)."""
    return np.repeat(grey.reshape(*grey.shape[:2], 1), 3, axis=2)


def on_white(colour: AnyArray, alpha: AnyArray) -> AnyArray:
    """Composite (H, W, C) on white in whole numbers, rounded to the nearest level."""
    c, a = colour.astype(np.int64), alpha.astype(np.int64).reshape(*alpha.shape[:2], 1)
    return rgb_like((2 * (c * a + 255 * (255 - a)) + 255) // 510)


def rgb_like(values: AnyArray) -> AnyArray:
    """Return (H, W, 1 or 3) levels as (H, W, 3) uint8."""
    return (rgb(values) if values.shape[2] == 1 else values).astype(np.uint8)


def to_eight(samples: AnyArray, bits: int) -> AnyArray:
    """Scale grey samples of 1 to 16 bits to 8 bits, rounded to the nearest level."""
    return np.rint(samples * 255.0 / (2**bits - 1)).astype(np.uint8)


def png_greys() -> Iterator[Odd]:
    for bits, keyed, interlaced, (width, height) in product(
        (1, 2, 4, 8, 16), (False, True), (False, True), SIZES[1:3]
    ):
        samples = noise(bits, height, width, 1, top=2**bits, dtype=np.uint16)
        key = int(samples[-1, -1, 0])
        before = [chunk(b"tRNS", key.to_bytes(2, "big"))] if keyed else []
        shown = np.where((samples == key) & keyed, 255, to_eight(samples, bits))
        data = png(samples, bits=bits, colour=GREY, interlaced=interlaced, before=before)
        yield Odd(
            name=f"png-grey{bits}-{keyed=}-{interlaced=}-{width}", source=data, expected=rgb_like(shown)
        )


def png_colours() -> Iterator[Odd]:
    for bits, keyed, interlaced, (width, height) in product((8, 16), (False, True), (False, True), SIZES[:2]):
        samples = noise(bits + 1, height, width, 3, top=2**bits, dtype=np.uint16)
        key = samples[0, 0]
        before = [chunk(b"tRNS", key.astype(">u2").tobytes())] if keyed else []
        hit = (samples == key).all(axis=2, keepdims=True) & keyed
        high = samples >> (bits - 8)  # of 16 bits Pillow reads the high byte
        data = png(samples, bits=bits, colour=COLOUR, interlaced=interlaced, before=before)
        yield Odd(
            name=f"png-rgb{bits}-{keyed=}-{interlaced=}-{width}",
            source=data,
            expected=np.where(hit, 255, high).astype(np.uint8),
        )


def png_alphas() -> Iterator[Odd]:
    for bits, (colour, channels), interlaced, (width, height) in product(
        (8, 16), ((GREY_ALPHA, 2), (COLOUR_ALPHA, 4)), (False, True), SIZES
    ):
        samples = noise(bits + channels, height, width, channels, top=2**bits, dtype=np.uint16)
        high = samples >> (bits - 8)
        data = png(samples, bits=bits, colour=colour, interlaced=interlaced)
        yield Odd(
            name=f"png-alpha{channels}x{bits}-{interlaced=}-{width}",
            source=data,
            expected=on_white(high[..., :-1], high[..., -1]),
        )


def png_palettes() -> Iterator[Odd]:
    for bits, alphas, interlaced in product((1, 2, 4, 8), ("none", "many", "one"), (False, True)):
        count = 2**bits
        palette, samples = noise(bits, count, 3), noise(bits + 20, 9, 13, 1, top=count)
        alpha = {"none": np.full(count, 255), "many": noise(bits + 40, count), "one": np.full(count, 255)}[
            alphas
        ]
        if alphas == "one":
            alpha[count // 2] = 0
        table = [chunk(b"PLTE", palette.tobytes())]
        if alphas != "none":
            table.append(chunk(b"tRNS", alpha.astype(np.uint8).tobytes()))
        yield Odd(
            name=f"png-palette{bits}-alpha={alphas}-{interlaced=}",
            source=png(samples, bits=bits, colour=PALETTE, interlaced=interlaced, before=table),
            expected=on_white(palette[samples[..., 0]], alpha[samples[..., 0]]),
        )


def orientations() -> Iterator[Odd]:
    pixels, deep = noise(1, 6, 4, 3), noise(2, 6, 4, 1, top=65536, dtype=np.uint16)
    image = Image.fromarray(noise(3, 48, 32, 3))
    jpeg = decoded(encoded(image, "JPEG", quality=90))
    for number, turn in UPRIGHT.items():
        order = "<>"[number % 2]
        block = exif(number, order)
        lossless = {
            "png": png(pixels, bits=8, colour=COLOUR, before=[chunk(b"eXIf", block)]),
            "png-late": png(pixels, bits=8, colour=COLOUR, after=[chunk(b"eXIf", block)]),
            "webp": encoded(Image.fromarray(pixels), "WEBP", lossless=True, exif=block),
            "tiff": tiff(pixels, order=order, tags=[(274, "H", number)]),
            "tiff-lzw": encoded(
                Image.fromarray(pixels), "TIFF", compression="tiff_lzw", tiffinfo={274: number}
            ),
        }
        for kind, data in lossless.items():
            yield Odd(name=f"{kind}-orientation{number}", source=data, expected=turn(pixels))
        yield Odd(
            name=f"png16-orientation{number}",
            source=png(deep, bits=16, colour=GREY, before=[chunk(b"eXIf", block)]),
            expected=turn(rgb(to_eight(deep, 16))),
        )
        data = encoded(image, "JPEG", quality=90, exif=b"Exif\0\0" + block)
        yield Odd(name=f"jpeg-orientation{number}", source=data, expected=turn(jpeg))


def decoded(data: bytes) -> AnyArray:
    """Return what Pillow alone makes of a picture without transparency."""
    from io import BytesIO

    with Image.open(BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))
