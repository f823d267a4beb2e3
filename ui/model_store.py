"""The models and compiled models on this disk: their sizes, what may be deleted, what a name may be."""

import re
import shutil
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from runtime.backends.compiled_cache import CompiledCache
from runtime.errors import InvalidRequest, LapdrawError, ModelFolderError
from runtime.model_folder import ModelFolder
from runtime.models import ListedModel, list_models
from runtime.places import BUNDLED_MODELS

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._ -]{0,98}[A-Za-z0-9_-])?")  # Windows drops a last dot or space
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, kw_only=True)
class ModelRow:
    """What a list says of a model; where `error` says why it cannot be opened, the rest is empty."""

    name: str
    path: Path
    bundled: bool
    bytes: int
    tasks: tuple[str, ...] = ()
    precision: str = ""
    width: int = 0
    height: int = 0
    error: str = ""
    folder: ModelFolder | None = None  # opened


def model_rows(data: Path) -> tuple[ModelRow, ...]:
    """Return the models that can be asked for by name; raises ModelFolderError for unreadable folders."""
    return tuple(_row(model) for model in list_models(data, BUNDLED_MODELS))


def _row(model: ListedModel) -> ModelRow:
    row = ModelRow(name=model.name, path=model.path, bundled=model.bundled, bytes=folder_bytes(model.path))
    try:
        folder = model.open()
    except LapdrawError as error:
        return replace(row, error=str(error))
    return replace(
        row,
        folder=folder,
        tasks=folder.tasks,
        precision=folder.precision,
        width=folder.default_width,
        height=folder.default_height,
    )


def listed_model(name: str, data: Path) -> ListedModel:
    """Return the model of that name, which is never taken for a path; raises ModelFolderError."""
    listed = {model.name: model for model in list_models(data, BUNDLED_MODELS)}
    if name not in listed:
        raise ModelFolderError(
            f"there is no model {name!r} in {data / 'models'}: known are {', '.join(listed)}"
        )
    return listed[name]


def verify_model(folder: ModelFolder) -> str:
    """Compare every file with the manifest, say what was found; raises ModelFolderError naming the file."""
    folder.verify()
    return "every file is as it was written" if folder.manifest else ", ".join(folder.notes)


def remove_model(name: str, data: Path, in_use: Collection[str] = ()) -> int:
    """Delete a model of the data folder and return the bytes that were freed.

    Raises ModelFolderError for a name that is not there, InvalidRequest for a bundled model, for one that is
    `in_use` and for one whose files the system does not let go of.
    """
    model = listed_model(name, data)
    if model.bundled:
        raise InvalidRequest(f"{name} comes with the program: only models you added can be removed")
    if name in in_use:
        raise InvalidRequest(
            f"{name} is needed by a job that is running or waiting: let it finish or cancel it first"
        )
    return delete_folder(model.path)


def delete_folder(path: Path) -> int:
    """Delete a folder and return the bytes that were freed; raises InvalidRequest where it is held."""
    freed = folder_bytes(path)
    doomed = path.with_name(f".partial-{uuid4().hex}")  # gone at once, even if deleting is interrupted
    try:
        path.rename(doomed)
    except OSError as error:
        raise InvalidRequest(f"cannot remove {path} ({error.strerror}): close what uses it") from error
    shutil.rmtree(doomed, ignore_errors=True)
    return freed


def require_model_name(name: str) -> str:
    """Return the name of a model that is to be made; raises InvalidRequest where it cannot be one."""
    if not _NAME.fullmatch(name):
        raise InvalidRequest(
            f"{name!r} cannot be a model's name: use letters, digits, spaces, and . _ - (--name)"
        )
    return name


def propose_name(source: str, precision: str, data: Path) -> str:
    """Return a free name for what is made of a source: its own and the precision, numbered if taken.

    Without a precision it is for a model that is taken as it is.
    """
    stem = _UNFIT.sub("-", source.rsplit("/", 1)[-1]).strip("-._")[:80] or "model"
    wanted = f"{stem}-{precision}" if precision else stem
    name, number = wanted, 1
    while (data / "models" / name).exists():
        number += 1
        name = f"{wanted}-{number}"
    return name


def compiled_cache(data: Path) -> CompiledCache:
    """The compiled models of a data folder."""
    return CompiledCache(data / "cache" / "compiled")


def folder_bytes(folder: Path) -> int:
    """Return the bytes of the files below a folder; what disappears meanwhile counts nothing."""
    total = 0
    with suppress(OSError):  # a folder that cannot be read, or is being removed
        for path in folder.rglob("*"):
            with suppress(OSError):
                total += path.stat().st_size if path.is_file() and not path.is_symlink() else 0
    return total
