"""The A1111 "parameters" text read back: what made a picture, as far as the picture says.

Tolerant, since the text may come from any program: what cannot be read is left out, never an error.
"""

import json
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

NEGATIVE = "Negative prompt:"
KEY = re.compile(r"\s*(\w[^,:\"]*):[ \t]*")
FEWEST_PAIRS = 3  # a last line with fewer is a part of the prompt, unless it begins with the steps

# Key of the text -> field of a request, and its type.
FIELDS: Mapping[str, tuple[str, type[int] | type[float] | type[str]]] = {
    "Steps": ("num_inference_steps", int),
    "Sampler": ("sampler", str),
    "Schedule type": ("schedule", str),
    "CFG scale": ("guidance_scale", float),
    "Seed": ("seed", int),
}

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
KEYWORD = b"parameters\x00"
MAX_TEXT = 2**20  # bytes
MAX_CHUNKS = 400_000


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
        for key, (name, kind) in FIELDS.items():
            try:
                found[name] = kind(self.values[key])
            except (KeyError, ValueError):
                continue
        return found


def read_infotext(text: str) -> PictureText:
    """Take apart a text that `infotext`, A1111 or a kin of it wrote.

    A line of the prompt that begins with "Negative prompt:" cannot be told from the negative prompt: the form
    has no way to say it.
    """
    lines = text.split("\n")
    values = dict(_pairs(lines[-1]))
    if len(values) >= FEWEST_PAIRS or (values and lines[-1].lstrip().startswith("Steps:")):
        lines = lines[:-1]
    else:
        values = {}
    negative_at = next((n for n, line in enumerate(lines) if line.startswith(NEGATIVE)), len(lines))
    negative = "\n".join(lines[negative_at:]).removeprefix(NEGATIVE)
    return PictureText(
        prompt="\n".join(lines[:negative_at]), negative_prompt=negative.removeprefix(" "), values=values
    )


def _pairs(line: str) -> Iterator[tuple[str, str]]:
    """Yield the `key: value` pairs of a line; a value that holds separators is a JSON string."""
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
    """Return the JSON string that begins at `at` and ends before a comma or the line's end, and where."""
    if not line.startswith('"', at):
        return None
    try:
        value, end = json.JSONDecoder().raw_decode(line, at)
    except ValueError:
        return None
    return (value, end) if line[end : end + 1] in ("", ",") else None


def parameters_of(path: Path) -> str | None:
    """Return the "parameters" text that a PNG carries; None without one, or for what is no sound PNG."""
    try:
        with path.open("rb") as file:
            if file.read(len(PNG_SIGNATURE)) != PNG_SIGNATURE:
                return None
            return next((text for text in _texts(file) if text is not None), None)
    except (OSError, ValueError, zlib.error):
        return None


def _texts(file: BinaryIO) -> Iterator[str | None]:
    """Yield what each chunk says under our keyword; nothing larger than MAX_TEXT is read."""
    for _ in range(MAX_CHUNKS):
        header = file.read(8)
        if len(header) < 8:
            return
        length, kind = struct.unpack(">I4s", header)
        if kind in (b"tEXt", b"zTXt", b"iTXt") and length <= MAX_TEXT:
            content = file.read(length + 4)  # and its checksum
            yield _text(kind, content[:length]) if len(content) == length + 4 else None
        else:
            file.seek(length + 4, 1)


def _text(kind: bytes, content: bytes) -> str | None:
    """Return the text of a chunk (PNG specification, 11.3.3), None under another keyword."""
    if not content.startswith(KEYWORD):
        return None
    content = content[len(KEYWORD) :]
    if kind == b"tEXt":
        return content.decode("latin-1")
    if kind == b"zTXt":
        return _inflated(content[1:]).decode("latin-1")
    is_compressed = content[:1] == b"\x01"
    _, _, text = content[2:].split(b"\x00", 2)
    return (_inflated(text) if is_compressed else text).decode("utf-8")


def _inflated(content: bytes) -> bytes:
    return zlib.decompressobj().decompress(content, MAX_TEXT)
