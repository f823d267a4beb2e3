"""What a model's maker says of it: title, licence, trigger words; texts of strangers, cleaned and cut."""

import html
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

# Characters that are kept of each text, and how many of each list.
LONGEST = {
    "title": 200,
    "author": 200,
    "license": 200,
    "date": 40,
    "description": 1500,
    "usage_hint": 500,
    "trained_as": 200,
    "trained_from": 200,
}
LONGEST_WORDS = {"trigger_words": 200, "tags": 80}  # of each: a trigger may be a phrase
MOST = {"trigger_words": 20, "tags": 20}
_LOOKED_AT = 4  # times the longest: markup and spaces are taken out of that much
_MARKUP = re.compile(r"<[A-Za-z/!?][^<>]*>?")


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """What is worth showing; what nobody said is empty."""

    title: str = ""
    author: str = ""
    license: str = ""
    date: str = ""
    description: str = ""
    usage_hint: str = ""
    trained_as: str = ""  # what the training called its result
    trained_from: str = ""  # the model that it began with
    trigger_words: tuple[str, ...] = ()  # what a prompt should say
    tags: tuple[str, ...] = ()  # of the training pictures, the most frequent first

    @property
    def prompt_words(self) -> str:
        """What one puts into a prompt: the trigger words, or the tags where there are none."""
        return ", ".join(self.trigger_words or self.tags)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values of what is said."""
        said = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in said.items() if value
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "ModelCard":
        """Read what `to_dict` gave; raises ValueError naming the first field that is not as it must be."""
        read: dict[str, Any] = {}
        for name, value in values.items():
            if name in LONGEST and _is_text(value, LONGEST[name]):
                read[name] = value
            elif name in MOST and isinstance(value, list) and 0 < len(value) <= MOST[name]:
                if not all(_is_text(item, LONGEST_WORDS[name]) for item in value):
                    raise ValueError(name)
                read[name] = tuple(value)
            else:
                raise ValueError(name)
        return cls(**read)


def make_card(
    texts: Mapping[str, object], trigger_words: Iterable[object] = (), tags: Iterable[object] = ()
) -> ModelCard:
    """Return a card of what somebody wrote, by the names of its fields; what is no text is passed over."""
    read: dict[str, Any] = {
        name: plain_text(text, LONGEST[name]) for name, text in texts.items() if isinstance(text, str)
    }
    return ModelCard(**read, trigger_words=_words(trigger_words, "trigger_words"), tags=_words(tags, "tags"))


def joined(cards: Iterable[ModelCard]) -> ModelCard:
    """Return one card: of each text the first that is there, of the words all, each once."""
    all_of = list(cards)
    said: dict[str, Any] = {
        name: next((text for card in all_of if (text := getattr(card, name))), "") for name in LONGEST
    }
    for name, most in MOST.items():
        first: dict[str, str] = {}
        for word in (word for card in all_of for word in getattr(card, name)):
            first.setdefault(word.casefold(), word)
        said[name] = tuple(first.values())[:most]
    return ModelCard(**said)


def plain_text(text: str, longest: int) -> str:
    """Return a text on one line, without markup and control characters, cut to `longest` characters."""
    visible = visible_text(html.unescape(text[: _LOOKED_AT * longest]), _LOOKED_AT * longest)
    return " ".join(_MARKUP.sub(" ", visible).split())[:longest].rstrip()


def visible_text(text: str, longest: int) -> str:
    """Return a text without control characters and what else is not seen, cut to `longest` characters."""
    return "".join(_visible(letter) for letter in text[:longest])


def _visible(letter: str) -> str:
    """The letter, or nothing in place of one that is not seen: what steers a terminal or turns a line."""
    kind = unicodedata.category(letter)
    return letter if not kind.startswith("C") else " " if kind == "Cc" else ""


def _words(items: Iterable[object], name: str) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for item in items:
        word = plain_text(item, LONGEST_WORDS[name]).strip(" ,") if isinstance(item, str) else ""
        if word:
            found.setdefault(word.casefold(), word)
        if len(found) == MOST[name]:
            break
    return tuple(found.values())


def _is_text(value: object, longest: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= longest
