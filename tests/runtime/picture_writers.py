"""Writers of picture files after the formats' specifications, without Pillow: every sample is ours."""

import struct
import zlib
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from runtime.arrays import AnyArray

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
GREY, COLOUR, PALETTE, GREY_ALPHA, COLOUR_ALPHA = 0, 2, 3, 4, 6
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def chunk(kind: bytes, content: bytes, *, crc: int | None = None) -> bytes:
    """Return a PNG chunk, its checksum right unless `crc` is given."""
    check = zlib.crc32(kind + content) if crc is None else crc
    return struct.pack(">I4s", len(content), kind) + content + struct.pack(">I", check)


def ihdr(width: int, height: int, bits: int = 8, colour: int = COLOUR, interlaced: bool = False) -> bytes:
    """Return the header chunk of a PNG."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlaced))


def scanlines(samples: AnyArray, bits: int) -> bytes:
    """Return (H, W, C) samples as PNG rows of `bits` each, filter type none."""
    rows = samples.reshape(len(samples), -1)
    if bits == 16:
        packed = rows.astype(">u2").view(np.uint8).reshape(len(rows), -1)
    else:
        spread = (rows[:, :, None] >> np.arange(bits - 1, -1, -1)) & 1
        packed = np.packbits(spread.reshape(len(rows), -1).astype(np.uint8), axis=1)
    return np.pad(packed, ((0, 0), (1, 0))).tobytes()


def png(
    samples: AnyArray,
    *,
    bits: int,
    colour: int,
    interlaced: bool = False,
    before: Sequence[bytes] = (),
    after: Sequence[bytes] = (),
) -> bytes:
    """Return (H, W, C) samples as a PNG file, with further chunks before and after the pixels."""
    passes = ADAM7 if interlaced else ((0, 0, 1, 1),)
    parts = (samples[top::down, left::right] for left, top, right, down in passes)
    pixels = zlib.compress(b"".join(scanlines(part, bits) for part in parts if part.size))
    header = ihdr(samples.shape[1], samples.shape[0], bits, colour, interlaced)
    return b"".join((PNG_MAGIC, header, *before, chunk(b"IDAT", pixels), *after, chunk(b"IEND", b"")))


def tiff(samples: AnyArray, *, order: str = "<", sample_format: int = 1, tags: Sequence[Any] = ()) -> bytes:
    """Return (H, W) or (H, W, C) samples as an uncompressed TIFF in one strip.

    `tags` are further (tag, type code, value) with one number each; they replace what is there.
    """
    samples = samples.reshape(*samples.shape[:2], -1)
    height, width, channels = samples.shape
    bits = samples.dtype.itemsize * 8
    data = samples.astype(samples.dtype.newbyteorder(order)).tobytes()
    fields = {
        256: ("I", width),
        257: ("I", height),
        258: ("H", bits),
        259: ("H", 1),
        262: ("H", 1 if channels == 1 else 2),
        273: ("I", 8),
        277: ("H", channels),
        278: ("I", height),
        279: ("I", len(data)),
        339: ("H", sample_format),
    } | {tag: (code, value) for tag, code, value in tags}
    start = 8 + len(data) + len(data) % 2
    extra = b""
    directory = struct.pack(order + "H", len(fields))
    for tag in sorted(fields):
        code, value = fields[tag]
        count = channels if tag == 258 and channels > 2 else 1
        if count > 1:  # the depth of each channel does not fit into the entry
            content = struct.pack(order + "I", start + 2 + 12 * len(fields) + 4)
            extra = struct.pack(f"{order}{channels}H", *[value] * channels)
        else:
            content = struct.pack(order + code, value).ljust(4, b"\0")
        directory += struct.pack(order + "HHI", tag, {"B": 1, "H": 3, "I": 4}[code], count) + content
    header = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", start)
    return header + data + b"\0" * (len(data) % 2) + directory + struct.pack(order + "I", 0) + extra


def exif(orientation: int, order: str = "<") -> bytes:
    """Return an EXIF block that tells the orientation and nothing else."""
    header = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    entry = struct.pack(order + "HHIHxx", 0x0112, 3, 1, orientation)
    return header + struct.pack(order + "H", 1) + entry + struct.pack(order + "I", 0)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Return what Pillow writes for a picture."""
    file = BytesIO()
    image.save(file, format=kind, **options)
    return file.getvalue()
