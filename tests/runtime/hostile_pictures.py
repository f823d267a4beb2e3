"""Pictures that must be refused: cut ones, broken PNGs, bombs, other kinds, and odd paths."""

import gzip
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from tests.runtime.odd_pictures import noise
from tests.runtime.picture_writers import (
    COLOUR,
    GREY,
    PALETTE,
    PNG_MAGIC,
    chunk,
    encoded,
    ihdr,
    png,
    scanlines,
    tiff,
)

COLOURS = noise(50, 24, 20, 3)
PICTURE = Image.fromarray(COLOURS)
END = chunk(b"IEND", b"")


@dataclass(frozen=True, kw_only=True)
class Hostile:
    """What must be refused: `make` returns it, given a folder to write into."""

    name: str
    make: Callable[[Path], object]


def given(name: str, source: object) -> Hostile:
    return Hostile(name=name, make=lambda folder: source)


def good_files() -> dict[str, bytes]:
    """One sound file of each kind, to be damaged."""
    deep = noise(51, 24, 20, top=65536, dtype=np.uint16)
    return {
        "png": png(COLOURS, bits=8, colour=COLOUR),
        "png-interlaced": png(COLOURS, bits=8, colour=COLOUR, interlaced=True),
        "png16": png(deep[..., None], bits=16, colour=GREY),
        "jpeg": encoded(PICTURE, "JPEG"),
        "jpeg-progressive": encoded(PICTURE, "JPEG", progressive=True),
        "webp": encoded(PICTURE, "WEBP"),
        "webp-lossless": encoded(PICTURE, "WEBP", lossless=True),
        "bmp": encoded(PICTURE, "BMP"),
        "gif": encoded(PICTURE.convert("P"), "GIF"),
        "tiff": tiff(COLOURS),
        "tiff-lzw": encoded(PICTURE, "TIFF", compression="tiff_lzw"),
        "pgm": b"P5 20 24 65535\n" + deep.astype(">u2").tobytes(),
        "pfm": b"Pf 20 24 -1\n" + deep.astype("<f4").tobytes(),
    }


def cut() -> Iterator[Hostile]:
    for kind, data in good_files().items():
        for share in (0.01, 0.03, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9):
            yield given(f"{kind}-cut-at-{share}", data[: int(len(data) * share)])
        if kind.startswith(("png", "jpeg", "webp")):
            yield given(f"{kind}-last-byte-missing", data[:-1])


def broken_png() -> Iterator[Hostile]:
    sound = good_files()["png"]
    for place in range(8, 33):  # the header chunk: its length, its name, its 13 bytes, its checksum
        flipped = bytearray(sound)
        flipped[place] ^= 1 << place % 8
        yield given(f"png-header-bit-{place}", bytes(flipped))
    for place in range(45, len(sound) - 16, (len(sound) - 60) // 20):
        flipped = bytearray(sound)
        flipped[place] ^= 1 << place % 8
        yield given(f"png-pixel-bit-{place}", bytes(flipped))
    pixels = chunk(b"IDAT", zlib.compress(scanlines(COLOURS, 8)))
    for width, height, bits, colour in (
        *((20, 24, bits, COLOUR) for bits in (0, 1, 3, 4, 17, 32, 255)),
        *((20, 24, 8, colour) for colour in (1, 5, 7, 255)),
        *((20, 24, 16, PALETTE), (0, 24, 8, COLOUR), (20, 0, 8, COLOUR), (0, 0, 8, GREY)),
        *((20, 25, 8, COLOUR), (21, 24, 8, COLOUR), (2000, 2000, 8, COLOUR), (7999, 7999, 8, COLOUR)),
    ):
        header = ihdr(width, height, bits, colour)
        yield given(f"png-header-{width}x{height}-{bits}-{colour}", PNG_MAGIC + header + pixels + END)
    header = ihdr(20, 24)
    for name, parts in (
        ("no-pixels", [header, END]),
        ("no-header", [pixels, END]),
        ("magic-alone", []),
        ("header-alone", [header]),
        ("no-end", [header, pixels]),
        ("short-header", [chunk(b"IHDR", b"\0\0\0\1"), pixels, END]),
        ("empty-pixels", [header, chunk(b"IDAT", b""), END]),
        ("noise-for-pixels", [header, chunk(b"IDAT", noise(52, 999).tobytes()), END]),
        ("half-the-rows", [header, chunk(b"IDAT", zlib.compress(scanlines(COLOURS[:12], 8))), END]),
        ("unknown-filter", [header, chunk(b"IDAT", zlib.compress(b"\x09" * 61 * 24)), END]),
        ("name-of-no-letters", [header, chunk(b"\0\1\2\3", b""), pixels, END]),
        ("wrong-pixel-checksum", [header, chunk(b"IDAT", pixels[8:-4], crc=1), END]),
        ("length-of-4-gib", [header, b"\xff\xff\xff\xfftEXt", pixels, END]),
        ("length-to-the-end", [header, struct.pack(">I", len(pixels) + 30) + b"tEXt", pixels, END]),
    ):
        yield given(f"png-{name}", b"".join([PNG_MAGIC, *parts]))


def bomb_of(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it has that many pixels."""
    return PNG_MAGIC + ihdr(width, height, 1, GREY) + chunk(b"IDAT", zlib.compress(bytes(9999), 9)) + END


def bombs_in_png() -> Iterator[Hostile]:
    flat = zlib.compress(bytes(100_000_000), 9)  # 97 KB
    a_mega = zlib.compress(bytes(1_000_000), 9)
    endless = b"II*\0\x08\0\0\0\1\0" + struct.pack("<HHII", 1, 4, 2**32 - 1, 8)
    tags = struct.pack("<HHII", 1, 2, 60_000, 8) + struct.pack("<HHII", 1, 2, 60_000, 8)
    for name, chunks in (
        ("zTXt", [chunk(b"zTXt", b"Comment\0\0" + flat)]),
        ("iTXt", [chunk(b"iTXt", b"Comment\0\1\0\0\0" + flat)]),
        ("iCCP", [chunk(b"iCCP", b"sRGB\0\0" + flat)]),
        ("many-zTXt", [chunk(b"zTXt", b"Comment\0\0" + a_mega)] * 100),
        ("many-iTXt", [chunk(b"iTXt", b"Comment\0\1\0\0\0" + a_mega)] * 100),
        ("tEXt-of-9-mb", [chunk(b"tEXt", b"Comment\0" + bytes(9_000_000))]),
        ("unknown-of-9-mb", [chunk(b"prVt", bytes(9_000_000))]),
        ("exif-tags-on-one-place", [chunk(b"eXIf", b"II*\0\x08\0\0\0\xff\xff" + tags * 30_000)]),
        ("exif-tag-of-4-gib", [chunk(b"eXIf", endless)]),
        ("million-parts", [chunk(b"prVt", b"")] * 700_000),
        ("animated", [chunk(b"acTL", struct.pack(">II", 2, 0))]),
        ("animated-a-million-times", [chunk(b"acTL", struct.pack(">II", 10**6, 0))]),
    ):  # fmt: skip
        yield Hostile(
            name=f"png-bomb-{name}",
            make=lambda folder, chunks=chunks: png(COLOURS, bits=8, colour=COLOUR, before=chunks),
        )
    for width, height in (
        *((8001, 8000), (9000, 9000), (20000, 20000), (65535, 65535), (2**31 - 1, 2**31 - 1)),
        *((1, 64_000_001), (64_000_001, 1), (2**31 - 1, 1), (2**32 - 1, 2**32 - 1)),
    ):
        pixels = chunk(b"IDAT", zlib.compress(bytes(10_000_000), 9))
        yield given(f"png-bomb-{width}x{height}", PNG_MAGIC + ihdr(width, height, 1, GREY) + pixels + END)
    whole = zlib.compress(bytes(9000 * 9001), 9)
    content = PNG_MAGIC + ihdr(9000, 9000, 8, GREY) + chunk(b"IDAT", whole) + END
    yield given("png-bomb-with-all-its-pixels", content)
    cut_short = PNG_MAGIC + ihdr(7999, 7999, 8, COLOUR) + chunk(b"IDAT", flat) + END
    yield given("png-almost-a-bomb-half-there", cut_short)


def other_kinds() -> Iterator[Hostile]:
    vector = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'
    texts = {
        "svg": vector,
        "svg-declared": b'<?xml version="1.0"?>\n<!-- drawn by hand -->\n' + vector,
        "svg-doctype": b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "aaaa">]>' + vector,
        "svgz": gzip.compress(vector, mtime=0),
        "html": b"<!DOCTYPE html><html><body>404</body></html>",
        "text": "ein Häuschen".encode(),
        "json": b'{"image": null}',
        "python": b"import os\nos.abort()\n",
        "lfs": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n",
        "base64": b"data:image/png;base64,iVBORw0KGgo=",
        "url": b"https://example.org/cat.png",
        "xpm": b'/* XPM */\nstatic char *a[] = {"1 1 1 1", "a c #fff", "a"};',
        "plain-pbm": b"P1 2 2 0 1 1 0",
        "plain-pgm": b"P2 2 2 255 0 1 1 0",
        "plain-ppm": b"P3 1 1 255 0 1 1",
        "zip": b"PK\x03\x04" + bytes(200),
        "rar": b"Rar!\x1a\x07" + bytes(99),
        "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99),
        "avif": b"\0\0\0\x1cftypavif\0\0\0\0mif1avif" + bytes(99),
        "jp2": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(99),
        "qoi": b"qoif" + bytes(99),
        "mp4": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(99),
        "wav": b"RIFF\x24\0\0\0WAVEfmt " + bytes(24),
        "avi": b"RIFF\x24\0\0\0AVI LIST" + bytes(24),
        "psd": b"8BPS\0\1" + bytes(99),
        "jxl": b"\xff\x0a" + bytes(99),
        "elf": b"\x7fELF\2\1\1" + bytes(99),
        "pickle": b"\x80\x04\x95\x00",
        "empty": b"",
        "one-byte": b"\x89",
        "zeros": bytes(1000),
        "noise": noise(53, 1000).tobytes(),
        "newlines": b"\n" * 5000,
        "angle-brackets": b"<" * 5000,
        "open-comments": b"<!--" * 1000,
    }
    for name, data in texts.items():
        yield given(f"kind-{name}", data)
    for kind in ("ICO", "TGA", "PCX", "DDS", "SGI", "EPS", "PDF", "ICNS"):
        size = (32, 32) if kind in ("ICO", "ICNS") else PICTURE.size
        yield given(f"kind-{kind}", encoded(PICTURE.resize(size), kind))
    for value in (
        None,
        5,
        0.5,
        ["cat.png"],
        {"path": "cat.png"},
        COLOURS,
        BytesIO(b""),
        bytearray(9),
        object(),
    ):
        yield given(f"type-{type(value).__name__}", value)


def paths() -> Iterator[Hostile]:
    def in_folder(name: str, write: Callable[[Path], object]) -> Hostile:
        def make(folder: Path) -> Path:
            path = folder / name
            write(path)
            return path

        return Hostile(name=f"path-{name[:40]!a}", make=make)

    def sparse(path: Path) -> None:
        with path.open("wb") as file:
            file.write(good_files()["png"][:60])
            file.truncate(600 * 2**20)

    def comments(path: Path) -> None:
        with path.open("wb") as file:
            file.write(b"P5\n#")
            file.truncate(400 * 2**20)

    yield from (
        in_folder("no such file.png", lambda path: None),
        in_folder("folder.png", lambda path: path.mkdir()),
        in_folder("空 的.png", lambda path: path.touch()),
        in_folder("text.png", lambda path: path.write_text("a cat")),
        in_folder("new\nline.png", lambda path: path.write_bytes(b"\x1b[31m")),
        in_folder("huge.png", sparse),
        in_folder("comment.pgm", comments),
        in_folder("x" * 5000, lambda path: None),
        given("path-empty", ""),
        given("path-zero-byte", "a\0b.png"),
        given("path-surrogate", "\udcff.png"),
        given("path-url", "https://example.org/cat.png"),
        given("path-data-url", "data:image/png;base64," + "A" * 100_000),
    )
    if os.name == "posix":
        yield in_folder("pipe.png", os.mkfifo)
        yield in_folder("link.png", lambda path: path.symlink_to("nowhere.png"))
        yield in_folder("loop.png", lambda path: path.symlink_to("loop.png"))
        for device in ("null", "zero", "random", "tty"):
            yield given(f"path-{device}", Path("/dev") / device)
