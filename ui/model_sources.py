"""The diffusers folders on this disk that could be converted: our own, the bundled ones, the Hub's."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from runtime.errors import InvalidRequest, LapdrawError
from runtime.hub_folders import fetched_folder, repository_of
from runtime.hub_record import read_record
from runtime.model_files import INDEX_NAME
from runtime.model_folder import ModelFolder
from runtime.places import BUNDLED_SOURCES
from runtime.quantization import QUANTIZED


@dataclass(frozen=True, kw_only=True)
class FoundSource:
    """A folder with a model index; where `error` says so, one that cannot be converted."""

    name: str  # the folder's, or ORGANISATION/NAME of the Hub
    place: str  # "data", "bundled", "fetched" (by `optimize`) or "hub" (by others)
    path: Path
    error: str = ""

    @property
    def key(self) -> str:
        """What names it to whoever may not name folders."""
        return f"{self.place}:{self.name}"


def find_sources(data: Path) -> tuple[FoundSource, ...]:
    """Return what is there, those that cannot be converted last; nothing of the network is asked."""
    places = (
        ("data", _in_folder(data / "sources")),
        ("bundled", _in_folder(BUNDLED_SOURCES)),
        ("fetched", _fetched(fetched_folder(data))),
        ("hub", _in_hub_cache(hub_cache(os.environ))),
    )
    found = [
        FoundSource(name=name, place=place, path=path, error=_fault(path))
        for place, folders in places
        for name, path in folders
    ]
    return tuple(sorted(found, key=lambda source: bool(source.error)))


def source_of(key: str, data: Path) -> FoundSource:
    """Return the source with that key; raises InvalidRequest when there is none that can be converted."""
    for source in find_sources(data):
        if source.key == key:
            if source.error:
                raise InvalidRequest(source.error)
            return source
    raise InvalidRequest(f"the source {key!r} is not there any more: press Refresh and choose another one")


def open_source_folder(path: Path, precision: str = "fp16") -> ModelFolder:
    """Open a diffusers folder, or for int8 an OpenVINO model; raises ModelFolderError, InvalidRequest."""
    folder = ModelFolder(path)
    if folder.kind != "diffusers" and precision not in QUANTIZED:
        raise InvalidRequest(f"{path} already holds an OpenVINO model: give the folder it was made from")
    return folder


def hub_cache(environment: Mapping[str, str]) -> Path:
    """Return where huggingface_hub keeps what it fetched, by the variables that it reads."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if environment.get(name):
            return Path(environment[name]).expanduser()
    home = environment.get("HF_HOME")
    if home:
        return Path(home).expanduser() / "hub"
    caches = environment.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(caches).expanduser() / "huggingface" / "hub"


def _in_folder(parent: Path) -> Iterator[tuple[str, Path]]:
    for path in _folders(parent):
        if (path / INDEX_NAME).is_file():
            yield path.name, path


def _fetched(cache: Path) -> Iterator[tuple[str, Path]]:
    """What `optimize ORG/NAME` keeps: folders that are whole, by the note in them; several of one repository
    by their commit and variant too.
    """
    for repository in _folders(cache):
        whole = [
            (record, path)
            for path in _folders(repository)
            if (record := read_record(path)) is not None and (path / INDEX_NAME).is_file()
        ]
        for record, path in whole:
            which = ", ".join(filter(None, (record.commit[:8], record.variant)))
            yield (record.repository if len(whole) == 1 else f"{record.repository} ({which})"), path


def _in_hub_cache(cache: Path) -> Iterator[tuple[str, Path]]:
    """The snapshots of each repository: what `main` names by the bare name, others with a revision."""
    for repository in _folders(cache):
        if (name := repository_of(repository.name)) is None:
            continue
        main = _read(repository / "refs" / "main")
        for snapshot in _folders(repository / "snapshots"):
            if (snapshot / INDEX_NAME).is_file():
                yield (name if snapshot.name == main else f"{name} ({snapshot.name[:8]})"), snapshot


def _fault(path: Path) -> str:
    try:
        open_source_folder(path)
    except LapdrawError as error:
        return str(error)
    return ""


def _folders(parent: Path) -> list[Path]:
    try:
        return sorted(path for path in parent.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError:  # not there, or not for us to read: nothing can be offered from it
        return []


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""
