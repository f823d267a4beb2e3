"""What `models` prints for people: a line a model, and all that is known of one."""

import sys
from collections.abc import Mapping
from typing import Any

from runtime.model_card import visible_text

_WIDTH = 24  # of the names at the left
_LONGEST = 4000  # characters of one line


def printable(text: str) -> str:
    """Return a text that standard output can hold, whatever its encoding."""
    encoding = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def row_line(row: Mapping[str, Any]) -> str:
    """Return the line of one model, its origin last."""
    if "error" in row:
        return f"{row['name']:<{_WIDTH}} {visible_text(row['error'], _LONGEST)}"
    what = f"{row['precision']}, {row['width']}x{row['height']}, {row['megabytes']:.0f} MB: "
    origin = "" if row["source"]["kind"] == "unknown" else f" ({row['source_words']})"
    return f"{row['name']:<{_WIDTH}} {what}{', '.join(row['tasks'])}{origin}"


def fact_lines(facts: Mapping[str, Any]) -> list[str]:
    """Return the lines of `models show`: what is not known is left out."""
    source, card, quantized, files = facts["source"], facts["card"], facts["quantization"], facts["files"]
    told = {
        "name": facts["name"],
        "path": facts["path"],
        "size": _megabytes(facts["bytes"]),
        "size of parts": {name: _megabytes(size) for name, size in facts["component_bytes"].items()},
        "tasks": ", ".join(facts["tasks"]),
        "made for": facts["pipeline"],
        "precision": facts["precision"],
        "pixels": f"{facts['width']}x{facts['height']}",
        "prediction type": facts["prediction_type"],
        "source": _source(source),
        "page": source["page"],
        "sha256 of the source": source["file_sha256"],
        "source is": source["notes"],
        "fetched source": [_fetched(found, facts["name"]) for found in source["fetched"]],
        "title": card.get("title"),
        "author": card.get("author"),
        "licence": card.get("license"),
        "date": card.get("date"),
        "trigger words": card.get("trigger_words"),
        "frequent tags": ", ".join(card.get("tags", ())),
        "usage": card.get("usage_hint"),
        "description": card.get("description"),
        "trained": " from ".join(text for key in ("as", "from") if (text := card.get(f"trained_{key}"))),
        "created": facts["created"],
        "tools": facts["tools"],
        "error against PyTorch": {
            name: ", ".join(f"{precision} {error:.1e}" for precision, error in errors.items())
            for name, errors in facts["errors"].items()
        },
        "int8": _quantized(quantized) if quantized else None,
        "quantization": quantized,
        "files": _files(files),
        "notes": facts["notes"],
    }
    return [line for name, value in told.items() if value for line in _lines(name, value)]


def _lines(name: str, value: Any) -> list[str]:
    """Return a name at the left and its values beside it, one below the other."""
    if isinstance(value, Mapping):
        texts = [f"{key}: {item}" for key, item in value.items()]
    else:
        texts = [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)]
    heads = [f"{name}:", *[""] * (len(texts) - 1)]
    return [
        f"{head:<{_WIDTH}}{visible_text(text, _LONGEST)}" for head, text in zip(heads, texts, strict=True)
    ]


def _source(source: Mapping[str, Any]) -> str | None:
    if source["kind"] == "hub":
        return f"hub {source['name']}@{source['revision']}"
    if source["kind"] == "file":
        return f"file {source['location']} [{source['short_hash']}]"
    if source["kind"] == "bundled":
        return "bundled"
    return source["location"] and f"folder {source['location']}"


def _fetched(found: Mapping[str, Any], name: str) -> str:
    others = ", ".join(model for model in found["models"] if model != name)
    return f"{found['path']} ({_megabytes(found['bytes'])}" + (f", also of {others})" if others else ")")


def _quantized(made: Mapping[str, Any]) -> str:
    return (
        f"the UNet is off by {made['unet_error']:.1%} on average, pictures by {made['picture_psnr']:.1f} dB; "
        f"{made['speed']:.2f} times the speed of {made['base']} (f32 on {made['machine']})"
    )


def _files(files: Mapping[str, int]) -> str | None:
    if not files["in_manifest"]:
        return None
    return (
        f"{files['in_manifest']}, all of the right size; {files['known_unchanged']} of them were read before "
        "and are unchanged since (models verify reads all)"
    )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
