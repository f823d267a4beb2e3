"""`models`: list, show, verify and remove model folders."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from runtime.errors import InvalidRequest
from runtime.model_folder import ModelFolder
from runtime.models import find_model
from runtime.places import BUNDLED_MODELS, data_folder
from ui.checkpoint_files import describe, find_checkpoints, usual_places
from ui.model_store import ModelRow, model_rows, remove_model, verify_model


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("action", nargs="?", default="list", choices=("list", "show", "verify", "remove"))
    parser.add_argument("model", nargs="?", metavar="NAME|DIR", help="for show, verify and remove")
    parser.add_argument(
        "--checkpoints",
        nargs="?",
        const="",
        metavar="DIR",
        help="list the .safetensors files of an A1111 or ComfyUI folder, by default of the usual places",
    )
    parser.add_argument("--data-dir", metavar="DIR", help="where models, outputs and the cache are")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Do what was asked; `verify` of everything when no model is named."""
    if options.checkpoints is not None:
        return _list_checkpoints(options.checkpoints, as_json=options.json)
    data = data_folder(options.data_dir)
    if options.action == "list":
        return _list(data, as_json=options.json)
    if options.model is None:
        raise InvalidRequest(f"models {options.action} needs a model: write its name or folder")
    if options.action == "remove":
        remove_model(options.model, data)
        print(f"removed {options.model}")
        return 0
    folder = find_model(options.model, data, BUNDLED_MODELS)
    if options.action == "show":
        return _show(folder, as_json=options.json)
    print(f"{folder.name}: {verify_model(folder)}")
    return 0


def _list(data: Path, *, as_json: bool) -> int:
    rows = [_row(model) for model in model_rows(data)]
    if as_json:
        print(json.dumps(rows))
        return 0
    for row in rows:
        what = row.get("error") or (
            f"{row['precision']}, {row['width']}x{row['height']}, {row['megabytes']:.0f} MB: "
            + ", ".join(row["tasks"])
        )
        print(f"{row['name']:<24} {what}{' (bundled)' if row['bundled'] else ''}")
    if not rows:
        print(f"no models in {data / 'models'}: make one with `python launch.py optimize SOURCE`")
    return 0


def _list_checkpoints(place: str, *, as_json: bool) -> int:
    """Print the files that can be converted, and why others cannot; raises InvalidRequest for no folder."""
    if place and not Path(place).expanduser().is_dir():
        raise InvalidRequest(f"there is no folder {place}: give that of A1111 or ComfyUI, or of the files")
    places = [Path(place).expanduser()] if place else usual_places()
    rows = []
    for found in find_checkpoints(places):
        kind, error = describe(found)
        rows.append(
            {"name": found.name, "path": str(found.path), "gigabytes": found.bytes / 1e9}
            | ({"error": error} if error else {"kind": kind})
        )
    if as_json:
        print(json.dumps(rows))
        return 0
    for row in rows:
        print(f"{row['name']:<40} {row['gigabytes']:6.2f} GB  {row.get('kind') or row['error']}")
    if rows:
        print("convert one with: python launch.py optimize FILE", file=sys.stderr)
    else:
        searched = ", ".join(map(str, places)) or "the usual places"
        print(f"no checkpoints in {searched}: name a folder, models --checkpoints DIR", file=sys.stderr)
    return 0


def _row(model: ModelRow) -> dict[str, Any]:
    row: dict[str, Any] = {"name": model.name, "path": str(model.path), "bundled": model.bundled}
    if model.error:
        return row | {"error": model.error}
    return row | {
        "tasks": list(model.tasks),
        "precision": model.precision,
        "width": model.width,
        "height": model.height,
        "megabytes": model.bytes / 1e6,
    }


def _show(folder: ModelFolder, *, as_json: bool) -> int:
    manifest = folder.manifest
    made = manifest.quantization if manifest else None
    facts: dict[str, Any] = {
        "name": folder.name,
        "path": str(folder.path),
        "tasks": list(folder.tasks),
        "made for": folder.pipeline_class,
        "components": list(folder.components),
        "precision": folder.precision,
        "size": f"{folder.default_width}x{folder.default_height}",
        "prediction type": folder.prediction_type,
        "source": manifest.source.location if manifest else None,
        "source is": list(manifest.source.notes) if manifest else [],
        "created": manifest.created if manifest else None,
        "tools": dict(manifest.tools) if manifest else {},
        "error against PyTorch": {k: dict(v) for k, v in manifest.errors.items()} if manifest else {},
        "quantization": made.to_dict() if made is not None else {},
        "notes": list(folder.notes),
    }
    if as_json:
        print(json.dumps(facts))
        return 0
    for name, value in facts.items():
        if value:
            text = ", ".join(map(str, value)) if isinstance(value, list) else value
            print(f"{name + ':':<24}{_lines(text) if isinstance(text, dict) else text}")
    return 0


def _lines(table: dict[str, Any]) -> str:
    return ("\n" + " " * 24).join(f"{key}: {value}" for key, value in table.items())
