"""What a job of a command runs: `optimize` and `benchmark`, as processes of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.checkpoint import PREDICTION_TYPES, refuse_pickle
from runtime.errors import InvalidRequest
from runtime.hub_id import VARIANTS, require_hub_id, require_revision
from runtime.models import find_model
from runtime.places import BUNDLED_MODELS, CHECKOUT
from runtime.quantization import OFFERED
from ui.installed import CPU_INDEX
from ui.jobs.token import kept_token
from ui.model_store import require_model_name

FOLDER, HUB, FILE = "folder", "hub", "file"  # what a source is; a body that does not say it names a folder
# What goes with which of them, beside source, name and precision.
TAKEN = {FOLDER: ("vae",), HUB: ("revision", "variant", "has_token"), FILE: ("vae", "prediction_type")}
HAS_TOKEN = "has_token"  # whether a token was typed for the job, which has it in a file of its own
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
    source, name = _text(body, "source"), _text(body, "name")
    _one_of(body, "precision", OFFERED)
    require_model_name(name)
    _check_source(_origin(body), source, body)
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
    source = str(body["source"])
    if _origin(body) != HUB:
        source = str(Path(source).absolute())
    asked = ("optimize", source, "--precision", str(body["precision"]), "--name", str(body["name"]), "--json")
    return CommandPlan(arguments=(*asked, *_beside(body, folder), *index), folder=CHECKOUT)


def _check_source(origin: str, source: str, body: Mapping[str, Any]) -> None:
    """Raise InvalidRequest or ModelFolderError for what cannot be a source, or does not go with it."""
    for name in {name for names in TAKEN.values() for name in names} - set(TAKEN[origin]):
        if body.get(name):
            raise InvalidRequest(f"{name} does not go with a {origin}: leave it out")
    if origin == HUB:
        require_hub_id(source)
        if (CHECKOUT / source).exists():  # where the command runs, which would take that
            raise InvalidRequest(f"{source} is a folder of the program: give the id of a model on the Hub")
        if body.get("revision"):
            require_revision(_text(body, "revision"))
        if body.get("variant"):
            _one_of(body, "variant", VARIANTS)
    elif origin == FILE:
        refuse_pickle(Path(source))
        if not Path(source).is_file():
            raise InvalidRequest(f"there is no file {source}: choose a .safetensors file")
        if body.get("prediction_type"):
            _one_of(body, "prediction_type", PREDICTION_TYPES)
    elif not Path(source).is_dir():
        raise InvalidRequest(f"there is no folder {source}: choose one that holds model_index.json")
    if body.get("vae") and not Path(_text(body, "vae")).exists():
        raise InvalidRequest(f"there is no VAE {body['vae']}: choose a .safetensors file or a folder")


def _beside(body: Mapping[str, Any], folder: Path) -> tuple[str, ...]:
    """Return the options that go with the source; a token is given as the file that holds it."""
    vae, token = body.get("vae"), kept_token(folder) if body.get(HAS_TOKEN) else None
    given = {
        "--revision": body.get("revision"),
        "--variant": body.get("variant"),
        "--token-file": token,
        "--vae": Path(vae).absolute() if vae else None,
        "--prediction-type": body.get("prediction_type"),
    }
    return tuple(word for option, value in given.items() if value for word in (option, str(value)))


def _origin(body: Mapping[str, Any]) -> str:
    if "origin" not in body:
        return FOLDER
    return _one_of(body, "origin", tuple(TAKEN))


def _one_of(body: Mapping[str, Any], name: str, choices: tuple[str, ...]) -> str:
    value = body.get(name)
    if value not in choices:
        raise InvalidRequest(f"{name} must be one of {', '.join(choices)}, got {value!r:.100}")
    return str(value)


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        raise InvalidRequest(f"{name} is missing: give it")
    return value
