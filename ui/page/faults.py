"""What other parts of the program say, in the language of the page where it is known there."""

import re
from collections.abc import Iterator
from functools import cache

from ui.page.text import Texts
from ui.page.texts.faults import TEXTS

LONGEST = 2000  # characters of a sentence that is looked up
NESTED = ("remedy", "reason")  # what is filled in is a sentence of its own


def translated(texts: Texts, told: str) -> str:
    """Return a sentence in the language of `texts`; as it is where there is no other for it."""
    if texts.language == "en" or len(told) > LONGEST:
        return told
    for key, pattern in _patterns():
        found = pattern.fullmatch(told)
        if found is not None:
            values = {
                name: translated(texts, value) if name in NESTED else value
                for name, value in found.groupdict().items()
            }
            return texts.say(f"faults.{key}", **values)
    return told


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (key, re.compile("".join(_parts(english)), re.DOTALL)) for key, (english, _) in TEXTS.items()
    )


def _parts(english: str) -> Iterator[str]:
    for part in re.split(r"(\{\w+\})", english):
        yield f"(?P<{part[1:-1]}>.+?)" if re.fullmatch(r"\{\w+\}", part) else re.escape(part)
