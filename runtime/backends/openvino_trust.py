"""Which devices were once right: a component, device, driver, precision and size that agreed with the CPU.

Kept in a small file, so that the comparison costs once a machine, driver and size and not once a start. A
file that is missing, damaged or cannot be written only costs the comparison again.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from runtime.arrays import Array
from runtime.backends.compiled_cache import digest
from runtime.errors import InvalidRequest
from runtime.whole_file import write_whole

FILE_NAME = "checked-devices.json"
SIZE = "size"  # of a key: plugins choose other kernels for other sizes, so each is right by itself


class Trust:
    """What was compared and found right; `path` None keeps it for this process alone."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._found: dict[str, list[float]] | None = None

    def knows(self, key: Mapping[str, Any]) -> bool:
        """Whether this component was right on this device at this size before."""
        return _name(key) in self._entries()

    def fingerprint(self, key: Mapping[str, Any]) -> Array | None:
        """Return what was kept to recognise a right result by, if anything was."""
        values = self._entries().get(_name(key))
        return np.array(values, np.float32) if values else None

    def add(self, key: Mapping[str, Any], fingerprint: Array | None) -> None:
        """Remember a component that was right, with what its results can be recognised by."""
        values = [float(value) for value in ([] if fingerprint is None else fingerprint)]
        self._change(lambda entries: entries.update({_name(key): values}))

    def remove(self, key: Mapping[str, Any]) -> None:
        """Forget a component that was right once and is not any more, at every size."""
        place = _place(key)

        def forget(entries: dict[str, list[float]]) -> None:
            for name in [name for name in entries if name.startswith(place)]:
                del entries[name]

        self._change(forget)

    def _change(self, change: Callable[[dict[str, list[float]]], object]) -> None:
        change(self._entries())
        if self._path is not None:
            kept = _read(self._path)  # another process may have added its own
            change(kept)
            text = json.dumps(kept)
            with suppress(InvalidRequest):  # no space, or read-only: it is compared again at the next start
                write_whole(self._path, lambda file: file.write(text.encode()))

    def _entries(self) -> dict[str, list[float]]:
        if self._found is None:
            self._found = _read(self._path) if self._path is not None else {}
        return self._found


def _place(key: Mapping[str, Any]) -> str:
    return digest({name: value for name, value in key.items() if name != SIZE}) + "-"


def _name(key: Mapping[str, Any]) -> str:
    return _place(key) + _size(key)


def _size(key: Mapping[str, Any]) -> str:
    return digest({SIZE: key.get(SIZE)})


def _read(path: Path) -> dict[str, list[float]]:
    """Return the sound entries of the file."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    entries = content.items() if isinstance(content, dict) else ()
    return {key: values for key, values in entries if _is_list_of_numbers(values)}


def _is_list_of_numbers(values: object) -> bool:
    return isinstance(values, list) and all(type(value) in (int, float) for value in values)
