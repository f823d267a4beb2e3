"""What a picture file must be before Pillow may decode it: of a kind we read, whole, still, and no bomb."""

import re
import struct
from typing import BinaryIO

from PIL import Image, ImageFile, TiffImagePlugin

from runtime.image_limits import (
    AS_PNG,
    MAX_BYTES,
    MAX_PIXELS,
    MAX_SLOW_PIXELS,
    ONE,
    Unreadable,
    too_many_pixels,
)
from runtime.image_modes import WIDE
from runtime.image_walks import CHECKS

PICTURES = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"BM", "BMP"),
    (b"P4", "PPM"),
    (b"P5", "PPM"),
    (b"P6", "PPM"),
    (b"Pf", "PPM"),
)
MARKUP = {b"svg": "an SVG drawing", b"html": "a web page", b"head": "a web page", b"body": "a web page"}
OTHERS = (
    (rb"%PDF", "a PDF document"),
    (rb"....ftyp(hei|hev|mif1|msf1)", "a HEIC photograph"),
    (rb"....ftypavi[fs]", "an AVIF picture"),
    (rb"....ftyp", "a video"),
    (rb"\x1aE\xdf\xa3|RIFF....AVI |OggS", "a video"),
    (rb"PK\x03\x04|\x1f\x8b|7z\xbc\xaf|Rar!", "an archive"),
    (rb"8BPS", "a Photoshop document"),
    (rb"\xff\x0a|\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (rb"\0\0\x01\0", "an icon"),
    (rb"P[1-3]\s", "a picture written as text (plain PNM)"),
    (rb"version https://git-lfs", "a Git LFS pointer, not the file itself"),
)


def check_file(file: BinaryIO, size: int) -> str:
    """Return the Pillow format of the file of `size` bytes, told by its content; the position is 0 again.

    Raises Unreadable when it is of another kind, cut off, animated, or its metadata are out of proportion.
    """
    if size == 0:
        raise Unreadable("is empty")
    if size > MAX_BYTES:
        raise Unreadable(
            f"has {size / 2**20:.0f} MiB, more than the {MAX_BYTES // 2**20} that are read",
            "make the picture smaller",
        )
    head = file.read(4096)
    kind = _kind(head)
    file.seek(0)
    try:
        CHECKS[kind](file, size)
    except struct.error as error:  # a field that the file is too short for
        raise Unreadable("is cut off") from error
    file.seek(0)
    return kind


def check_opened(image: Image.Image) -> None:
    """Raise Unreadable unless the header of an opened, not yet decoded picture is acceptable."""
    width, height = image.size
    if width < 1 or height < 1:
        raise Unreadable(f"has no pixels ({width}x{height})")
    if width * height > MAX_PIXELS:
        raise too_many_pixels(f"{width}x{height} pixels")
    if image.format != "MPO" and getattr(image, "is_animated", False):
        raise Unreadable("holds several pictures or pages", ONE)
    if not isinstance(image, ImageFile.ImageFile):
        return
    if any(tile[0] in Image.DECODERS for tile in image.tile) and width * height > MAX_SLOW_PIXELS:
        raise Unreadable(
            f"is packed in a way that is read only up to {MAX_SLOW_PIXELS // 10**6} megapixels", AS_PNG
        )
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        _check_levels(image)


def _check_levels(image: TiffImagePlugin.TiffImageFile) -> None:
    """Raise Unreadable where Pillow would hand over levels without their meaning, or leave a part black."""
    tags = image.tag_v2
    bits, sample_format = tags.get(258, (1,))[0], tags.get(339, (1,))[0]
    if image.mode in WIDE and bits == 12:
        raise Unreadable("has 12 bits a pixel", "save it with 16")
    if image.mode in WIDE and bits == 32 and sample_format == 1:
        raise Unreadable("has whole numbers of 32 bits without a sign", "save it with 16 bits or as floats")
    if image.mode in WIDE and tags.get(262) == 0:
        raise Unreadable("counts white as 0 in more than 8 bits", AS_PNG)
    width, height = tags[256], tags[257]
    across, down = tags.get(322, width), tags.get(323, tags.get(278, height))
    parts = -(-width // across) * -(-height // down) * (tags.get(277, 1) if tags.get(284) == 2 else 1)
    if len(tags.get(324, tags.get(273, ()))) < parts:
        raise Unreadable("lacks some of its parts")


def _kind(head: bytes) -> str:
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    for magic, kind in PICTURES:
        if head.startswith(magic):
            return kind
    element = _root_element(head)
    if element in MARKUP:
        raise Unreadable(f"is {MARKUP[element]}", AS_PNG)
    for pattern, what in OTHERS:
        if re.match(pattern, head, re.DOTALL):
            raise Unreadable(f"is {what}", AS_PNG)
    raise Unreadable("is no picture of a kind that is read (PNG, JPEG, WebP, BMP, TIFF, GIF, PPM)", AS_PNG)


def _root_element(head: bytes) -> bytes:
    """Return the name of the first element of XML or HTML, lower-case; nothing where there is none."""
    rest = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    while rest.startswith((b"<!", b"<?")):
        if rest[:14].lower() == b"<!doctype html":
            return b"html"
        end = b"-->" if rest.startswith(b"<!--") else b">"
        rest = rest.partition(end)[2].lstrip()
    found = re.match(rb"<([a-zA-Z]+)", rest)
    return found[1].lower() if found else b""
