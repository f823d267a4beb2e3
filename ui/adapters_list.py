"""`models --adapters`, and the end of `models list`: LoRAs and embeddings, by what their files say."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.adapters.embedding import read_embedding
from runtime.adapters.files import SHORT_HASH
from runtime.adapters.library import (
    EMBEDDING,
    LORA,
    AdapterFile,
    AdapterLibrary,
    embedding_hash,
    known_lora_hash,
    lora_hash,
)
from runtime.adapters.lora import family_of
from runtime.adapters.tensors import check_file
from runtime.card_sources import card_of_file
from runtime.errors import LapdrawError
from runtime.model_card import visible_text
from runtime.safetensors_header import read_header
from ui.models_words import printable

_WORDS = 6  # trigger words of a line


@dataclass(frozen=True, kw_only=True)
class AdapterRow:
    """A LoRA or an embedding as a list shows it; `error` says why it cannot be used."""

    name: str
    kind: str
    path: Path
    bytes: int
    trigger_words: tuple[str, ...] = ()
    family: str = ""
    vectors: int = 0
    sha256: str = ""  # by which A1111 tells such files
    error: str = ""

    @property
    def tag(self) -> str:
        """What is written into a prompt for it."""
        return f"<lora:{self.name}:1>" if self.kind == LORA else self.name


def adapter_rows(data: Path, *, with_hash: bool = False) -> list[AdapterRow]:
    """Return the LoRAs, then the embeddings; a hash is read from the file only when it is asked for."""
    library = AdapterLibrary(data)
    return [_row(file, with_hash) for kind in (LORA, EMBEDDING) for file in library.files(kind)]


def print_adapters(data: Path, *, with_hash: bool, as_json: bool) -> None:
    """Print a line for each, or JSON."""
    rows = adapter_rows(data, with_hash=with_hash)
    if as_json:
        print(json.dumps([_told(row) for row in rows]))
        return
    for row in rows:
        print(printable(_line(row)))
    if not rows:
        print(f"no LoRAs or embeddings: put files into {data / 'loras'} and {data / 'embeddings'}")


def adapter_lines(data: Path) -> Iterator[str]:
    """Yield the lines that `models list` ends with."""
    yield from (printable(_line(row)) for row in adapter_rows(data))


def _row(file: AdapterFile, with_hash: bool) -> AdapterRow:
    row: dict[str, Any] = {"name": file.name, "kind": file.kind, "path": file.path, "bytes": file.bytes}
    try:
        check_file(file.path)
        header = read_header(file.path)
        card = card_of_file(header)
        words = card.trigger_words or card.tags  # who named none trained on these captions
        if file.kind == EMBEDDING:
            vectors = read_embedding(file.path).count
            sha256 = embedding_hash(file.path)  # small files
            return AdapterRow(**row, trigger_words=words, vectors=vectors, sha256=sha256)
        sha256 = lora_hash(file.path) if with_hash else known_lora_hash(header)
        return AdapterRow(**row, trigger_words=words, family=family_of(header), sha256=sha256)
    except LapdrawError as error:
        return AdapterRow(**row, error=str(error))


def _told(row: AdapterRow) -> dict[str, Any]:
    told: dict[str, Any] = {"name": row.name, "kind": row.kind, "path": str(row.path), "bytes": row.bytes}
    if row.error:
        return told | {"error": row.error}
    told |= {"trigger_words": list(row.trigger_words), "tag": row.tag}
    told |= {"family": row.family} if row.kind == LORA else {"vectors": row.vectors}
    return told | ({"sha256": row.sha256, "short_hash": row.sha256[:SHORT_HASH]} if row.sha256 else {})


def _line(row: AdapterRow) -> str:
    if row.error:
        return f"{row.name:<24} {row.kind}: {visible_text(row.error, 300)}"
    size = f"{row.bytes / 1e6:.1f} MB" if row.bytes >= 1e5 else f"{row.bytes / 1e3:.0f} KB"
    parts = [row.kind, size, *([f"for {row.family}"] if row.family else [])]
    parts += [f"{row.vectors} vectors"] if row.vectors else []
    parts += [f"[{row.sha256[:SHORT_HASH]}]"] if row.sha256 else []
    words = ", ".join(row.trigger_words[:_WORDS])
    said = f"; trigger words: {visible_text(words, 200)}" if words else ""
    return f"{row.name:<24} {', '.join(parts)}{said}"
