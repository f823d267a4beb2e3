"""The part of the steps that are guided: the others cost one forward instead of two.

Kynkäänniemi et al. 2024, arXiv 2404.07724: guidance matters while the picture forms.
"""

import math
import re
from dataclasses import dataclass

from runtime.errors import InvalidRequest

_PAIR = re.compile(r"\s*(\d*\.?\d+)\s*[,-]\s*(\d*\.?\d+)\s*", re.ASCII)
_HELP = "write start,end as shares of the steps, such as 0,0.5 for the first half"
_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class GuidanceInterval:
    """From which share of the steps that are run to which guidance is on, 0 to 1."""

    start: float
    end: float

    @classmethod
    def read(cls, value: object) -> "GuidanceInterval":
        """Read "0,0.5", "0-0.5" or [0, 0.5]; raises InvalidRequest for anything else."""
        if isinstance(value, GuidanceInterval):
            return value
        pair: list[float] = []
        if isinstance(value, str) and (found := _PAIR.fullmatch(value)):
            pair = [float(found[1]), float(found[2])]
        elif isinstance(value, list | tuple) and len(value) == 2:
            pair = [
                share for share in value if isinstance(share, int | float) and not isinstance(share, bool)
            ]
        if len(pair) != 2 or not all(map(math.isfinite, pair)):
            raise InvalidRequest(f"guidance_interval cannot be {value!r}: {_HELP}")
        if not 0 <= round(pair[0], 9) < round(pair[1], 9) <= 1:
            raise InvalidRequest(f"guidance_interval must grow from 0 to 1 at most, got {value!r}: {_HELP}")
        return cls(start=float(pair[0]), end=float(pair[1]))

    def __str__(self) -> str:
        return f"{_plain(self.start)}-{_plain(self.end)}"

    def guided(self, count: int) -> tuple[bool, ...]:
        """Return for each of `count` steps whether it is guided: step k, from 0, begins at k / count."""
        low, high = self.start * count - _ROUNDING, self.end * count - _ROUNDING
        return tuple(low <= number < high for number in range(count))


def _plain(share: float) -> str:
    """Return it as `read` takes it, without an exponent."""
    return f"{share:.9f}".rstrip("0").rstrip(".")
