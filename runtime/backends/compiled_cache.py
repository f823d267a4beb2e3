"""Compiled models on disk, never stale: found by everything that decides their content, checked before use.

OpenVINO's own CACHE_DIR is not used: its key leaves out the precision, so that a model compiled for bf16 can
be answered with the one for f32 and gives a wrong picture, and it has no checksum (docs/decisions/0003).
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

BLOB, ENTRY = "model.blob", "entry.json"
LIMIT_BYTES = 4 * 2**30

Compiled = TypeVar("Compiled")


class CompiledCache:
    """One directory per key, each with the blob and a record of its key, size and sha256.

    An entry that is incomplete, altered, or refused by the device is removed and made again. Once the entries
    exceed `limit_bytes`, those unused for longest go. A folder that cannot be written to only costs time.
    """

    def __init__(self, folder: Path, limit_bytes: int = LIMIT_BYTES) -> None:
        self.folder = folder
        self.limit_bytes = limit_bytes

    def load(self, key: Mapping[str, Any], restore: Callable[[bytes], Compiled]) -> Compiled | None:
        """Return what `restore` makes of the stored blob, or None when there is no sound entry.

        `restore` may raise RuntimeError for a blob that the device does not take.
        """
        entry = self.folder / digest(key)
        try:
            record = json.loads((entry / ENTRY).read_bytes())
            blob = (entry / BLOB).read_bytes()
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            self._remove(entry)
            return None
        if not isinstance(record, dict) or record.get("sha256") != hashlib.sha256(blob).hexdigest():
            self._remove(entry)
            return None
        try:
            restored = restore(blob)
        except RuntimeError:
            self._remove(entry)
            return None
        _touch(entry / ENTRY)
        return restored

    def store(self, key: Mapping[str, Any], blob: bytes) -> None:
        """Keep `blob`; the entry appears whole or not at all."""
        entry = self.folder / digest(key)
        partial = self.folder / f".partial-{uuid4().hex}"
        record = {"key": dict(key), "bytes": len(blob), "sha256": hashlib.sha256(blob).hexdigest()}
        try:
            partial.mkdir(parents=True)
            (partial / BLOB).write_bytes(blob)
            (partial / ENTRY).write_text(json.dumps(record, indent=1), encoding="utf-8")
            partial.rename(entry)
        except OSError:  # no space, read-only, or another process was first: the model works without an entry
            self._remove(partial)
        self._trim(keep=entry)

    def size_bytes(self) -> int:
        """How much disk the entries take."""
        return sum(size for _, _, size in self._entries())

    def clear(self) -> int:
        """Remove every entry and return the bytes that were freed."""
        freed = self.size_bytes()
        for _, entry, _ in self._entries():
            self._remove(entry)
        return freed

    def _trim(self, keep: Path) -> None:
        entries = sorted(self._entries())
        total = sum(size for _, _, size in entries)
        for _, entry, size in entries:
            if total <= self.limit_bytes:
                return
            if entry != keep:
                self._remove(entry)
                total -= size

    def _entries(self) -> list[tuple[float, Path, int]]:
        """(last use, directory, bytes) of each entry; leftovers of killed processes count as never used."""
        found = []
        for entry in self.folder.iterdir() if self.folder.is_dir() else ():
            try:
                used = (entry / ENTRY).stat().st_mtime if (entry / ENTRY).exists() else 0.0
                found.append((used, entry, sum(f.stat().st_size for f in entry.iterdir())))
            except OSError:  # another process is removing it
                continue
        return found

    def _remove(self, entry: Path) -> None:
        shutil.rmtree(entry, ignore_errors=True)


def digest(key: Mapping[str, Any]) -> str:
    """Return the directory name of a key: equal keys, equal names."""
    return hashlib.sha256(json.dumps(dict(key), sort_keys=True).encode()).hexdigest()[:40]


def _touch(path: Path) -> None:
    try:
        os.utime(path)
    except OSError:  # a read-only cache still serves; it is only not reordered
        return
