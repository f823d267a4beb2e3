"""Which steps are computed whole and which reuse the deep features of the last whole one (DeepCache).

Ma et al. 2023, arXiv 2312.00858: from one step to the next the deep features of a UNet hardly change, so that
most steps need only its outermost layers.
"""

import re
from dataclasses import dataclass

from runtime.errors import InvalidRequest

MOST = 1000  # steps
_EVERY = re.compile(r"(\d{1,4})", re.ASCII)
_WIDENING = re.compile(r"(\d{1,4})\s*-\s*(\d{1,4})", re.ASCII)
_HELP = "write 3 for every third step whole, 1-4 for gaps that grow from 1 to 4, or the whole steps: 1,2,4,8"


@dataclass(frozen=True, kw_only=True)
class Reuse:
    """How often a step is whole: `first` and `last` are the gaps at the start and at the end.

    Or `steps` names the whole ones, from 1.
    """

    first: int = 1
    last: int = 1
    steps: tuple[int, ...] = ()

    @classmethod
    def read(cls, value: object) -> "Reuse":
        """Read 3, "3", "1-4", "1,2,4,8" or [1, 2, 4, 8]; raises InvalidRequest for anything else."""
        if isinstance(value, Reuse):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return cls._gaps(value, value, value)
        if isinstance(value, list | tuple):
            return cls._named([str(step) for step in value], value)
        if isinstance(value, str):
            text = value.strip()
            if _EVERY.fullmatch(text):
                return cls._gaps(int(text), int(text), value)
            if found := _WIDENING.fullmatch(text):
                return cls._gaps(int(found[1]), int(found[2]), value)
            if "," in text:
                return cls._named([part.strip() for part in text.removesuffix(",").split(",")], value)
        raise InvalidRequest(f"reuse cannot be {value!r}: {_HELP}")

    @classmethod
    def _gaps(cls, first: int, last: int, value: object) -> "Reuse":
        if not (1 <= first <= MOST and 1 <= last <= MOST):
            raise InvalidRequest(f"a gap of reuse is 1 to {MOST} steps, got {value!r}: {_HELP}")
        return cls(first=first, last=last)

    @classmethod
    def _named(cls, parts: list[str], value: object) -> "Reuse":
        if not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts):
            raise InvalidRequest(f"reuse cannot be {value!r}: {_HELP}")
        steps = tuple(sorted({int(part) for part in parts}))
        if not steps or steps[0] != 1 or steps[-1] > MOST:
            raise InvalidRequest(
                f"the whole steps of reuse begin with 1 and end by {MOST}, got {value!r}: {_HELP}"
            )
        return cls(steps=steps)

    def __str__(self) -> str:
        if self.steps:
            return ",".join(map(str, self.steps)) + ("," if len(self.steps) == 1 else "")
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"

    def shrunk(self, share: float) -> "Reuse":
        """Return gaps of at most this share of their length; steps that are named stay."""
        if self.steps or share >= 1:
            return self
        return Reuse(first=max(1, int(self.first * share)), last=max(1, int(self.last * share)))

    def whole(self, count: int) -> tuple[bool, ...]:
        """Return for each of `count` steps whether it is whole; the first one always is."""
        if self.steps:
            return tuple(number + 1 in self.steps for number in range(count))
        marks, due = [], 0
        for number in range(count):
            marks.append(number == due)
            if number == due:
                share = number / max(1, count - 1)
                due += round(self.first + (self.last - self.first) * share)
        return tuple(marks)
