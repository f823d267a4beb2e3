"""`models`: list, show, verify and remove model folders."""

import argparse
import json
from pathlib import Path
from typing import Any

from runtime.errors import InvalidRequest
from runtime.model_folder import ModelFolder
from runtime.models import find_model
from runtime.places import BUNDLED_MODELS, data_folder
from ui.model_store import ModelRow, model_rows, remove_model, verify_model


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("action", nargs="?", default="list", choices=("list", "show", "verify", "remove"))
    parser.add_argument("model", nargs="?", metavar="NAME|DIR", help="for show, verify and remove")
    parser.add_argument("--data-dir", metavar="DIR", help="where models, outputs and the cache are")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Do what was asked; `verify` of everything when no model is named."""
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
