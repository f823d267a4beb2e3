"""Damaged and hostile pictures of the formats besides PNG, and PIL pictures that must be refused."""

import struct
from collections.abc import Iterator
from io import BytesIO
from itertools import chain
from pathlib import Path

import numpy as np
from PIL import Image

from tests.runtime import hostile_pictures
from tests.runtime.hostile_pictures import COLOURS, PICTURE, Hostile, given, good_files
from tests.runtime.odd_pictures import noise
from tests.runtime.picture_writers import COLOUR, encoded, png, tiff

OTHER = Image.fromarray(255 - COLOURS)
BOMB_SIZES = ((8001, 8000), (65500, 65500), (1, 65535))


def hostile_pictures_of_every_kind() -> list[Hostile]:
    """Return every picture of the collection."""
    return list(
        chain(
            hostile_pictures.cut(),
            hostile_pictures.broken_png(),
            hostile_pictures.bombs_in_png(),
            hostile_pictures.other_kinds(),
            hostile_pictures.paths(),
            several(),
            jpegs(),
            gifs(),
            webps(),
            tiffs(),
            bmps(),
            netpbms(),
            in_memory(),
        )
    )


def several() -> Iterator[Hostile]:
    """Files with more than one picture in them."""
    for count in (2, 3, 50):
        frames = [Image.fromarray(COLOURS + np.uint8(i)) for i in range(1, count)]
        for kind in ("GIF", "PNG", "WEBP", "TIFF"):
            data = encoded(PICTURE, kind, save_all=True, append_images=frames)
            yield given(f"{kind}-of-{count}", data)


def segment(code: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, code, len(content) + 2) + content


def jpegs() -> Iterator[Hostile]:
    sound, drawn = good_files()["jpeg"], good_files()["jpeg-progressive"]
    frame, scan = sound.index(b"\xff\xc0"), sound.index(b"\xff\xda")
    for name, place, value in (
        ("12-bit", frame + 4, 12),
        ("9-bit", frame + 4, 9),
        ("no-components", frame + 9, 0),
        ("200-components", frame + 9, 200),
        ("sampled-0", frame + 11, 0x00),
        ("sampled-15", frame + 11, 0xFF),
        ("table-9", frame + 12, 9),
        ("lossless", frame + 1, 0xC3),
        ("hierarchical", frame + 1, 0xC5),
        ("scan-of-9", scan + 4, 9),
        ("scan-of-0", scan + 4, 0),
        ("second-byte", 1, 0xD9),
        ("header-length", frame + 3, 0xF0),
    ):
        changed = bytearray(sound)
        changed[place] = value
        yield given(f"jpeg-{name}", bytes(changed))
    for width, height in (*BOMB_SIZES[:2], (0, 24), (65500, 1000)):
        changed = bytearray(sound)
        changed[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
        yield given(f"jpeg-{width}x{height}", bytes(changed))
    tags = b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + struct.pack("<HHII", 1, 2, 60_000, 8) * 5_000
    place = drawn.rindex(b"\xff\xda")
    last = drawn[place:-2]
    for name, data in (
        ("magic-alone", b"\xff\xd8\xff"),
        ("nothing-between", b"\xff\xd8\xff\xd9"),
        ("fill-bytes", b"\xff\xd8" + b"\xff" * 100_000),
        ("tables-alone", sound[:frame] + b"\xff\xd9"),
        ("no-frame", sound[:frame] + sound[scan:]),
        ("no-scan", sound[:scan] + b"\xff\xd9"),
        ("empty-scan-no-end", sound[: scan + 14]),
        ("frame-twice", sound[:scan] + sound[frame:]),
        ("segment-of-length-0", sound[:2] + b"\xff\xfe\0\0" + sound[2:]),
        ("segment-past-the-end", sound[:2] + b"\xff\xfe\xff\xff" + sound[2:-2]),
        ("9-mb-of-comments", sound[:2] + segment(0xFE, bytes(65_000)) * 140 + sound[2:]),
        ("exif-tags-on-one-place", sound[:2] + segment(0xE1, tags) + sound[2:]),
        ("a-thousand-scans", drawn[:place] + last * 1000 + b"\xff\xd9"),
        ("seventy-scans", drawn[:place] + last * 70 + b"\xff\xd9"),
    ):  # fmt: skip
        yield given(f"jpeg-{name}", data)


def gifs() -> Iterator[Hostile]:
    sound = good_files()["gif"]
    image = sound.index(b",", 13 + (3 << (sound[10] % 8 + 1)))
    for width, height in BOMB_SIZES[:2]:
        screen = sound[:6] + struct.pack("<HH", width, height) + sound[10:]
        yield given(f"gif-screen-{width}x{height}", screen)
        frame = sound[: image + 5] + struct.pack("<HH", width, height) + sound[image + 9 :]
        yield given(f"gif-frame-{width}x{height}", frame)
    comment = b"!\xfe" + (b"\xff" + bytes(255)) * 40_000 + b"\0"
    tiny = b"!\xfe" + b"\1a" * 700_000 + b"\0"
    pixels = image + 10
    for name, data in (
        ("magic-alone", b"GIF89a"),
        ("screen-alone", sound[:13]),
        ("no-image", sound[:image] + b";"),
        ("unknown-block", sound[:image] + b"?" + sound[image:]),
        ("code-size-13", sound[:pixels] + b"\x0d" + sound[pixels + 1 :]),
        ("end-code-first", sound[:pixels] + b"\x08\x02\x01\x03\0;"),
        ("no-codes", sound[: pixels + 1] + b"\0;"),
        ("noise-for-codes", sound[: pixels + 1] + b"\x08" + noise(60, 8).tobytes() + b"\0;"),
        ("10-mb-of-comments", sound[:image] + comment + sound[image:]),
        ("700000-comments", sound[:image] + tiny + sound[image:]),
        ("comment-past-the-end", sound[:image] + b"!\xfe\xff"),
        ("image-twice", sound[:-1] + sound[image:]),
    ):
        yield given(f"gif-{name}", data)


def webps() -> Iterator[Hostile]:
    def riff(*chunks: tuple[bytes, bytes]) -> bytes:
        body = b"WEBP" + b"".join(k + struct.pack("<I", len(c)) + c + b"\0" * (len(c) % 2) for k, c in chunks)
        return b"RIFF" + struct.pack("<I", len(body)) + body

    lossy, lossless = good_files()["webp"][20:], good_files()["webp-lossless"][20:]
    canvas = struct.pack("<I", 0) + b"\xff\x3f\0" + b"\xff\x3f\0"  # 16384x16384
    for name, data in (
        ("no-chunk", riff()),
        ("no-pixels", riff((b"VP8X", canvas))),
        ("bomb", riff((b"VP8X", canvas), (b"VP8 ", lossy))),
        ("unknown-chunk", riff((b"VP9 ", lossy))),
        ("lossy-as-lossless", riff((b"VP8L", lossy))),
        ("lossless-as-lossy", riff((b"VP8 ", lossless))),
        ("no-start-code", riff((b"VP8 ", lossy[:3] + b"\0\0\0" + lossy[6:]))),
        ("size-0", riff((b"VP8 ", lossy[:6] + bytes(4) + lossy[10:]))),
        ("length-of-4-gib", b"RIFF\xff\xff\xff\xff" + good_files()["webp"][8:]),
        ("chunk-past-the-end", riff((b"VP8 ", lossy)).replace(b"VP8 ", b"VP8 \xff\xff")),
        ("9-mb-of-profile", riff((b"VP8 ", lossy), (b"ICCP", bytes(9_000_000)))),
        ("zeros", riff((b"VP8 ", bytes(5000)))),
        ("noise", riff((b"VP8L", b"\x2f\x13\xc0\x05\0" + noise(61, 50).tobytes()))),
    ):
        yield given(f"webp-{name}", data)


def tiffs() -> Iterator[Hostile]:
    deep, whole = noise(62, 24, 20, dtype=np.uint16), noise(63, 24, 20, dtype=np.uint32)
    for name, tags in (
        *((f"{w}x{h}", [(256, "I", w), (257, "I", h)]) for w, h in (*BOMB_SIZES[:2], (0, 9), (2**32 - 1, 1))),
        *((f"compression-{c}", [(259, "H", c)]) for c in (0, 5, 8, 99, 65535)),
        *((f"bits-{b}", [(258, "H", b)]) for b in (0, 3, 7, 64, 65535)),
        *((f"samples-{s}", [(277, "H", s)]) for s in (0, 7, 65535)),
        *((f"planar-{p}", [(284, "H", p)]) for p in (2,)),
        *((f"photometric-{p}", [(262, "H", p)]) for p in (7, 34892, 65535)),
        *((f"strip-at-{o}", [(273, "I", o)]) for o in (1400, 10**6, 2**32 - 1)),
        ("tiles-of-gigabytes", [(322, "I", 40_000), (323, "I", 40_000), (324, "I", 8), (325, "I", 1440)]),
    ):
        yield given(f"tiff-{name}", tiff(COLOURS, tags=tags))
    sound = tiff(COLOURS)
    start = struct.unpack("<4xI", sound[:8])[0]
    entry, counted = struct.pack("<HHI", 700, 4, 1), struct.pack("<HHI", 700, 4, 2**32 - 1)
    endless = tiff(COLOURS, tags=[(700, "I", 8)]).replace(entry, counted)
    many = b"".join(struct.pack("<HHII", tag, 7, 60_000, 8) for tag in range(300, 5300))
    for name, data in (
        ("magic-alone", b"II*\0"),
        ("directory-past-the-end", b"II*\0\xff\xff\xff\xff" + sound[8:]),
        ("directory-at-0", b"II*\0\0\0\0\0" + sound[8:]),
        ("directory-of-65535", sound[:start] + b"\xff\xff" + sound[start + 2 :]),
        ("directory-of-0", sound[:start] + bytes(6)),
        ("big-directory-past-the-end", b"II+\0\x08\0\0\0" + b"\xff" * 8 + sound),
        ("big-directory-endless", b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0" + b"\xff" * 8 + sound),
        ("next-is-itself", sound[:-4] + struct.pack("<I", start)),
        ("tags-on-one-place", b"II*\0\x08\0\0\0" + struct.pack("<H", 5000) + many + bytes(4)),
        ("tag-of-4-gib", endless),
        ("white-is-0-in-16", tiff(deep, tags=[(262, "H", 0)])),
        ("unsigned-32", tiff(whole)),
        ("half-the-strips", tiff(COLOURS, tags=[(278, "I", 12)])),
        ("not-a-number", tiff(np.full((9, 9), np.nan, np.float32), sample_format=3)),
        ("infinity", tiff(np.full((9, 9), np.inf, np.float32), sample_format=3)),
    ):  # fmt: skip
        yield given(f"tiff-{name}", data)


def bmps() -> Iterator[Hostile]:
    sound = good_files()["bmp"]
    for name, place, code, value in (
        ("header-of-9", 14, "<I", 9),
        ("header-of-4-gib", 14, "<I", 2**32 - 1),
        ("width-0", 18, "<i", 0),
        ("width-negative", 18, "<i", -20),
        ("height-0", 22, "<i", 0),
        ("wide", 18, "<i", 10**9),
        ("high", 22, "<i", 10**9),
        ("upside-down-bomb", 22, "<i", -(10**8)),
        ("3-bit", 28, "<H", 3),
        ("0-bit", 28, "<H", 0),
        ("packed-99", 30, "<I", 99),
        ("pixels-past-the-end", 10, "<I", 10**6),
    ):
        changed = bytearray(sound)
        struct.pack_into(code, changed, place, value)
        yield given(f"bmp-{name}", bytes(changed))
    header = struct.pack("<IiiHHIIiiII", 40, 7900, 7900, 1, 8, 1, 0, 0, 0, 256, 0)
    data = b"BM" + struct.pack("<IHHI", 0, 0, 0, 1078) + header + bytes(1024) + b"\1\0" * 500_000
    yield given("bmp-packed-bomb", data)
    yield given("bmp-magic-alone", b"BM")


def netpbms() -> Iterator[Hostile]:
    for header in (
        b"P5", b"P5 ", b"P5 4", b"P5 4 4", b"P5 4 4\n", b"P5 4 4 0 ", b"P5 4 4 65536 ", b"P5 0 4 255 ",
        b"P5 -4 4 255 ", b"P5 4 x 255 ", b"P5 99999999999 4 255 ", b"P6 8001 8000 255 ", b"P4 65000 65000 ",
        b"P5 7900 7900 100 ", b"P7 4 4 255 ", b"P0 4 4 255 ", b"Pf 4 4 0 ", b"Pf 4 4 nan ", b"Pf 4 4 e ",
        b"P5\n#" + b"a" * 5_000_000, b"P5" + b" " * 5_000_000, b"P5 " + b"9" * 5_000 + b" 4 255 ",
    ):  # fmt: skip
        yield given(f"netpbm-{header[:20]!r}", header + bytes(64))


def in_memory() -> Iterator[Hostile]:
    """PIL pictures that were opened and never decoded, or that hold nothing."""
    sound = good_files()["png"]
    moving = encoded(PICTURE, "GIF", save_all=True, append_images=[OTHER])

    for name, data in (
        ("cut", sound[: len(sound) // 2]),
        ("moving", moving),
        ("cut-jpeg", good_files()["jpeg"][:-300]),
    ):
        yield Hostile(name=f"memory-{name}", make=lambda folder, data=data: Image.open(BytesIO(data)))
    for size in ((0, 0), (0, 5), (5, 0)):
        yield given(f"memory-{size}", Image.new("RGB", size))
    yield given("memory-bomb", Image.new("1", (8001, 8000)))
    yield given("memory-nan", Image.fromarray(np.full((3, 3), np.nan, np.float32)))
    broken = bytearray(png(COLOURS, bits=8, colour=COLOUR))
    broken[-20] ^= 255
    yield given("png-last-pixel-bytes", bytes(broken))
    pages = encoded(PICTURE, "TIFF", save_all=True, append_images=[OTHER])
    yield Hostile(name="memory-pages", make=lambda folder: Image.open(BytesIO(pages)))
    yield Hostile(name="path-pages", make=lambda folder: _written(folder / "pages.tiff", pages))


def _written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path
