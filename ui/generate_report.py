"""What `generate` says of finished pictures: their paths and a line of figures, or JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ui.grid import Grid
from ui.progress import Progress

if TYPE_CHECKING:
    from runtime.generation import Result


def report(
    progress: Progress, result: "Result", paths: Sequence[Path], previews: Sequence[Path], seconds: float
) -> None:
    """Print the paths on standard output and the rest beside it."""
    for warning in result.warnings:
        progress.note(f"note: {warning}")
    for path in (*previews, *paths):
        print(path, flush=True)
    if "unet" not in result.placement:  # stopped before anything was loaded
        return
    unet = result.placement["unet"]
    each = sum(result.timings.steps) / max(1, len(result.timings.steps))
    seeds = ", ".join(map(str, result.seeds[:4])) + (", ..." if len(result.seeds) > 4 else "")
    progress.note(
        f"{len(paths)} picture{'s' * (len(paths) != 1)} in {seconds:.1f} s on {unet.device} {unet.precision} "
        f"({each:.2f} s a step, {result.sampler} {result.schedule}), seed {seeds}"
    )


def describe(result: "Result", model: str, paths: Sequence[Path], previews: Sequence[Path]) -> dict[str, Any]:
    """Return what --json prints for a request."""
    request = result.request.as_dict() | {"sampler": result.sampler, "schedule": result.schedule}
    return {
        "task": result.request.task,
        "images": [{"path": str(path), "seed": seed} for path, seed in zip(paths, result.seeds, strict=True)],
        "model": model,
        "previews": [str(path) for path in previews],
        "request": request,
        "placement": {component: asdict(executed) for component, executed in result.placement.items()},
        "timings": result.timings.as_dict(),
        "warnings": list(result.warnings),
    } | ({"withheld": [asdict(picture) for picture in result.withheld]} if result.withheld else {})


def describe_grid(task: str, grid: Grid, sheet: Path, paths: Sequence[Path | None]) -> dict[str, Any]:
    """Return what --json prints last for a grid: the sheet, and which values each picture has.

    A cell without a path was left out.
    """
    return {
        "task": task,
        "grid": {
            "path": str(sheet),
            "axes": [{"name": axis.name, "values": list(axis.labels)} for axis in grid.axes],
        },
        "images": [
            {"path": str(path), "values": dict(cell.labels)}
            for path, cell in zip(paths, grid.cells, strict=True)
            if path is not None
        ],
    }


def print_json(value: dict[str, Any]) -> None:
    """Print one object as one line, at once."""
    print(json.dumps(value), flush=True)
