"""`models`: list, show, verify and remove model folders, and what was fetched for them."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runtime.controlnet_folder import ListedControlNet
from runtime.errors import InvalidRequest
from runtime.hub_folders import fetched_folder
from runtime.hub_id import has_hub_shape
from runtime.model_files import INDEX_NAME
from runtime.models import find_model, list_models
from runtime.places import BUNDLED_MODELS, data_folder
from ui.adapters_list import adapter_lines, print_adapters
from ui.checkpoints_list import list_checkpoints
from ui.control_store import (
    controlnet_facts,
    controlnet_line,
    controlnet_lines,
    controlnet_named,
    controlnet_rows,
    remove_controlnet,
)
from ui.fetched_sources import FetchedSource, fetched_sources, remove_fetched, remove_with_source, sources_of
from ui.model_facts import facts_of, origin_of
from ui.model_store import ModelRow, model_rows, remove_model, verify_model
from ui.models_words import fact_lines, printable, row_line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("action", nargs="?", default="list", choices=("list", "show", "verify", "remove"))
    parser.add_argument(
        "model",
        nargs="?",
        metavar="NAME|DIR",
        help="for show, verify and remove; remove also takes the ORGANISATION/NAME of what was fetched",
    )
    parser.add_argument(
        "--source", action="store_true", help="with remove: also delete what was fetched for the model"
    )
    parser.add_argument(
        "--checkpoints",
        nargs="?",
        const="",
        metavar="DIR",
        help="list the .safetensors files of an A1111 or ComfyUI folder, by default of the usual places",
    )
    parser.add_argument(
        "--adapters", action="store_true", help="list LoRAs and embeddings, with --hash the sha256 of each"
    )
    parser.add_argument(
        "--hash",
        action="store_true",
        help="with --checkpoints or --adapters: read every file for its sha256",
    )
    parser.add_argument("--data-dir", metavar="DIR", help="where models, outputs and the cache are")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Do what was asked; raises LapdrawError."""
    _refuse_unfit(options)
    if options.checkpoints is not None:
        return list_checkpoints(options.checkpoints, with_hash=options.hash, as_json=options.json)
    data = data_folder(options.data_dir)
    if options.adapters:
        print_adapters(data, with_hash=options.hash, as_json=options.json)
        return 0
    if options.action == "list":
        return _list(data, as_json=options.json)
    if options.model is None:
        raise InvalidRequest(f"models {options.action} needs a model: write its name or folder")
    if options.action == "remove":
        return _remove(options.model, data, with_source=options.source)
    if (net := _controlnet(options.model, data)) is not None:
        return _tell_controlnet(net, options)
    folder = find_model(options.model, data, BUNDLED_MODELS)
    if options.action == "verify":
        print(f"{folder.name}: {verify_model(folder)}")
        return 0
    facts = facts_of(folder, data)
    print(json.dumps(facts) if options.json else printable("\n".join(fact_lines(facts))))
    return 0


def _refuse_unfit(options: argparse.Namespace) -> None:
    for option, is_given, fits in (
        ("--source", options.source, options.action == "remove"),
        ("--hash", options.hash, options.adapters or options.checkpoints is not None),
    ):
        if is_given and not fits:
            needed = "models remove NAME" if option == "--source" else "models --checkpoints"
            raise InvalidRequest(f"{option} belongs to {needed}: leave it out, or add that")


def _list(data: Path, *, as_json: bool) -> int:
    rows = [_row(model) for model in model_rows(data)]
    nets = controlnet_rows(data)
    if as_json:
        print(json.dumps([*rows, *nets]))
        return 0
    for row in rows:
        print(printable(row_line(row)))
    for net in nets:
        print(printable(controlnet_line(net)))
    if not rows:
        print(f"no models in {data / 'models'}: make one with `python launch.py optimize SOURCE`")
    for line in adapter_lines(data):
        print(line)
    fetched = fetched_sources(data)
    if fetched:
        size, unneeded = (_megabytes(rows) for rows in (fetched, [row for row in fetched if not row.models]))
        print(
            f"{fetched_folder(data)} holds {size} of fetched sources, {unneeded} of them of no model here "
            f"({', '.join(sorted({source.repository for source in fetched}))}): "
            "models remove ORGANISATION/NAME frees them",
            file=sys.stderr,
        )
    return 0


def _row(model: ModelRow) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": model.name,
        "path": str(model.path),
        "bundled": model.bundled,
        "bytes": model.bytes,
    }
    if model.folder is None:
        return row | {"error": model.error}
    return row | {
        "tasks": list(model.tasks),
        "precision": model.precision,
        "width": model.width,
        "height": model.height,
        "megabytes": model.bytes / 1e6,
        "source": origin_of(model.folder).to_dict(),
        "source_words": str(origin_of(model.folder)),
    }


def _controlnet(name: str, data: Path) -> ListedControlNet | None:
    """Return the ControlNet of that name, unless a model has it too."""
    models = {model.name for model in list_models(data, BUNDLED_MODELS)}
    return None if name in models or Path(name, INDEX_NAME).is_file() else controlnet_named(name, data)


def _tell_controlnet(net: ListedControlNet, options: argparse.Namespace) -> int:
    folder = net.open()
    if options.action == "verify":
        folder.verify()
        print(f"{folder.name}: every file is as it was written")
        return 0
    facts = controlnet_facts(folder)
    print(json.dumps(facts) if options.json else printable("\n".join(controlnet_lines(facts))))
    return 0


def _remove(name: str, data: Path, *, with_source: bool) -> int:
    if has_hub_shape(name):  # which no model's name has
        found = remove_fetched(name, data)
        print(f"removed what was fetched of {name}: {_megabytes(found)}")
        losers = sorted({model for source in found for model in source.models})
        if losers:
            print(
                f"{', '.join(losers)} had it as the source, which only PyTorch devices need", file=sys.stderr
            )
        return 0
    if (net := _controlnet(name, data)) is not None:
        if with_source:
            raise InvalidRequest(
                "--source does not go with a ControlNet: remove its source by ORGANISATION/NAME"
            )
        print(f"removed {name}, {remove_controlnet(net) / 1e6:.1f} MB")
        return 0
    fetched = sources_of(name, data)
    if with_source:
        removed = remove_with_source(name, data)
        print(f"removed {name}, and {removed.source_bytes / 1e6:.1f} MB that were fetched for it")
        for source in removed.kept:
            others = ", ".join(sorted(set(source.models) - {name}))
            print(f"{source.path} stays, it is also the source of {others}", file=sys.stderr)
        return 0
    remove_model(name, data)
    print(f"removed {name}")
    for source in fetched:
        others = ", ".join(sorted(set(source.models) - {name}))
        whose = (
            f" and is the source of {others}" if others else f": models remove {source.repository} frees it"
        )
        print(f"{source.path} ({source.bytes / 1e6:.1f} MB) stays{whose}", file=sys.stderr)
    return 0


def _megabytes(sources: Sequence[FetchedSource]) -> str:
    return f"{sum(source.bytes for source in sources) / 1e6:.1f} MB"
