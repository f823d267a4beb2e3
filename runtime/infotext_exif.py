"""The EXIF comment of JPEG and WebP pictures, where programs put the text that a PNG has as "parameters".

Only headers are read: the pixels are not decoded, and nothing is larger than the limits on metadata.
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO

from runtime.image_limits import MAX_METADATA, Unreadable
from runtime.image_tiff import exif_comment

MAX_SEGMENTS = 2000
EXIF = b"Exif\x00\x00"
CODES = 8  # bytes at the head of a comment that name its encoding (EXIF 2.32, table 9)
UNICODE, ASCII, UNDEFINED = b"UNICODE\x00", b"ASCII\x00\x00\x00", bytes(8)


def has_comment(head: bytes) -> bool:
    """Whether a file that begins with these 12 bytes is of a kind that can have such a comment."""
    return head.startswith(b"\xff\xd8\xff") or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def read_comment(file: BinaryIO, head: bytes) -> str | None:
    """Return the comment of an opened JPEG or WebP, whose first 12 bytes are `head`; None without one."""
    for block in _jpeg_blocks(file) if head.startswith(b"\xff\xd8") else _webp_blocks(file):
        try:
            text = decode_comment(exif_comment(block))
        except (struct.error, Unreadable):
            continue
        if text:
            return text
    return None


def decode_comment(comment: bytes) -> str | None:
    """Return the text of a UserComment; None when it is empty or in an encoding that is not known.

    EXIF leaves the byte order of "UNICODE" open: piexif, which A1111 uses, writes the high byte first
    whatever the order of the block, others follow the block. Settings are mostly ASCII, so the zeros tell.
    """
    code, content = comment[:CODES], comment[CODES:]
    if code == UNICODE:
        content = content[: len(content) // 2 * 2]
        high_first = content[::2].count(0) >= content[1::2].count(0)
        if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
            high_first, content = content[:2] == b"\xfe\xff", content[2:]
        text = content.decode("utf-16-be" if high_first else "utf-16-le", errors="replace")
    elif code in (ASCII, UNDEFINED):
        text = _eight_bits(content)
    elif code.startswith(b"JIS\x00"):
        return None
    else:
        text = _eight_bits(comment)  # written without a code, as by some scripts
    return text.rstrip("\x00 ") or None


def _eight_bits(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _jpeg_blocks(file: BinaryIO) -> Iterator[bytes]:
    """Yield the EXIF blocks before the first scan."""
    file.seek(2)
    for _ in range(MAX_SEGMENTS):
        mark = file.read(2)
        while mark[1:] == b"\xff":  # fill bytes
            mark = b"\xff" + file.read(1)
        if len(mark) < 2 or mark[0] != 0xFF or mark[1] in (0xD9, 0xDA):
            return
        if mark[1] == 0x01 or 0xD0 <= mark[1] <= 0xD8:  # markers without a length
            continue
        length = int.from_bytes(file.read(2), "big") - 2
        if length < 0:
            return
        if mark[1] == 0xE1:
            content = file.read(length)
            if content.startswith(EXIF):
                yield content
        else:
            file.seek(length, 1)


def _webp_blocks(file: BinaryIO) -> Iterator[bytes]:
    """Yield the EXIF chunks of the container."""
    file.seek(12)
    for _ in range(MAX_SEGMENTS):
        header = file.read(8)
        if len(header) < 8:
            return
        kind, length = struct.unpack("<4sI", header)
        if kind == b"EXIF" and length <= MAX_METADATA:
            yield file.read(length)
            file.seek(length % 2, 1)
        else:
            file.seek(length + length % 2, 1)
