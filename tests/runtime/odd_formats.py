"""Valid pictures of the formats besides PNG, and pictures that were never in a file; see odd_pictures."""

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from itertools import chain, product

import numpy as np
from PIL import Image

from runtime.arrays import AnyArray
from tests.runtime import odd_pictures
from tests.runtime.odd_pictures import SIZES, Odd, decoded, noise, on_white, rgb, to_eight
from tests.runtime.picture_writers import COLOUR, chunk, encoded, png, tiff


def valid_pictures() -> list[Odd]:
    """Return every valid picture of the collection."""
    return list(
        chain(
            odd_pictures.png_greys(),
            odd_pictures.png_colours(),
            odd_pictures.png_alphas(),
            odd_pictures.png_palettes(),
            odd_pictures.orientations(),
            jpegs(),
            webps(),
            bmps(),
            tiffs(),
            gifs(),
            netpbms(),
            in_memory(),
            with_company(),
        )
    )


def spread(values: AnyArray, low: float, high: float) -> AnyArray:
    """Scale numbers from low..high to (H, W, 3) uint8."""
    span = float(high) - float(low)
    return rgb(np.rint((values.astype(np.float64) - float(low)) * 255.0 / span).astype(np.uint8))


def jpegs() -> Iterator[Odd]:
    """Lossy: what Pillow alone decodes is what must come out; CMYK is stored inverted, as Adobe does."""
    for progressive, (mode, channels), (width, height) in product(
        (False, True), (("L", 1), ("RGB", 3), ("CMYK", 4)), SIZES
    ):
        pixels = noise(
            channels, height, width, channels, top=32
        )  # Pillow cannot write wilder ones progressively
        image = Image.fromarray(
            pixels[..., 0] if mode == "L" else pixels, mode="CMYK" if mode == "CMYK" else None
        )
        for subsampling in (0, 2) if mode == "RGB" else (0,):
            data = encoded(image, "JPEG", quality=95, progressive=progressive, subsampling=subsampling)
            expected = from_cmyk(plain(data)) if mode == "CMYK" else decoded(data)
            name = f"jpeg-{mode}-{progressive=}-{subsampling}-{width}"
            yield Odd(name=name, source=data, expected=expected)


def plain(data: bytes) -> AnyArray:
    """Return the samples that Pillow decodes, unconverted."""
    with Image.open(BytesIO(data)) as image:
        return np.asarray(image)


def from_cmyk(inks: AnyArray) -> AnyArray:
    """Return Pillow's RGB of (H, W, 4) inks: the paper left by black, less each ink's share of that."""
    levels = inks.astype(np.int64)
    paper = 255 - levels[..., 3:]
    return (paper - (2 * levels[..., :3] * paper + 255) // 510).astype(np.uint8)


def webps() -> Iterator[Odd]:
    for width, height in SIZES:
        pixels = noise(5, height, width, 4)
        pixels[..., 3] |= 1  # colour under full transparency may be dropped by the format
        opaque, image = Image.fromarray(pixels[..., :3]), Image.fromarray(pixels)
        lossless = encoded(opaque, "WEBP", lossless=True)
        yield Odd(name=f"webp-lossless-{width}", source=lossless, expected=pixels[..., :3])
        yield Odd(
            name=f"webp-alpha-{width}",
            source=encoded(image, "WEBP", lossless=True),
            expected=on_white(pixels[..., :3], pixels[..., 3]),
        )
        lossy = encoded(opaque, "WEBP", quality=60)
        yield Odd(name=f"webp-lossy-{width}", source=lossy, expected=decoded(lossy))


def bmps() -> Iterator[Odd]:
    for width, height in SIZES:
        bits, grey, pixels = (
            noise(6, height, width, top=2),
            noise(7, height, width),
            noise(8, height, width, 3),
        )
        palette = noise(9, 256, 3)
        indexed = Image.fromarray(grey, mode="P")
        indexed.putpalette(palette.tobytes())
        for name, image, expected in (
            ("1", Image.fromarray(bits.astype(bool)), rgb(bits * 255)),
            ("L", Image.fromarray(grey), rgb(grey)),
            ("P", indexed, palette[grey]),
            ("RGB", Image.fromarray(pixels), pixels),
        ):
            yield Odd(name=f"bmp-{name}-{width}", source=encoded(image, "BMP"), expected=expected)
    rows = noise(10, 4, 6, 3)
    header = struct.pack("<IiiHHIIiiII", 40, 6, -4, 1, 24, 0, 0, 0, 0, 0, 0)
    pixels_bgr = np.pad(rows[..., ::-1].reshape(4, -1), ((0, 0), (0, 2))).tobytes()
    data = b"BM" + struct.pack("<IHHI", 54 + len(pixels_bgr), 0, 0, 54) + header + pixels_bgr
    yield Odd(name="bmp-top-down", source=data, expected=rows)


def tiffs() -> Iterator[Odd]:
    deep, colour = noise(11, 7, 5, top=65536, dtype=np.uint16), noise(12, 7, 5, 3)
    wide = noise(13, 7, 5, 3, top=65536, dtype=np.uint16)
    whole = noise(14, 7, 5, top=2**31 - 1, dtype=np.int32)
    signed = (noise(15, 7, 5, top=60000, dtype=np.int32) - 30000).astype(np.int16)
    unit = np.random.default_rng(16).random((7, 5), dtype=np.float32)
    for order in "<>":
        for name, data, expected in (
            ("grey16", tiff(deep, order=order), rgb(to_eight(deep, 16))),
            (
                "grey8-white-is-0",
                tiff(colour[..., 0], order=order, tags=[(262, "H", 0)]),
                rgb(255 - colour[..., 0]),
            ),
            ("rgb8", tiff(colour, order=order), colour),
            ("rgb16", tiff(wide, order=order), (wide >> 8).astype(np.uint8)),
            ("int32", tiff(whole, order=order, sample_format=2), spread(whole, whole.min(), whole.max())),
            ("int16", tiff(signed, order=order, sample_format=2), spread(signed, signed.min(), signed.max())),
            ("float-1", tiff(unit, order=order, sample_format=3), spread(unit, 0, 1)),
            (
                "float-255",
                tiff(unit * 255, order=order, sample_format=3),
                spread(unit * np.float32(255), 0, 255),
            ),
        ):
            yield Odd(name=f"tiff-{name}-{order}", source=data, expected=expected)
    images = {
        "1": (Image.fromarray(colour[..., 0] > 99), rgb((colour[..., 0] > 99) * np.uint8(255))),
        "L": (Image.fromarray(colour[..., 0]), rgb(colour[..., 0])),
        "RGB": (Image.fromarray(colour), colour),
        "RGBA": (Image.fromarray(noise(17, 7, 5, 4)), None),
        "LA": (Image.fromarray(noise(18, 7, 5, 2)), None),
        "CMYK": (Image.fromarray(noise(19, 7, 5, 4), mode="CMYK"), from_cmyk(noise(19, 7, 5, 4))),
        "I;16": (Image.fromarray(deep), rgb(to_eight(deep, 16))),
        "F": (Image.fromarray(unit), spread(unit, 0, 1)),
    }
    for packing, (mode, (image, known)) in product(
        ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"), images.items()
    ):
        samples = np.asarray(image)
        expected = on_white(samples[..., :-1], samples[..., -1]) if known is None else known
        data = encoded(image, "TIFF", compression=packing)
        yield Odd(name=f"tiff-{mode}-{packing}", source=data, expected=expected)


def gifs() -> Iterator[Odd]:
    for interlaced, keyed, (width, height) in product((0, 1), (False, True), SIZES[1:]):
        indices, palette = noise(20, height, width), noise(21, 256, 3)
        image = Image.fromarray(indices, mode="P")
        image.putpalette(palette.tobytes())
        key = int(indices[0, 0])
        options = {"transparency": key} if keyed else {}
        data = encoded(image, "GIF", interlace=interlaced, optimize=False, **options)
        alpha = np.where((indices == key) & keyed, 0, 255)
        name = f"gif-{interlaced=}-{keyed=}-{width}"
        yield Odd(name=name, source=data, expected=on_white(palette[indices], alpha))


def netpbms() -> Iterator[Odd]:
    grey, colour = noise(22, 3, 9), noise(23, 3, 9, 3)
    deep = noise(24, 3, 9, top=65536, dtype=np.uint16)
    few = noise(25, 3, 9, top=101)
    unit = np.random.default_rng(26).random((3, 9), dtype=np.float32)
    bits = noise(27, 3, 9, top=2)
    for name, data, expected in (
        ("P4", b"P4 9 3\n" + np.packbits(bits, axis=1).tobytes(), rgb((1 - bits) * 255)),
        ("P5", b"P5\n# a comment\n9 3\n255\n" + grey.tobytes(), rgb(grey)),
        ("P6", b"P6 9 3 255\n" + colour.tobytes(), colour),
        ("P5-16", b"P5 9 3 65535\n" + deep.astype(">u2").tobytes(), rgb(to_eight(deep, 16))),
        ("P5-100", b"P5 9 3 100\n" + few.tobytes(), spread(few, 0, 100)),
        ("Pf", b"Pf\n9 3\n-1.0\n" + unit[::-1].astype("<f4").tobytes(), spread(unit, 0, 1)),
    ):
        yield Odd(name=f"netpbm-{name}", source=data, expected=expected)


def in_memory() -> Iterator[Odd]:
    """Pictures as programs hand them over; what Pillow converts is compared with that."""
    colour, alpha = noise(28, 6, 8, 3), noise(29, 6, 8)
    deep = noise(30, 6, 8, top=65536, dtype=np.uint16)
    base = Image.fromarray(colour)
    for mode in ("CMYK", "YCbCr", "HSV", "LAB", "RGBX"):
        image = base.convert(mode) if mode != "LAB" else Image.fromarray(noise(31, 6, 8, 3), mode="LAB")
        yield Odd(name=f"memory-{mode}", source=image, expected=np.asarray(image.convert("RGB")))
    for mode, kind in (("I;16", "<u2"), ("I;16L", "<u2"), ("I;16B", ">u2")):
        image = Image.frombytes(mode, (8, 6), deep.astype(kind).tobytes())
        yield Odd(name=f"memory-{mode}", source=image, expected=rgb(to_eight(deep, 16)))
    turned = Image.fromarray(colour)
    turned.getexif()[0x0112] = 6
    layered = Image.merge("PA", (Image.fromarray(alpha, mode="P"), Image.fromarray(alpha)))
    layered.putpalette(noise(32, 256, 3).tobytes())
    floats = {
        k: np.linspace(0, k, 48, dtype=np.float32).reshape(6, 8) for k in (0.5, 1.0, 200.0, 65535.0, 1e6)
    }
    for name, image, expected in (
        ("1", Image.fromarray(alpha > 99), rgb((alpha > 99) * np.uint8(255))),
        ("L", Image.fromarray(alpha), rgb(alpha)),
        ("LA", Image.fromarray(np.dstack([alpha, alpha[::-1]])), on_white(alpha[..., None], alpha[::-1])),
        ("RGBA", Image.fromarray(np.dstack([colour, alpha])), on_white(colour, alpha)),
        ("PA", layered, on_white(noise(32, 256, 3)[alpha], alpha)),
        ("turned", turned, np.rot90(colour, -1)),
        ("I", Image.fromarray(deep.astype(np.int32)), rgb(to_eight(deep, 16))),
        ("I-negative", Image.fromarray(deep.astype(np.int32) - 40000), spread(deep, deep.min(), deep.max())),
        ("I-constant", Image.fromarray(np.full((2, 2), -7, np.int32)), np.zeros((2, 2, 3), np.uint8)),
        *(
            (f"F-{k}", Image.fromarray(v), spread(v, 0, next(t for t in (1, 255, 65535, 1e6) if k <= t)))
            for k, v in floats.items()
        ),
    ):
        yield Odd(name=f"memory-{name}", source=image, expected=expected)
    for mode in ("La", "RGBa"):
        image = Image.fromarray(np.dstack([colour, alpha])).convert(mode.replace("a", "A")).convert(mode)
        straight = np.asarray(image.convert(mode.replace("a", "A")))
        expected = on_white(straight[..., :-1], straight[..., -1])
        yield Odd(name=f"memory-{mode}", source=image, expected=expected)


def with_company() -> Iterator[Odd]:
    """Pictures with things around them that are none of our business, or that only look forbidden."""
    colour = noise(33, 8, 8, 3)
    first, second = Image.fromarray(colour), Image.fromarray(255 - colour)
    single = encoded(first, "JPEG", quality=90)
    phone = encoded(first, "MPO", quality=90, save_all=True, append_images=[second])
    whole = png(colour, bits=8, colour=COLOUR)
    frame = chunk(b"acTL", struct.pack(">II", 1, 0)) + chunk(
        b"fcTL", struct.pack(">IIIIIHHBB", 0, 8, 8, 0, 0, 1, 1, 0, 0)
    )
    text = chunk(b"zTXt", b"parameters\0\0" + zlib.compress(b"a cat " * 1000))
    for name, data, expected in (
        ("phone-mpo", phone, decoded(single)),
        ("jpeg-trailer", single + b"SEFT" * 100, decoded(single)),
        ("png-trailer", whole + b"\0" * 50, colour),
        ("png-one-frame", png(colour, bits=8, colour=COLOUR, before=[frame]), colour),
        ("png-text", png(colour, bits=8, colour=COLOUR, before=[text]), colour),
        (
            "png-broken-exif",
            png(colour, bits=8, colour=COLOUR, before=[chunk(b"eXIf", b"II*\0\xff")]),
            colour,
        ),
        (
            "png-odd-orientation",
            png(colour, bits=8, colour=COLOUR, before=[chunk(b"eXIf", odd_pictures.exif(9))]),
            colour,
        ),
        (
            "jpeg-broken-exif",
            encoded(first, "JPEG", quality=90, exif=b"Exif\0\0II*\0\x08\0\0\0\x09\0"),
            decoded(single),
        ),
    ):
        yield Odd(name=name, source=data, expected=expected)
