"""What other parts of the program say, in the language of the page where it is known there."""

import re
from collections.abc import Iterator
from functools import cache

from ui.page.text import Texts
from ui.page.texts.faults import TEXTS
from ui.page.texts.file_faults import TEXTS as FILES
from ui.page.texts.hub_faults import TEXTS as HUB

LONGEST = 2000  # characters of a sentence that is looked up
NESTED = ("remedy", "reason")  # what is filled in is a sentence of its own


def translated(texts: Texts, told: str) -> str:
    """Return a sentence in the language of `texts`; as it is where there is no other for it."""
    if texts.language == "en":
        return told
    found = find_fault(told)
    if found is None:
        return told
    key, values = found
    filled = {name: translated(texts, value) if name in NESTED else value for name, value in values.items()}
    return texts.say(key, **filled)


def find_fault(told: str) -> tuple[str, dict[str, str]] | None:
    """Return the key of a sentence and what is filled in; None for one that is not known."""
    if len(told) > LONGEST:
        return None
    for key, pattern in _patterns():
        found = pattern.fullmatch(told)
        if found is not None:
            return key, found.groupdict()
    return None


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    known = {f"faults.{key}": row[0] for key, row in TEXTS.items()}
    known |= {f"hub_faults.{key}": row[0] for key, row in HUB.items()}
    known |= {f"file_faults.{key}": row[0] for key, row in FILES.items()}
    return tuple((key, re.compile("".join(_parts(english)), re.DOTALL)) for key, english in known.items())


def _parts(english: str) -> Iterator[str]:
    for part in re.split(r"(\{\w+\})", english):
        name = part[1:-1]
        if not re.fullmatch(r"\{\w+\}", part):
            yield re.escape(part)
        else:  # a sentence may hold what comes after it
            yield f"(?P<{name}>.+)" if name in NESTED else f"(?P<{name}>.+?)"
