"""A prompt as people write it for Stable Diffusion: text with weights, section breaks, networks to load.

The syntax is A1111's: `(x)` and `(x:1.3)` weigh up, `[x]` weighs down, a backslash takes the next bracket as
it stands, BREAK begins a new section, `<name:arguments>` names a network beside the text.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

from runtime.errors import InvalidRequest

STRONGER = 1.1  # what a pair of round brackets multiplies by
WEAKER = 1 / 1.1  # and a pair of square ones
LARGEST_WEIGHT = 100.0

NETWORK = re.compile(r"<(\w+):([^>]+)>")
_WEIGHT = re.compile(r":\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*\)")  # closes a round bracket
_SECTION = re.compile(r"\s*\bBREAK\b\s*")
_JOIN = re.compile(r"\bAND\b")
_SCHEDULE = re.compile(r".*:\s*[+-]?(?:\d+\.?\d*|\.\d+)\s*", re.DOTALL)  # inside square brackets
_WORD = re.compile(r"[a-zA-Z]+|\d|[^\sa-zA-Z\d]")
_ESCAPED = frozenset("()[]\\")


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Text that is tokenised in one go, and what its tokens are multiplied by."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Network:
    """What `<kind:argument:argument>` in a prompt asks for; `text` is how it was written."""

    kind: str
    arguments: tuple[str, ...]
    text: str


@dataclass(frozen=True, kw_only=True)
class ParsedPrompt:
    """The sections between BREAKs, each of pieces in their order, and the networks, which are no text."""

    sections: tuple[tuple[Piece, ...], ...]
    networks: tuple[Network, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is no text at all."""
        return not any(piece.text for section in self.sections for piece in section)


def parse_prompt(text: str, name: str = "prompt") -> ParsedPrompt:
    """Take a prompt apart; an open bracket counts to the end, a closing one without an open is text.

    Raises InvalidRequest, with the part, for what A1111 knows and this program does not: AND, parts that
    change from step to step; and for a weight beyond LARGEST_WEIGHT. `name` is what the prompt is called.
    """
    networks = tuple(
        Network(kind=found[1].casefold(), arguments=tuple(found[2].split(":")), text=found[0])
        for found in NETWORK.finditer(text)
    )
    words = NETWORK.sub("", text)
    if _JOIN.search(words):
        raise InvalidRequest(
            f"the {name} joins prompts with AND, which is not supported: "
            "write a comma, or and in small letters"
        )
    return ParsedPrompt(sections=_Reader(words, name).read(), networks=networks)


def is_short(text: str, room: int = 75) -> bool:
    """Guess whether a prompt fits in one chunk: two tokens a word are more than ordinary text has."""
    return text.isascii() and "BREAK" not in text and 2 * len(_WORD.findall(text)) <= room


class _Reader:
    """One pass over a prompt. Weights are multiplied as brackets close, the inner ones first."""

    def __init__(self, text: str, name: str) -> None:
        self._text = text
        self._name = name
        self._parts: list[tuple[str, float] | None] = []  # None where a section ends
        self._round: list[int] = []  # how many parts there were when each open bracket came
        self._square: list[tuple[int, int]] = []  # the same, and where it stands

    def read(self) -> tuple[tuple[Piece, ...], ...]:
        at = 0
        while at < len(self._text):
            at = self._next(at)
        for first in self._round:
            self._weigh(first, STRONGER)
        for first, _ in self._square:
            self._weigh(first, WEAKER)
        return self._sections()

    def _next(self, at: int) -> int:
        """Read what stands at `at` and return where it ends."""
        mark, end = self._text[at], at + 1
        weight = _WEIGHT.match(self._text, at) if mark == ":" and self._round else None
        if mark == "\\":
            if self._text[end : end + 1] in _ESCAPED:
                self._parts.append((self._text[end], 1.0))
                end += 1
        elif mark == "(":
            self._round.append(len(self._parts))
        elif mark == "[":
            self._square.append((len(self._parts), at))
        elif weight is not None:
            self._weigh(self._round.pop(), float(weight[1]))
            end = weight.end()
        elif mark == ")" and self._round:
            self._weigh(self._round.pop(), STRONGER)
        elif mark == "]" and self._square:
            first, opened = self._square.pop()
            self._refuse_change(opened, end)
            self._weigh(first, WEAKER)
        else:
            while end < len(self._text) and self._text[end] not in "()[]\\:":
                end += 1
            self._add(self._text[at:end])
        return end

    def _add(self, text: str) -> None:
        for number, part in enumerate(_SECTION.split(text)):
            if number:
                self._parts.append(None)
            self._parts.append((part, 1.0))

    def _weigh(self, first: int, factor: float) -> None:
        for number in range(first, len(self._parts)):
            part = self._parts[number]
            if part is not None:
                weight = part[1] * factor
                if abs(weight) > LARGEST_WEIGHT:
                    raise InvalidRequest(
                        f"the {self._name} weighs {part[0].strip()[:40]!r} by {weight:.4g}: "
                        f"use a weight up to {LARGEST_WEIGHT:g}, mostly from 0.5 to 1.5"
                    )
                self._parts[number] = (part[0], weight)

    def _refuse_change(self, opened: int, end: int) -> None:
        """Refuse [from:to:0.5] and [one|other]; what stands in brackets inside is not looked at."""
        depth, direct = 0, []
        inside = re.sub(r"\\.", "", self._text[opened + 1 : end - 1])
        for mark in inside:
            depth += (mark in "([") - (mark in ")]")
            if depth == 0:
                direct.append(mark)
        plain = "".join(direct)
        if "|" in plain or _SCHEDULE.fullmatch(plain):
            raise InvalidRequest(
                f"the {self._name} changes from step to step at {self._text[opened:end][:60]!r}, which is "
                r"not supported: write what holds throughout, or \[ and \] for brackets that are text"
            )

    def _sections(self) -> tuple[tuple[Piece, ...], ...]:
        """Return the pieces; neighbours of one weight are one, since they are tokenised together."""
        ends = [-1, *(n for n, part in enumerate(self._parts) if part is None), len(self._parts)]
        sections = []
        for before, after in pairwise(ends):
            pieces: list[Piece] = []
            for text, weight in (part for part in self._parts[before + 1 : after] if part is not None):
                if pieces and pieces[-1].weight == weight:
                    pieces[-1] = Piece(text=pieces[-1].text + text, weight=weight)
                else:
                    pieces.append(Piece(text=text, weight=weight))
            sections.append(tuple(pieces) or (Piece(text=""),))
        return tuple(sections)
