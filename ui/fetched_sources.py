"""What `optimize` fetched from the Hub and keeps in the data folder: its size, who needs it, deleting.

cache/hub/models--ORG--NAME/COMMIT/ is a pipeline, models--ORG--NAME/parts/ what has come of unfinished files.
"""

import shutil
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from runtime.controlnet_folder import list_controlnets
from runtime.errors import InvalidRequest, LapdrawError
from runtime.file_lock import drop_lock, take_lock
from runtime.hub_folders import fetched_folder, repository_of
from runtime.hub_id import has_hub_shape
from runtime.model_files import read_manifest
from runtime.models import list_models
from runtime.places import BUNDLED_MODELS
from ui.model_store import remove_model

_DOOMED = ".partial-"


@dataclass(frozen=True, kw_only=True)
class FetchedSource:
    """One folder of a repository: a commit, or the parts of files that are not whole."""

    repository: str
    path: Path
    bytes: int  # that deleting it frees
    models: tuple[str, ...] = ()  # that name it as their source


@dataclass(frozen=True, kw_only=True)
class Removed:
    """What was deleted, and what was not because other models name it."""

    model_bytes: int
    source_bytes: int = 0
    kept: tuple[FetchedSource, ...] = ()


def fetched_sources(data: Path) -> tuple[FetchedSource, ...]:
    """Return what is there, by repository; raises ModelFolderError where the models cannot be listed."""
    named: dict[Path, list[str]] = {}
    made = [(model.path, model.name) for model in list_models(data, BUNDLED_MODELS)]
    made += [(net.path, net.name) for net in list_controlnets(data)]
    for place, name in made:
        source = _source_named_in(place)
        if source is not None:
            named.setdefault(source, []).append(name)
    found = []
    for folder in _folders(fetched_folder(data)):
        repository = repository_of(folder.name)
        if repository is not None and has_hub_shape(repository):
            for path in _folders(folder):
                models = tuple(named.get(path.resolve(), ()))
                row = FetchedSource(repository=repository, path=path, bytes=_bytes_freed(path), models=models)
                found.append(row)
    return tuple(found)


def sources_of(name: str, data: Path) -> tuple[FetchedSource, ...]:
    """Return what was fetched for a model; raises ModelFolderError where the models cannot be listed."""
    return tuple(source for source in fetched_sources(data) if name in source.models)


def remove_with_source(name: str, data: Path, in_use: Collection[str] = ()) -> Removed:
    """Delete a model and what was fetched for it, unless another model names that too.

    `in_use` are the models, source folders and repositories that jobs need. Raises ModelFolderError and
    InvalidRequest as `remove_model`; then nothing is deleted.
    """
    own = [source for source in sources_of(name, data) if set(source.models) == {name}]
    kept = tuple(source for source in sources_of(name, data) if source not in own)
    with ExitStack() as stack:
        for source in own:
            _refuse_busy(source, in_use)
            stack.enter_context(_alone(source))
        freed = remove_model(name, data, in_use)
        for source in own:
            _discard(source.path, data)
    return Removed(model_bytes=freed, source_bytes=sum(source.bytes for source in own), kept=kept)


def remove_fetched(repository: str, data: Path, in_use: Collection[str] = ()) -> tuple[FetchedSource, ...]:
    """Delete everything that was fetched of a repository and return it; raises InvalidRequest."""
    found = tuple(source for source in fetched_sources(data) if source.repository == repository)
    if not found:
        known = ", ".join(sorted({source.repository for source in fetched_sources(data)})) or "nothing"
        raise InvalidRequest(f"nothing of {repository} is in {fetched_folder(data)}: there is {known}")
    for source in found:
        _refuse_busy(source, in_use)
    with _alone(found[0]):
        for source in found:
            _discard(source.path, data)
    return found


def _source_named_in(model: Path) -> Path | None:
    """Return the folder that a model's manifest names, None for a model that cannot tell."""
    try:
        manifest = read_manifest(model)
    except LapdrawError:  # damaged
        return None
    return manifest.source.place(model) if manifest is not None else None


def _folders(parent: Path) -> list[Path]:
    try:
        entries = sorted(parent.iterdir())
    except OSError:  # nothing was fetched
        return []
    return [
        path for path in entries if path.is_dir() and not path.is_symlink() and not path.name.startswith(".")
    ]


def _bytes_freed(folder: Path) -> int:
    """Return the bytes of the files whose every name is below the folder: others stay when it goes."""
    seen: dict[tuple[int, int], tuple[int, int, int]] = {}  # file -> names here, names in all, bytes
    with suppress(OSError):  # it is being removed
        for path in folder.rglob("*"):
            with suppress(OSError):
                if path.is_file() and not path.is_symlink():
                    stat = path.stat()
                    here = seen.get((stat.st_dev, stat.st_ino), (0,))[0] + 1
                    seen[stat.st_dev, stat.st_ino] = (here, stat.st_nlink, stat.st_size)
    return sum(size for here, names, size in seen.values() if here >= names)


def _refuse_busy(source: FetchedSource, in_use: Collection[str]) -> None:
    """Raise InvalidRequest for what a job reads that is running or waiting."""
    folder = source.path.resolve()
    for used in in_use:
        if used == source.repository or folder in (Path(used), *Path(used).parents):
            raise InvalidRequest(
                f"{source.repository} is needed by a job that is running or waiting: let it finish or cancel "
                "it first"
            )


@contextmanager
def _alone(source: FetchedSource) -> Iterator[None]:
    """Keep others from fetching the repository meanwhile; raises InvalidRequest while one does."""
    path = source.path.parent / "lock"
    try:
        lock = take_lock(path)
    except OSError as error:
        raise InvalidRequest(
            f"{source.repository} is being fetched by another process, or {path.parent} cannot be written: "
            "wait for it, or check permissions"
        ) from error
    try:
        yield
    finally:
        drop_lock(lock, path)
        with suppress(OSError):  # other commits are there
            path.parent.rmdir()


def _discard(folder: Path, data: Path) -> None:
    """Delete a folder, gone at once even if deleting is interrupted; raises InvalidRequest."""
    try:
        folder.rename(fetched_folder(data) / f"{_DOOMED}{uuid4().hex}")
    except OSError as error:
        raise InvalidRequest(f"cannot remove {folder} ({error.strerror}): close what uses it") from error
    for doomed in fetched_folder(data).glob(f"{_DOOMED}*"):
        shutil.rmtree(doomed, ignore_errors=True)
