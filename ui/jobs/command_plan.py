"""What a job of a command runs: `optimize` and `benchmark`, as processes of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.errors import InvalidRequest
from runtime.models import find_model
from runtime.places import BUNDLED_MODELS, CHECKOUT
from runtime.quantization import QUANTIZED
from ui.installed import CPU_INDEX
from ui.model_store import require_model_name

PRECISIONS = ("fp32", "fp16", *QUANTIZED)
DATA = "LAPDRAW_DATA"  # tells a command the data folder
REPORT = "benchmark"  # the folder of a benchmark that is not finished, in the job's own


@dataclass(frozen=True, kw_only=True)
class CommandPlan:
    """The arguments of launch.py, and the folder it runs in."""

    arguments: tuple[str, ...]
    folder: Path


def check_command(kind: str, body: Mapping[str, Any], data: Path) -> None:
    """Raise InvalidRequest or ModelFolderError for what cannot be run as asked."""
    if kind == "benchmark":
        model = find_model(_text(body, "model"), data, BUNDLED_MODELS)
        if "text-to-image" not in model.tasks:
            raise InvalidRequest(
                f"{model.name} makes no picture from a text: benchmark a text-to-image model"
            )
        return
    source, name, precision = Path(_text(body, "source")), _text(body, "name"), body.get("precision")
    if precision not in PRECISIONS:
        raise InvalidRequest(f"precision must be one of {', '.join(PRECISIONS)}, got {precision!r}")
    require_model_name(name)
    if not source.is_dir():
        raise InvalidRequest(f"there is no folder {source}: choose one that holds model_index.json")
    if (data / "models" / name).exists():
        raise InvalidRequest(f"there is a model {name} already: delete it first, or give another name")


def plan_command(kind: str, body: Mapping[str, Any], folder: Path) -> CommandPlan:
    """Return what to run; `folder` is the job's own, where nothing unfinished is in anybody's way."""
    index = ("--torch-index", CPU_INDEX) if body.get("cpu_pytorch") else ()  # PyTorch without CUDA
    if kind == "benchmark":
        # A record keeps the command that made it, so there is no path in it: see DATA.
        how = ("--quick",) if body.get("quick", True) else ()
        device = ("--device", str(body["device"])) if body.get("device") else ()
        peers = ("--peers", str(body.get("peers") or "none"))
        asked = ("benchmark", *how, "--model", str(body["model"]), *device, *peers, *index, "-o", REPORT)
        return CommandPlan(arguments=asked, folder=folder)
    source = str(Path(body["source"]).absolute())
    asked = ("optimize", source, "--precision", str(body["precision"]), "--name", str(body["name"]), "--json")
    return CommandPlan(arguments=(*asked, *index), folder=CHECKOUT)


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        raise InvalidRequest(f"{name} is missing: give it")
    return value
