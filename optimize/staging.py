"""A folder that appears whole or not at all: written beside its place under a hidden name, then renamed.

.partial-NAME-XXXX/model    what becomes the folder
.partial-NAME-XXXX/work     what is needed on the way
.partial-NAME-XXXX.lock     held by the process that writes; the system lets go of it however it ends
"""

import contextlib
import os
import secrets
import shutil
import sys
from pathlib import Path
from types import TracebackType
from typing import IO

from runtime.errors import ExportError
from runtime.file_lock import drop_lock, take_lock
from runtime.manifest import MANIFEST_NAME, Manifest

PARTIAL_PREFIX = ".partial-"
_LOCK_SUFFIX = ".lock"


class Staging:
    """A context manager around one unfinished folder; leaving it without `commit` leaves nothing behind.

    Raises ExportError when the output exists already, or its parent cannot be written.
    """

    def __init__(self, output: Path) -> None:
        self.output = output
        self._partial = output.parent / f"{PARTIAL_PREFIX}{output.name}-{secrets.token_hex(4)}"
        self._lock: IO[bytes] | None = None

    @property
    def model(self) -> Path:
        """The folder that becomes the output."""
        return self._partial / "model"

    @property
    def work(self) -> Path:
        """A folder for intermediate files, gone at the end."""
        return self._partial / "work"

    def __enter__(self) -> "Staging":
        refuse_existing(self.output)
        try:
            self.output.parent.mkdir(parents=True, exist_ok=True)
            sweep(self.output.parent)
            self._lock = take_lock(self._lock_path)
            self.model.mkdir(parents=True)
            self.work.mkdir()
        except OSError as error:
            self._remove()
            raise ExportError(
                f"{self.output.parent} cannot be written ({error.strerror}): "
                "give another place, or make it writable"
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remove()

    def flush(self) -> None:
        """Bring every file of the model to the disk; raises OSError."""
        for path in sorted(self.model.rglob("*")):
            if path.is_file():
                flush_file(path)
        for path in sorted(self.model.rglob("*")):
            if path.is_dir():
                _flush_folder(path)

    def write_manifest(self, manifest: Manifest) -> None:
        """Put the manifest beside the files that it describes, and on the disk; raises OSError."""
        path = self.model / MANIFEST_NAME
        path.write_bytes(manifest.to_bytes())
        flush_file(path)

    def commit(self) -> None:
        """Give the finished model its place; raises ExportError if something else has taken it."""
        _flush_folder(self.model)
        refuse_existing(self.output)
        try:
            self.model.rename(self.output)
        except OSError as error:
            raise ExportError(
                f"{self.output} could not be put in place ({error.strerror}): try again, or give another name"
            ) from error
        _flush_folder(self.output.parent)

    @property
    def _lock_path(self) -> Path:
        return self._partial.with_name(self._partial.name + _LOCK_SUFFIX)

    def _remove(self) -> None:
        shutil.rmtree(self._partial, ignore_errors=True)
        if self._lock is not None:
            drop_lock(self._lock, self._lock_path)
            self._lock = None


def refuse_existing(output: Path) -> None:
    """Raise ExportError if something is at `output` already: what is there is never replaced."""
    if os.path.lexists(output):
        raise ExportError(f"{output} exists already: remove it first, or give another name")


def sweep(parent: Path) -> None:
    """Remove what exports that were killed have left in `parent`; running ones hold their lock and stay."""
    for partial in parent.glob(f"{PARTIAL_PREFIX}*"):
        if partial.name.endswith(_LOCK_SUFFIX):
            folder, lock_path = partial.with_name(partial.name.removesuffix(_LOCK_SUFFIX)), partial
        else:
            folder, lock_path = partial, partial.with_name(partial.name + _LOCK_SUFFIX)
        with contextlib.suppress(OSError):  # another sweep was first, or the export still runs
            lock = take_lock(lock_path)
            shutil.rmtree(folder, ignore_errors=True)
            drop_lock(lock, lock_path)


def flush_file(path: Path) -> None:
    """Bring a file's content to the disk; raises OSError."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _flush_folder(path: Path) -> None:
    if sys.platform == "win32":  # which cannot open a folder; NTFS journals the names itself
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
