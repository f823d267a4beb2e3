"""The A1111 "parameters" text read back: what made a picture, as far as the picture says.

Tolerant, since the text may come from any program: what cannot be read is left out, never an error.
"""

import json
import math
import re
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from runtime.errors import InvalidRequest
from runtime.feature_reuse import Reuse
from runtime.guidance_interval import GuidanceInterval
from runtime.infotext_exif import has_comment, read_comment
from runtime.speed import find_preset

NEGATIVE = "Negative prompt:"
KEY = re.compile(r"\s*(\w[^,:\"]*):[ \t]*")
FEWEST_PAIRS = 3  # a last line with fewer is a part of the prompt, unless it begins with the steps
SIZE = re.compile(r"\s*(\d+)\s*[xX×]\s*(\d+)\s*", re.ASCII)
MARGIN = re.compile(r"(left|right|top|bottom) (\d+)", re.ASCII)

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
KEYWORD = b"parameters"
LONGEST_KEYWORD = 79  # bytes, PNG specification, 11.3.3
MAX_TEXT = 2**20  # bytes
MAX_CHUNKS = 400_000

Found = Mapping[str, Any]  # fields of a request


def _number(name: str, kind: Callable[[str], int | float]) -> Callable[[str], Found]:
    def read(value: str) -> Found:
        number = kind(value)
        if not math.isfinite(number):
            raise ValueError(value)
        return {name: number}

    return read


def _word(name: str) -> Callable[[str], Found]:
    return lambda value: {name: value}


def _is(name: str, wanted: str) -> Callable[[str], Found]:
    return lambda value: {name: True} if value.casefold() == wanted else {}


def _size(value: str) -> Found:
    found = SIZE.fullmatch(value)
    if found is None:
        raise ValueError(value)
    return {"width": int(found[1]), "height": int(found[2])}


def _checked(name: str, check: Callable[[object], object]) -> Callable[[str], Found]:
    """A word that only counts when it is one of ours: other programs may mean something else by the key."""

    def read(value: str) -> Found:
        try:
            check(value)
        except InvalidRequest as error:
            raise ValueError(value) from error
        return {name: value}

    return read


def _skipped_early(value: str) -> Found:
    """A1111's: the share of the steps, from the first, that are not guided."""
    return _checked("guidance_interval", GuidanceInterval.read)(f"{value.strip()}-1")


def _margins(value: str) -> Found:
    return {side: int(pixels) for side, pixels in MARGIN.findall(value)}


# Key of the text -> how its value is read into fields of a request. In lower case: some write "CFG Scale".
FIELDS: Mapping[str, Callable[[str], Found]] = {
    "steps": _number("num_inference_steps", int),
    "sampler": _word("sampler"),
    "schedule type": _word("schedule"),
    "cfg scale": _number("guidance_scale", float),
    "seed": _number("seed", int),
    "clip skip": _number("clip_skip", int),
    "size": _size,
    "denoising strength": _number("strength", float),
    "mask blur": _number("mask_blur", int),
    "mask mode": _is("invert_mask", "inpaint not masked"),
    "inpaint area": _is("only_masked", "only masked"),
    "masked area padding": _number("padding", int),
    "extended": _margins,
    "noise level": _number("noise_level", int),
    "tile": _number("tile", int),
    "speed": _checked("speed", find_preset),
    "feature reuse": _checked("reuse", Reuse.read),
    "guidance interval": _checked("guidance_interval", GuidanceInterval.read),
    "skip early cfg": _skipped_early,
}


@dataclass(frozen=True, kw_only=True)
class PictureText:
    """A parameters text in its parts; `values` are the pairs of its last line, unquoted."""

    prompt: str
    negative_prompt: str
    values: Mapping[str, str]

    @property
    def fields(self) -> dict[str, Any]:
        """The prompts and settings under the names of a request; what is missing or no number is left out."""
        found: dict[str, Any] = {"prompt": self.prompt, "negative_prompt": self.negative_prompt}
        for key, value in self.values.items():
            found |= fields_of(key, value)
        return found

    def value(self, key: str) -> str | None:
        """Return what the text says under a key, in any case."""
        return next((v for k, v in self.values.items() if k.casefold() == key.casefold()), None)


def fields_of(key: str, value: str) -> Found:
    """Return the fields of a request that one pair of the last line gives: none when it cannot be read."""
    read = FIELDS.get(key.strip().casefold())
    try:
        return read(value) if read is not None else {}
    except ValueError:
        return {}


def read_infotext(text: str) -> PictureText:
    """Take apart a text that `infotext`, A1111 or a kin of it wrote.

    A line of the prompt that begins with "Negative prompt:" cannot be told from the negative prompt: the form
    has no way to say it.
    """
    lines = text.split("\n")
    ended = text.rstrip().split("\n")  # some programs end the text with an empty line
    values = dict(_pairs(ended[-1]))
    if len(values) >= FEWEST_PAIRS or (values and ended[-1].lstrip().startswith("Steps:")):
        lines = ended[:-1]
    else:
        values = {}
    negative_at = next((n for n, line in enumerate(lines) if line.startswith(NEGATIVE)), len(lines))
    negative = "\n".join(lines[negative_at:]).removeprefix(NEGATIVE)
    return PictureText(
        prompt="\n".join(lines[:negative_at]), negative_prompt=negative.removeprefix(" "), values=values
    )


def _pairs(line: str) -> Iterator[tuple[str, str]]:
    """Yield the `key: value` pairs of a line; a value that holds separators is JSON."""
    at = 0
    while at < len(line):
        key = KEY.match(line, at)
        end = line.find(",", at)
        if key is None:
            at = len(line) if end < 0 else end + 1
            continue
        quoted = _quoted(line, key.end())
        if quoted is not None:
            value, end = quoted
        else:
            end = line.find(",", key.end())
            end = len(line) if end < 0 else end
            value = line[key.end() : end]
        yield key[1], value
        at = end + 1


def _quoted(line: str, at: int) -> tuple[str, int] | None:
    """Return the JSON that begins at `at` and ends before a comma or the line's end, and where.

    A string is unquoted; objects and lists, as Civitai's savers write them, are left as they stand.
    """
    if not line.startswith(('"', "{", "["), at):
        return None
    try:
        value, end = json.JSONDecoder().raw_decode(line, at)
    except (ValueError, RecursionError):
        return None
    if line[end : end + 1] not in ("", ","):
        return None
    return (value if isinstance(value, str) else line[at:end]), end


def parameters_of(path: Path) -> str | None:
    """Return the "parameters" text that a PNG carries, or a JPEG or WebP in its EXIF comment.

    None without one, or for what is no sound picture; the pixels are not looked at.
    """
    try:
        with path.open("rb") as file:
            head = file.read(12)
            if has_comment(head):
                return read_comment(file, head)
            return next(_wanted(file), None) if head.startswith(PNG_SIGNATURE) else None
    except (OSError, ValueError, zlib.error):
        return None


def keywords_of(path: Path) -> tuple[str, ...]:
    """Return what the texts in a PNG are called, in their order; none for what is no PNG."""
    try:
        with path.open("rb") as file:
            if not file.read(12).startswith(PNG_SIGNATURE):
                return ()
            return tuple(keyword.decode("latin-1") for _, keyword, _ in _texts(file))
    except OSError:
        return ()


def _wanted(file: BinaryIO) -> Iterator[str]:
    """Yield the text of each chunk under our keyword."""
    return (_text(kind, content) for kind, keyword, content in _texts(file) if keyword == KEYWORD)


def _texts(file: BinaryIO) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield (kind, keyword, what follows it) of each text chunk; nothing larger than MAX_TEXT is read."""
    file.seek(len(PNG_SIGNATURE))
    for _ in range(MAX_CHUNKS):
        header = file.read(8)
        if len(header) < 8:
            return
        length, kind = struct.unpack(">I4s", header)
        if kind in (b"tEXt", b"zTXt", b"iTXt") and length <= MAX_TEXT:
            content = file.read(length + 4)  # and its checksum
            keyword, zero, rest = content[:length].partition(b"\x00")
            if len(content) == length + 4 and zero and len(keyword) <= LONGEST_KEYWORD:
                yield kind, keyword, rest
        else:
            file.seek(length + 4, 1)


def _text(kind: bytes, content: bytes) -> str:
    """Return the text of a chunk, from after its keyword on (PNG specification, 11.3.3)."""
    if kind == b"tEXt":
        return content.decode("latin-1")
    if kind == b"zTXt":
        return _inflated(content[1:]).decode("latin-1")
    is_compressed = content[:1] == b"\x01"
    _, _, text = content[2:].split(b"\x00", 2)
    return (_inflated(text) if is_compressed else text).decode("utf-8")


def _inflated(content: bytes) -> bytes:
    return zlib.decompressobj().decompress(content, MAX_TEXT)
