"""Walks through the containers of picture files, by their headers alone: whole, still and no bomb?

Pillow guards pixels above all. Lengths, counts and metadata are walked here first, so that a small file
cannot cost minutes or gigabytes and a cut one is not taken for a picture. Each walk raises Unreadable, or
struct.error where the file ends inside a field.
"""

import re
import struct
import zlib
from collections.abc import Callable
from typing import BinaryIO

from runtime.image_limits import (
    AS_PNG,
    MAX_CHANNELS,
    MAX_METADATA,
    MAX_PIXELS,
    MAX_SCANS,
    ONE,
    Unreadable,
    check_metadata,
    check_parts,
    too_many_pixels,
)
from runtime.image_tiff import check_tags, first_directory

BLOCK = 2**20
PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of each colour type
HUFFMAN_FRAMES = (0xC0, 0xC1, 0xC2, 0xC3)
JPEG_DENSEST = 512  # pixels a byte: a Huffman code has a bit at least, a block of 8x8 pixels a code
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def _check_png(file: BinaryIO, size: int) -> None:
    """Every chunk lies in the file with its checksum, up to IEND, and every row is there.

    Pillow checks neither the checksums of the pixels nor that the rows are complete: it leaves them black.
    """
    file.seek(8)
    metadata = chunks = missing = 0
    inflate = zlib.decompressobj()
    while True:
        length, kind = struct.unpack(">I4s", file.read(8))
        if file.tell() + length + 4 > size:
            raise Unreadable("is cut off")
        chunks += 1
        metadata += 0 if kind == b"IDAT" else length
        check_parts(chunks)
        check_metadata(metadata)
        crc = zlib.crc32(kind)
        content, step = b"", BLOCK if kind == b"IDAT" else MAX_METADATA
        for start in range(0, length, step):
            content = file.read(min(step, length - start))
            crc = zlib.crc32(content, crc)
            if kind == b"IDAT":
                missing -= _inflated(inflate, content, missing)
        if struct.unpack(">I", file.read(4))[0] != crc:
            raise Unreadable(f"is damaged: the checksum of its {kind.decode('latin-1')!a} part is wrong")
        if kind == b"IHDR":
            missing = _png_bytes(content)
        elif kind == b"eXIf":
            check_tags(content)
        elif kind == b"acTL" and struct.unpack_from(">I", content)[0] > 1:
            raise Unreadable("is animated", ONE)
        elif kind == b"IEND":
            break
    if missing > 0:
        raise Unreadable("lacks some of its rows")


def _png_bytes(header: bytes) -> int:
    """Return how many bytes the rows of a PNG have, unpacked; 0 for a header that Pillow will refuse."""
    width, height, bits, colour, interlaced = struct.unpack_from(">IIBBxxB", header)
    if width * height > MAX_PIXELS:
        raise too_many_pixels(f"{width}x{height} pixels")
    depth = bits * PNG_CHANNELS.get(colour, 0)
    total = 0
    for left, top, right, down in ADAM7 if interlaced else ((0, 0, 1, 1),):
        across, rows = -(-(width - left) // right), -(-(height - top) // down)
        total += rows * (1 + -(-across * depth // 8)) if across > 0 and rows > 0 else 0
    return total if depth else 0


def _inflated(inflate: "zlib._Decompress", packed: bytes, wanted: int) -> int:
    """Return how many bytes come out of `packed`, counted until they are enough."""
    count = 0
    while packed and count < wanted:
        count += len(inflate.decompress(packed, BLOCK))
        packed = inflate.unconsumed_tail
    return count


def _check_jpeg(file: BinaryIO, size: int) -> None:
    """The segments lie in the file, a scan follows, and the end is marked."""
    file.seek(2)
    metadata = 0
    while True:
        mark, code = struct.unpack(">BB", file.read(2))
        while code == 0xFF:  # fill bytes
            code = file.read(1)[0] if file.tell() < size else 0xD9
        if mark != 0xFF or code == 0xD9:
            raise Unreadable("is damaged: no picture follows its header")
        if code == 0x01 or 0xD0 <= code <= 0xD8:
            continue
        length = struct.unpack(">H", file.read(2))[0]
        content = file.read(max(0, length - 2))
        if len(content) != length - 2:
            raise Unreadable("is cut off")
        if code == 0xDA:
            break
        metadata += length
        check_metadata(metadata)
        if code in HUFFMAN_FRAMES:
            height, width = struct.unpack_from(">xHH", content)
            if width * height > MAX_PIXELS:
                raise too_many_pixels(f"{width}x{height} pixels")
            if size * JPEG_DENSEST < width * height:
                raise Unreadable("is cut off")
        if code == 0xE1 and content.startswith(b"Exif\0\0"):
            check_tags(content[6:])
    scans, last = 1, b""
    while block := file.read(BLOCK):
        end = (last + block).find(b"\xff\xd9")
        scans += (last + block)[: None if end < 0 else end].count(b"\xff\xda")
        if scans > MAX_SCANS:
            raise Unreadable(f"is drawn in more than {MAX_SCANS} passes", AS_PNG)
        if end >= 0:
            return
        last = block[-1:]
    raise Unreadable("is cut off")


def _check_gif(file: BinaryIO, size: int) -> None:
    """One image, its blocks inside the file."""
    flags = struct.unpack("<10xB2x", file.read(13))[0]
    file.seek(3 << (flags % 8 + 1) if flags & 128 else 0, 1)
    images = parts = metadata = 0
    while block := file.read(1):
        if block == b"!":
            file.read(1)
        elif block == b",":
            images += 1
            flags = struct.unpack("<8xB", file.read(9))[0]
            file.seek((3 << (flags % 8 + 1) if flags & 128 else 0) + 1, 1)
        elif block == b";":
            break
        else:
            raise Unreadable("is damaged: a block of an unknown kind is in it")
        if images > 1:
            raise Unreadable("is animated", ONE)
        while length := struct.unpack("B", file.read(1))[0]:
            parts += 1
            metadata += length if block == b"!" else 0
            check_parts(parts)
            check_metadata(metadata)
            file.seek(length, 1)
    if not images:
        raise Unreadable("is cut off")


def _check_webp(file: BinaryIO, size: int) -> None:
    """The announced length is there, and little of it is metadata."""
    total = struct.unpack("<4xI4x", file.read(12))[0]
    if total + 8 > size:
        raise Unreadable("is cut off")
    metadata = parts = 0
    while file.tell() + 8 <= total + 8:
        kind, length = struct.unpack("<4sI", file.read(8))
        parts += 1
        metadata += 0 if kind in (b"VP8 ", b"VP8L", b"ALPH", b"ANMF") else length
        check_parts(parts)
        check_metadata(metadata)
        file.seek(length + length % 2, 1)


def _check_tiff(file: BinaryIO, size: int) -> None:
    """One page, whose tags are no bomb."""
    file.seek(0)
    directory = first_directory(file, size)
    if directory.pages > 1:
        raise Unreadable("has several pages", ONE)
    if directory.channels > MAX_CHANNELS:
        raise Unreadable(f"has {directory.channels} channels", AS_PNG)
    if directory.tile_pixels > MAX_PIXELS:
        raise too_many_pixels(f"tiles of {directory.tile_pixels} pixels")


def _check_pnm(file: BinaryIO, size: int) -> None:
    """The header is short: Pillow reads it byte by byte."""
    head = re.sub(rb"#[^\r\n]*[\r\n]", b" ", file.read(1024))
    if not re.match(rb"P(4\s+\d+|[56f]\s+\d+\s+\d+)\s+[-+.\deE]+\s", head):
        raise Unreadable("is damaged: its header is not complete")


def _check_nothing(file: BinaryIO, size: int) -> None:
    """A BMP has no metadata, and Pillow sees that its pixels are there."""


CHECKS: dict[str, Callable[[BinaryIO, int], None]] = {
    "PNG": _check_png,
    "JPEG": _check_jpeg,
    "GIF": _check_gif,
    "WEBP": _check_webp,
    "TIFF": _check_tiff,
    "BMP": _check_nothing,
    "PPM": _check_pnm,
}
