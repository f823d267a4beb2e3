"""Which devices were once right: a component, device, driver and precision that agreed with the CPU in f32.

Kept in a small file, so that the comparison costs once a machine and driver and not once a start. A file that
is missing, damaged or cannot be written only costs the comparison again.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from runtime.arrays import Array
from runtime.backends.compiled_cache import digest

FILE_NAME = "checked-devices.json"


class Trust:
    """What was compared and found right; `path` None keeps it for this process alone."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._found: dict[str, list[float]] | None = None

    def knows(self, key: Mapping[str, Any]) -> bool:
        """Whether this component was right on this device before."""
        return digest(key) in self._entries()

    def fingerprint(self, key: Mapping[str, Any]) -> Array | None:
        """Return what was kept to recognise a right result by, if anything was."""
        values = self._entries().get(digest(key))
        return np.array(values, np.float32) if values else None

    def add(self, key: Mapping[str, Any], fingerprint: Array | None) -> None:
        """Remember a component that was right, with what its results can be recognised by."""
        self._entries()[digest(key)] = [
            float(value) for value in ([] if fingerprint is None else fingerprint)
        ]
        self._write()

    def remove(self, key: Mapping[str, Any]) -> None:
        """Forget a component that was right once and is not any more."""
        if self._entries().pop(digest(key), None) is not None:
            self._write()

    def _write(self) -> None:
        if self._path is None:
            return
        partial = self._path.with_name(f".partial-{uuid4().hex}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text(json.dumps(self._entries()), encoding="utf-8")
            partial.replace(self._path)
        except OSError:  # no space, or read-only: it is compared again at the next start
            with suppress(OSError):
                partial.unlink()

    def _entries(self) -> dict[str, list[float]]:
        if self._found is None:
            self._found = _read(self._path) if self._path is not None else {}
        return self._found


def _read(path: Path) -> dict[str, list[float]]:
    """Return the sound entries of the file."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    entries = content.items() if isinstance(content, dict) else ()
    return {key: values for key, values in entries if _is_list_of_numbers(values)}


def _is_list_of_numbers(values: object) -> bool:
    return isinstance(values, list) and all(type(value) in (int, float) for value in values)
