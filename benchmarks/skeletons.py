"""Full-size skeletons in the cache: random weights of a real architecture, converted by our own `optimize`.

FOLDER/NAME-source    the diffusers folder, which PyTorch and its peers read
FOLDER/NAME-fp16      the OpenVINO model made from it, whose manifest points back to the source

Nothing is downloaded, and the same recipe gives the same weights on every machine with the same PyTorch.
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil

from benchmarks.skeleton_families import FAMILIES
from runtime.errors import ExportError, InvalidRequest, ModelFolderError
from runtime.model_folder import ModelFolder
from runtime.pipeline import CHECKOUT

RECIPE = 1  # raise it when skeleton.py, its families or teaching.py write other weights
# What a benchmark offers, and how many weights each has.
# sd15-lcm is the architecture of SD 1.5 with the sampler of LCM: four steps without guidance.
PARAMETERS = {"sd15": 1_066_000_000, "sd15-lcm": 1_066_000_000, "sd21": 1_290_000_000}
NAMES = tuple(PARAMETERS)

_BYTES_PER_PARAMETER = 8  # at the worst moment: the source, and the conversion's FP32 and FP16
_MARK = "skeleton.json"

OnPhase = Callable[[str], None]


def find_or_build(name: str, folder: Path, on_phase: OnPhase) -> Path:
    """Return the FP16 model of a skeleton, built below `folder` when it is not there, whole and of today.

    `on_phase` hears what is being done; a full-size one takes minutes and 6.5 GB of memory. Raises
    InvalidRequest for an unknown name or a disk too small, ExportError when building fails; what was
    unfinished is gone then.
    """
    if name not in FAMILIES:
        raise InvalidRequest(f"there is no skeleton {name!r}: choose one of {', '.join(NAMES)}")
    source, model = folder / f"{name}-source", folder / f"{name}-fp16"
    is_source_whole = _is_source(source, name)
    if is_source_whole and _is_made_from(model, source):
        return model
    _remove(model)
    if not is_source_whole:
        _remove(source)
        _check_room(name, folder)
        _write_source(name, source, on_phase)
    _convert(source, model, on_phase)
    return model


def _is_source(source: Path, name: str) -> bool:
    try:
        marked = json.loads((source / _MARK).read_text(encoding="utf-8"))
        ModelFolder(source)
    except (OSError, ValueError, ModelFolderError):
        return False
    return bool(marked == _mark(name))


def _is_made_from(model: Path, source: Path) -> bool:
    try:
        found = ModelFolder(model).source_path
    except ModelFolderError:
        return False
    return found is not None and found == source.resolve()


def _mark(name: str) -> dict[str, str | int]:
    return {"family": name, "recipe": RECIPE}


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _check_room(name: str, folder: Path) -> None:
    """Refuse when the disk cannot hold the source and the conversion."""
    folder.mkdir(parents=True, exist_ok=True)
    needed, free = _BYTES_PER_PARAMETER * PARAMETERS.get(name, 0), shutil.disk_usage(folder).free
    if free < needed:
        raise InvalidRequest(
            f"the skeleton {name} needs {needed / 1e9:.1f} GB in {folder} while it is built, and "
            f"{free / 1e9:.1f} GB are free: free some, or give another place with --data-dir"
        )


def _write_source(name: str, source: Path, on_phase: OnPhase) -> None:
    """Have another process write the weights, so that PyTorch is gone afterwards."""
    on_phase(f"drawing the weights of {name}")
    prefix = f".partial-{source.name}-"
    for left in source.parent.glob(f"{prefix}*"):  # by a process that was killed
        if not psutil.pid_exists(int(left.name.split("-")[-2])):
            shutil.rmtree(left, ignore_errors=True)
    partial = source.with_name(f"{prefix}{os.getpid()}-{secrets.token_hex(4)}")
    try:
        _run(["benchmarks.skeleton", name, str(partial.resolve())], on_phase)
        (partial / _MARK).write_text(json.dumps(_mark(name)) + "\n", encoding="utf-8")
        partial.rename(source)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _convert(source: Path, model: Path, on_phase: OnPhase) -> None:
    paths = [str(source.resolve()), "--output", str(model.resolve())]
    _run(["optimize", *paths, "--precision", "fp16", "--json"], on_phase)


def _run(module: list[str], on_phase: OnPhase) -> None:
    """Run a module of ours to its end and pass on its phases; raises ExportError with its last words."""
    child = subprocess.Popen(
        [sys.executable, "-m", *module],
        cwd=CHECKOUT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    words = ""
    with child:
        assert child.stderr is not None
        try:
            for line in child.stderr:
                said = _read(line)
                if "phase" in said:
                    on_phase(f"[{said['index']}/{said['total']}] {said['phase']}")
                words = said.get("error", line.strip()) or words
        except BaseException:
            child.terminate()  # it removes what it wrote
            raise
    if child.returncode != 0:
        raise ExportError(f"building a skeleton failed with status {child.returncode}: {words:.300}")


def _read(line: str) -> dict[str, str]:
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
