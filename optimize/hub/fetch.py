"""From an id of the Hub to a whole pipeline on this disk."""

import json
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optimize.hub.client import HubClient
from optimize.hub.listing import RepoFile, Repository, list_repository
from optimize.hub.selection import READY, SOURCE, Selection, index_file, is_controlnet, select_files
from optimize.hub.store import RepositoryStore
from optimize.hub.transfer import Transfer, new_digest
from optimize.quantize_source import refuse_class
from optimize.staging import refuse_existing
from runtime.controlnet_folder import FOLDER as CONTROLNETS
from runtime.errors import HubError
from runtime.export_needs import export_disk_bytes
from runtime.hub_id import require_hub_id, require_revision
from runtime.quantization import QUANTIZED
from runtime.quantize_needs import needs_of_ir, needs_of_source
from runtime.weight_files import BIN_NAME

_ROOM = 64 << 20  # bytes that a disk should have left
_TOLD_EVERY = 1.0  # seconds


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is to be fetched, and where the model is to be then."""

    repository: str
    revision: str = "main"
    variant: str | None = None
    precision: str = "fp16"  # that a source will be converted into; int8 is made of a ready-made model too
    data: Path
    ready: Path | None = None  # where a ready-made model will be put; refused before the first byte if taken
    converted: Path | None = None  # where one that is made of what was fetched will be


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """A whole pipeline in `folder`: `kind` is READY or SOURCE."""

    kind: str
    folder: Path
    repository: Repository
    selection: Selection
    store: RepositoryStore


Progress = Callable[[str, int, int], None]  # text, per cent done, 100


@contextmanager
def fetched(
    wish: Wish,
    client: HubClient,
    progress: Progress = lambda text, index, total: None,
    hub_cache: Path | None = None,
) -> Iterator[Fetched]:
    """Fetch what is not there, check all of it, and keep others from it meanwhile.

    Raises HubError, or ExportError for what cannot be made of it.

    What has come stays when this is interrupted or fails, and is gone on with the next time. `hub_cache` is
    where huggingface_hub keeps what it fetched.
    """
    require_hub_id(wish.repository)
    require_revision(wish.revision)
    progress(f"asking {client.endpoint} for {wish.repository}", 0, 100)
    repository = list_repository(client, wish.repository, wish.revision)
    index = _index(client, repository)
    selection = select_files(repository, index, wish.variant)
    is_quantized = wish.precision in QUANTIZED
    if is_quantized:
        refuse_class(repository.id, str(index.get("_class_name", "")), wish.precision)
    place = wish.ready if selection.kind == READY and not is_quantized else wish.converted
    if place is not None and is_controlnet(selection):  # which is put beside the models
        place = place.parents[1] / CONTROLNETS / place.name
    if place is not None:
        refuse_existing(place)
    store = RepositoryStore(wish.data, repository, wish.variant if selection.kind == SOURCE else None)
    with store.locked():
        progress(f"looking at what is here of {repository.id}", 0, 100)
        missing = [file for file in selection.files if not store.has(file, hub_cache)]
        meter = _Meter(selection, progress)
        meter.settle(file for file in selection.files if file not in missing)
        transfer = Transfer(client, repository, store.parts, meter.arrived)
        parts = {file: transfer.part(file) for file in missing}
        there = sum(min(file.bytes, part.stat().st_size) for file, part in parts.items() if part.exists())
        _check_room(wish, selection, sum(file.bytes for file in missing) - there, client)
        for file in missing:
            transfer.fetch(file, store.target(file))
        try:
            store.finish(selection.files)
        except OSError as error:
            raise HubError(
                f"{error.filename or store.snapshot} could not be written ({error.strerror}): make "
                "room and run the same command again"
            ) from error
        yield Fetched(
            kind=selection.kind,
            folder=store.snapshot,
            repository=repository,
            selection=selection,
            store=store,
        )


def _index(client: HubClient, repository: Repository) -> dict[str, Any]:
    """Return the content of model_index.json, checked like every file; raises HubError."""
    file = index_file(repository)
    data = client.small(client.file_address(repository.id, repository.commit, file.name), repository.id)
    check_bytes(data, file, repository.id)
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise HubError(f"{file.name} of {repository.id} is no JSON object: choose another repository")
    return value


def check_bytes(data: bytes, file: RepoFile, repository: str) -> None:
    """Raise HubError unless these are the bytes that the Hub lists."""
    digest = new_digest(file)
    digest.update(data)
    if len(data) != file.bytes or digest.hexdigest() != file.digest:
        raise HubError(
            f"{file.name} of {repository} has other bytes than the Hub lists ({len(data)}, listed "
            f"{file.bytes}): try again, or another HF_ENDPOINT"
        )


def _check_room(wish: Wish, selection: Selection, missing: int, client: HubClient) -> None:
    """Say what is fetched; raises HubError where the disk cannot hold it and what is made of it."""
    work = _work_bytes(wish, selection)
    needed = missing + _ROOM + work
    what = f"make it {wish.precision}" if wish.precision in QUANTIZED else "convert it"
    then = f", and {work / 1e9:.2f} GB to {what}" if work else ""
    free = shutil.disk_usage(wish.data).free
    if free < needed:
        raise HubError(
            f"{wish.repository} needs {missing / 1e9:.2f} GB of downloads{then}, and {free / 1e9:.2f} GB are "
            f"free in {wish.data}: make room, or give another place (--data-dir)"
        )
    if missing:
        client.note(f"{wish.repository}: {missing / 1e6:.1f} MB to fetch{then}; {free / 1e9:.1f} GB are free")


def _work_bytes(wish: Wish, selection: Selection) -> int:
    """Return the disk that is needed to make of the files what was asked for."""
    numbers = _numbers(selection)
    if wish.precision in QUANTIZED:
        needs_of = needs_of_source if selection.kind == SOURCE else needs_of_ir
        return needs_of(numbers, wish.precision).disk_bytes
    return export_disk_bytes(numbers, wish.precision) if selection.kind == SOURCE else 0


def _numbers(selection: Selection) -> dict[str, int]:
    """Return about how many weights each component has, by the size of its files; of IR as if in fp16."""
    numbers: dict[str, int] = {}
    for file in selection.files:
        folder, _, name = file.name.rpartition("/")
        if name.endswith(".safetensors") or name == BIN_NAME:
            of_two = ".fp16" in name or name == BIN_NAME
            numbers[folder] = numbers.get(folder, 0) + file.bytes // (2 if of_two else 4)
    return numbers


class _Meter:
    """Bytes that are there, of all that are wanted, and how fast they come."""

    def __init__(self, selection: Selection, progress: Progress) -> None:
        self._total = max(1, selection.bytes)
        self._progress = progress
        self._there: dict[str, int] = {}
        self._first = (time.monotonic(), -1)  # when, and at how many bytes, the speed is counted from
        self._told = 0.0

    def settle(self, files: Iterable[RepoFile]) -> None:
        """Count what need not be fetched."""
        self._there.update((file.name, file.bytes) for file in files)

    def arrived(self, name: str, count: int) -> None:
        """Note how much of a file is there, and say it about once a second."""
        self._there[name] = count
        done, now = sum(self._there.values()), time.monotonic()
        if self._first[1] < 0:
            self._first = (now, done)
        if now - self._told < _TOLD_EVERY and done < self._total:
            return
        self._told = now
        speed = (done - self._first[1]) / max(now - self._first[0], 1e-3)
        left = f", {speed / 1e6:.1f} MB/s, {(self._total - done) / speed:.0f} s left" if speed > 0 else ""
        what = name.partition("/")[0]
        text = f"fetching {what}: {done / 1e6:.1f} of {self._total / 1e6:.1f} MB{left}"
        self._progress(text, 100 * done // self._total, 100)
