"""Does the environment this interpreter belongs to already hold a group of requirements?"""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, version

from bootstrap.environment import read_text, requirement_files

_LINE = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(\[[^]]*\])?\s*(?P<bounds>[^;#]*)")
_COMPARE = {
    ">=": lambda have, want: have >= want,
    "<=": lambda have, want: have <= want,
    ">": lambda have, want: have > want,
    "<": lambda have, want: have < want,
    "==": lambda have, want: have == want,
    "!=": lambda have, want: have != want,
}


def has_group(group: str) -> bool:
    """Whether every requirement of `group` is installed here, in a version within its bounds."""
    for path in requirement_files(group):
        for line in (read_text(path) or "").splitlines():
            match = _LINE.match(line)
            if match and not _is_met(match["name"], match["bounds"]):
                return False
    return True


def _is_met(name: str, bounds: str) -> bool:
    try:
        have = _numbers(version(name))
    except PackageNotFoundError:
        return False
    for bound in filter(None, (part.strip() for part in bounds.split(","))):
        operator = bound[:2] if bound[:2] in _COMPARE else bound[:1]
        if not _COMPARE[operator](have, _numbers(bound[len(operator) :])):
            return False
    return True


def _numbers(text: str) -> tuple[int, ...]:
    """The release numbers of a version, trailing zeros dropped: "2.15.0+cpu" gives (2, 15)."""
    match = re.match(r"\s*(\d+(?:\.\d+)*)", text)
    numbers = [int(part) for part in match[1].split(".")] if match else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
