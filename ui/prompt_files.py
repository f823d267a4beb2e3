"""Files of requests: a prompt a line, or JSON lines with the names of the request's fields."""

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from runtime.errors import InvalidRequest
from runtime.request import Request, TextToImage


def read_requests(path: Path, defaults: Mapping[str, Any]) -> list[Request]:
    """Return a request a line; empty lines and those that begin with # are left out.

    A line that begins with { is a JSON object whose fields go before `defaults`. Raises InvalidRequest, with
    the number of the line, before anything is generated.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"cannot read {path} ({error}): give a UTF-8 text file") from error
    requests = []
    for number, line in enumerate(map(str.strip, lines), start=1):
        if line and not line.startswith("#"):
            try:
                requests.append(_request(line, defaults))
            except InvalidRequest as error:
                raise InvalidRequest(f"{path}, line {number}: {error}") from error
    if not requests:
        raise InvalidRequest(f"{path} holds no prompt: write one a line")
    return requests


def _request(line: str, defaults: Mapping[str, Any]) -> Request:
    if not line.startswith("{"):
        return TextToImage(**{**defaults, "prompt": line})
    try:
        values = json.loads(line)
    except ValueError as error:
        raise InvalidRequest(f"this is not JSON ({error}): write one object a line") from error
    values.pop("task", None)
    known = {field.name for field in fields(TextToImage)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise InvalidRequest(f"unknown field {unknown[0]!r}: the fields are {', '.join(sorted(known))}")
    return TextToImage(**{**defaults, **values})
