"""What a picture file must be before Pillow may decode it: of a kind we read, whole, still, and no bomb."""

import re
import struct
from typing import BinaryIO

from PIL import Image, ImageFile

from runtime.image_limits import (
    AS_PNG,
    MAX_BYTES,
    MAX_PIXELS,
    MAX_SLOW_PIXELS,
    ONE,
    Unreadable,
    too_many_pixels,
)
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
    (b"P5", "PPM"),
    (b"P6", "PPM"),
    (b"Pf", "PPM"),
)
OTHERS = (
    (rb"\s*(<\?xml[^>]*>|<!--.*?-->|<!DOCTYPE[^>]*>|\s)*<svg", "an SVG drawing"),
    (rb"\s*(<!--.*?-->|\s)*<(!doctype\s+html|html|head|body)", "a web page"),
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
    (rb"P[1-4]\s", "a PBM or a PNM written as text"),
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
    for tile in getattr(image, "tile", []) if isinstance(image, ImageFile.ImageFile) else []:
        if tile[0] in Image.DECODERS and width * height > MAX_SLOW_PIXELS:
            raise Unreadable(
                f"is packed in a way that is read only up to {MAX_SLOW_PIXELS // 10**6} megapixels", AS_PNG
            )


def _kind(head: bytes) -> str:
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    for magic, kind in PICTURES:
        if head.startswith(magic):
            return kind
    for pattern, what in OTHERS:
        if re.match(pattern, head, re.DOTALL | re.IGNORECASE):
            raise Unreadable(f"is {what}", AS_PNG)
    raise Unreadable("is no picture of a kind that is read (PNG, JPEG, WebP, BMP, TIFF, GIF, PGM)", AS_PNG)
