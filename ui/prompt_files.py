"""Files of requests: a prompt a line, or JSON lines with the names of the request's fields."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from runtime.errors import InvalidRequest
from ui.task_choice import TASKS

T = TypeVar("T")
PICTURES = ("image", "mask", "depth")
SWITCHES = ("invert_mask", "only_masked")


def read_requests(path: Path, make: Callable[[dict[str, Any]], T]) -> list[T]:
    """Return what `make` makes of the fields of each line; empty lines and those with # first are left out.

    A line that begins with { is a JSON object with fields of a request, and "task" if it is to be named;
    pictures are named relative to the file. Any other line is a prompt. Raises InvalidRequest, with the
    number of the line.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"cannot read {path} ({error}): give a UTF-8 text file") from error
    made = []
    for number, line in enumerate(map(str.strip, lines), start=1):
        if line and not line.startswith("#"):
            try:
                made.append(make(_fields(line, path.parent)))
            except InvalidRequest as error:
                raise InvalidRequest(f"{path}, line {number}: {error}") from error
    if not made:
        raise InvalidRequest(f"{path} holds no prompt: write one a line")
    return made


def _fields(line: str, folder: Path) -> dict[str, Any]:
    if not line.startswith("{"):
        return {"prompt": line}
    try:
        values: dict[str, Any] = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"this is not JSON ({error}): write one object a line") from error
    known = {"task"}.union(*(row.fields for row in TASKS.values()))
    unknown = sorted(set(values) - known)
    if unknown:
        raise InvalidRequest(f"unknown field {unknown[0]!r}: the fields are {', '.join(sorted(known))}")
    return values | _pictures(values, folder) | _controls(values, folder)


def _controls(values: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the ControlNets with their pictures by where they are; what is wrong is said by the request."""
    given = values.get("controls")
    if not isinstance(given, list):
        return {}
    return {"controls": [_beside(control, folder) for control in given]}


def _beside(control: Any, folder: Path) -> Any:
    if not isinstance(control, dict) or not isinstance(control.get("image"), str):
        return control
    return control | {"image": folder / control["image"]}


def _pictures(values: Mapping[str, Any], folder: Path) -> dict[str, Path]:
    """Return the pictures by where they are; also checks the types that a request does not look at."""
    for name in ("task", *PICTURES):
        if name in values and not isinstance(values[name], str):
            raise InvalidRequest(f"{name} must be text, got {values[name]!r}")
    for name in SWITCHES:
        if name in values and not isinstance(values[name], bool):
            raise InvalidRequest(f"{name} must be true or false, got {values[name]!r}")
    return {name: folder / values[name] for name in PICTURES if name in values}
