"""The tags of a TIFF file or an EXIF block, which is one too, walked without reading large values."""

import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from runtime.image_limits import check_metadata

ORIENTATION = 0x0112
EXIF_DIRECTORY, USER_COMMENT = 0x8769, 0x9286
SAMPLES, TILE_WIDTH, TILE_LENGTH = 277, 322, 323
NESTED = (34665, 34853, 40965)  # the EXIF, GPS and interoperability directories
SIZES = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}


@dataclass(frozen=True, kw_only=True)
class Directory:
    """What matters of a TIFF's first directory."""

    pages: int
    channels: int
    tile_pixels: int


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where the fields of a classic TIFF or a BigTIFF lie."""

    order: str  # of bytes, as struct spells it
    big: bool

    @property
    def offset(self) -> str:
        """The struct code of an offset."""
        return self.order + ("Q" if self.big else "I")


def first_directory(file: BinaryIO, size: int) -> Directory:
    """Walk the first directory of a TIFF and those nested in it.

    Raises Unreadable when its tags are out of proportion, struct.error when it lies outside the file.
    """
    layout, start = _header(file)
    numbers = {SAMPLES: 1, TILE_WIDTH: 0, TILE_LENGTH: 0}
    nested: list[int] = []
    metadata = 0
    for tag, length, value in _entries(file, size, layout, start):
        metadata += length
        check_metadata(metadata)
        if tag in numbers:
            numbers[tag] = value
        if tag in NESTED:
            nested.append(value)
    (following,) = struct.unpack(layout.offset, file.read(struct.calcsize(layout.offset)))
    for place in nested:
        for _, length, _ in _entries(file, size, layout, place):
            metadata += length
            check_metadata(metadata)
    return Directory(
        pages=1 + bool(following),
        channels=numbers[SAMPLES],
        tile_pixels=numbers[TILE_WIDTH] * numbers[TILE_LENGTH],
    )


def check_tags(block: bytes) -> None:
    """Raise Unreadable when an EXIF block announces metadata out of proportion.

    One that is merely broken is no obstacle: it will count as none.
    """
    with suppress(struct.error):
        first_directory(BytesIO(block), len(block))


def exif_orientation(block: bytes) -> int:
    """Return the orientation, 1 to 8, that an EXIF block tells; 1 where it tells none or is broken."""
    block = block.removeprefix(b"Exif\0\0")
    file = BytesIO(block)
    try:
        layout, start = _header(file)
        found = [value for tag, _, value in _entries(file, len(block), layout, start) if tag == ORIENTATION]
    except struct.error:
        return 1
    return found[0] if found and 1 <= found[0] <= 8 else 1


def exif_comment(block: bytes) -> bytes:
    """Return the UserComment of an EXIF block with the eight bytes that name its encoding; empty without one.

    Raises struct.error for a broken block, Unreadable for one out of proportion.
    """
    block = block.removeprefix(b"Exif\0\0")
    file = BytesIO(block)
    layout, start = _header(file)
    nested = [value for tag, _, value in _entries(file, len(block), layout, start) if tag == EXIF_DIRECTORY]
    for directory in nested[:1]:
        for tag, length, value in _entries(file, len(block), layout, directory):
            if tag == USER_COMMENT:
                return block[value : value + length]
    return b""


def _header(file: BinaryIO) -> tuple[Layout, int]:
    """Return the layout and the place of the first directory."""
    head = file.read(8)
    layout = Layout(order=">" if head[:2] == b"MM" else "<", big=head[2:4] in (b"+\0", b"\0+"))
    if layout.big:
        head = file.read(8)
        return layout, struct.unpack(layout.order + "Q", head)[0]
    return layout, struct.unpack(layout.order + "4xI", head)[0]


def _entries(file: BinaryIO, size: int, layout: Layout, start: int) -> Iterator[tuple[int, int, int]]:
    """Yield (tag, bytes of its value, its value when it is one number, else where it lies) of a directory."""
    if start >= size:
        raise struct.error(f"a directory at {start}, after the end at {size}")
    file.seek(start)
    count_code = layout.order + ("Q" if layout.big else "H")
    entry = layout.order + ("HHQ8s" if layout.big else "HHI4s")
    (count,) = struct.unpack(count_code, file.read(struct.calcsize(count_code)))
    check_metadata(count)
    for _ in range(count):
        tag, kind, number, field = struct.unpack(entry, file.read(struct.calcsize(entry)))
        length = number * SIZES.get(kind, 1)
        code = layout.order + {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q"}.get(kind, "I")
        if length > len(field):
            code = layout.offset
        yield tag, length, struct.unpack_from(code, field.ljust(8, b"\0"))[0]
