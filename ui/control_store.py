"""The ControlNets on this disk: a line each, all that is known of one, and removing."""

from pathlib import Path
from typing import Any

from runtime.controlnet_folder import ControlNetFolder, ListedControlNet, list_controlnets
from runtime.errors import InvalidRequest, LapdrawError
from runtime.places import BUNDLED_CONTROLNETS
from ui.model_store import delete_folder, folder_bytes

KIND = "controlnet"


def controlnet_rows(data: Path) -> list[dict[str, Any]]:
    """Return what a list tells of each; raises ModelFolderError for unreadable folders."""
    return [_row(net) for net in list_controlnets(data, BUNDLED_CONTROLNETS)]


def controlnet_named(name: str, data: Path) -> ListedControlNet | None:
    """Return the one of that name, which is never taken for a path; None where there is none."""
    return next((net for net in list_controlnets(data, BUNDLED_CONTROLNETS) if net.name == name), None)


def controlnet_facts(net: ControlNetFolder) -> dict[str, Any]:
    """Return everything that `models show` tells."""
    manifest = net.manifest
    source = manifest.source if manifest is not None else None
    return {
        "kind": KIND,
        "name": net.name,
        "path": str(net.path),
        "bytes": folder_bytes(net.path),
        "precision": net.precision,
        "made_for": {
            "cross_attention_dim": net.settings["cross_attention_dim"],
            "block_out_channels": list(net.settings["block_out_channels"]),
        },
        "source": source.location if source is not None else None,
        "revision": source.revision if source is not None else None,
        "sha256": dict(source.sha256) if source is not None else {},
        "created": manifest.created if manifest is not None else None,
        "errors": {name: dict(errors) for name, errors in manifest.errors.items()} if manifest else {},
    }


def controlnet_lines(facts: dict[str, Any]) -> list[str]:
    """Return the lines that `models show` prints."""
    errors = facts["errors"].get(KIND, {})
    told = {
        "name": facts["name"],
        "kind": "ControlNet: use it with --control",
        "path": facts["path"],
        "size": f"{facts['bytes'] / 1e6:.1f} MB",
        "precision": facts["precision"],
        "for models with": ", ".join(f"{name} {value}" for name, value in facts["made_for"].items()),
        "source": facts["source"],
        "sha256 of the source": ", ".join(f"{name}: {digest}" for name, digest in facts["sha256"].items()),
        "created": facts["created"],
        "error against PyTorch": ", ".join(f"{stored} {error:.1e}" for stored, error in errors.items()),
    }
    return [f"{name + ':':<24}{value}" for name, value in told.items() if value]


def controlnet_line(row: dict[str, Any]) -> str:
    """Return its line in a list."""
    if "error" in row:
        return f"{row['name']:<24} {row['error']}"
    return f"{row['name']:<24} {row['precision']}, {row['bytes'] / 1e6:.0f} MB: ControlNet, for --control"


def remove_controlnet(net: ListedControlNet) -> int:
    """Delete one of the data folder and return the bytes that were freed; raises InvalidRequest."""
    if net.bundled:
        raise InvalidRequest(f"{net.name} comes with the program: only ControlNets you added can be removed")
    return delete_folder(net.path)


def _row(net: ListedControlNet) -> dict[str, Any]:
    row = {
        "kind": KIND,
        "name": net.name,
        "path": str(net.path),
        "bundled": net.bundled,
        "bytes": folder_bytes(net.path),
    }
    try:
        folder = net.open()
    except LapdrawError as error:
        return row | {"error": str(error)}
    return row | {"precision": folder.precision}
