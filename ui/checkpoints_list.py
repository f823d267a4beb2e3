"""`models --checkpoints`: what other programs keep on this disk, with what the files say of themselves."""

import json
import sys
from pathlib import Path
from typing import Any

from runtime.card_sources import card_of_file
from runtime.errors import InvalidRequest, LapdrawError
from runtime.model_card import ModelCard
from runtime.model_files import hash_of
from runtime.safetensors_header import read_header
from ui.checkpoint_files import FoundCheckpoint, describe, find_checkpoints, usual_places
from ui.model_facts import SHORT_HASH
from ui.models_words import printable


def list_checkpoints(place: str, *, with_hash: bool, as_json: bool) -> int:
    """Print the files that can be converted, and why others cannot; raises InvalidRequest for no folder."""
    if place and not Path(place).expanduser().is_dir():
        raise InvalidRequest(f"there is no folder {place}: give that of A1111 or ComfyUI, or of the files")
    places = [Path(place).expanduser()] if place else usual_places()
    found = find_checkpoints(places)
    if as_json:
        print(json.dumps([_row(checkpoint, with_hash=with_hash) for checkpoint in found]))
        return 0
    for checkpoint in found:  # one after the other, for hashing takes long
        for line in _lines(_row(checkpoint, with_hash=with_hash)):
            print(printable(line), flush=True)
    if found:
        print("convert one with: python launch.py optimize FILE", file=sys.stderr)
    else:
        searched = ", ".join(map(str, places)) or "the usual places"
        print(f"no checkpoints in {searched}: name a folder, models --checkpoints DIR", file=sys.stderr)
    return 0


def _row(found: FoundCheckpoint, *, with_hash: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"name": found.name, "path": str(found.path), "gigabytes": found.bytes / 1e9}
    kind, error = describe(found)
    if error:
        return row | {"error": error}
    row |= {"kind": kind, "card": _card(found.path).to_dict()}
    if with_hash:
        try:
            row["sha256"] = hash_of(found.path)
        except LapdrawError as fault:
            return row | {"error": str(fault)}
        row["short_hash"] = row["sha256"][:SHORT_HASH]
    return row


def _card(path: Path) -> ModelCard:
    try:
        return card_of_file(read_header(path))
    except LapdrawError:  # changed since it was recognised: it can say nothing
        return ModelCard()


def _lines(row: dict[str, Any]) -> list[str]:
    short = f" [{row['short_hash']}]" if "short_hash" in row else ""
    what = row.get("error") or row["kind"]
    card = row.get("card", {})
    said = {"title": card.get("title"), "trigger words": ", ".join(card.get("trigger_words", ()))}
    return [
        f"{row['name']:<40} {row['gigabytes']:6.2f} GB  {what}{short}",
        *(f"{'':<4}{name}: {text}" for name, text in said.items() if text),
    ]
