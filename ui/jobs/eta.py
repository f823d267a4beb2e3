"""How long the rest of a job will take: from its own steps, before them from earlier jobs of its kind."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

RECENT = 20  # steps that the speed follows


@dataclass
class _Unit:
    """A picture or a batch: pictures, steps, and what a step costs (pixels x evaluations)."""

    pictures: int
    steps: int
    cost: float
    done: int = 0  # steps
    is_finished: bool = False


class Eta:
    """The time left of one job, without loading and compiling. `remembered`: (per cost, per picture)."""

    def __init__(
        self, units: Sequence[tuple[int, int, int, float]], remembered: tuple[float, float] | None
    ) -> None:
        self._units = {first: _Unit(count, steps, cost) for first, count, steps, cost in units}
        self._remembered = remembered
        self._rates: deque[float] = deque(maxlen=RECENT)
        self._seen = 0
        self._beside: list[float] = []
        self._now = next(iter(self._units), 0)

    def begin(self, first: int) -> None:
        """Hear that a unit is begun; what was before it will not be made any more."""
        self._now = first
        for number, unit in self._units.items():
            unit.is_finished = unit.is_finished or number < first

    def step(self, first: int, step: int, steps: int, seconds: float) -> None:
        """Hear of a step that took so many seconds; the first after compiling is no measure for the rest."""
        unit = self._units[first]
        unit.done, unit.steps = step, steps
        self._seen += 1
        if self._seen == 2:
            self._rates.clear()
        self._rates.append(seconds / unit.cost)

    def made(self, first: int, seconds: float) -> None:
        """Hear that a unit is saved; `seconds` went to its prompt, decoding and saving."""
        unit = self._units[first]
        unit.is_finished = True
        self._beside.append(seconds / unit.pictures)

    @property
    def measured(self) -> tuple[float, float] | None:
        """What later jobs may start from, once a picture was made."""
        return (median(self._rates), fmean(self._beside)) if self._rates and self._beside else None

    @property
    def seconds_per_step(self) -> float | None:
        """Of the unit that is being made."""
        rate = self._rate
        return rate * self._units[self._now].cost if rate is not None and self._now in self._units else None

    @property
    def seconds_left(self) -> float | None:
        """Of the whole job; None while nothing is known."""
        rate = self._rate
        if rate is None:
            return None
        if self._beside:
            beside = fmean(self._beside)
        else:
            beside = self._remembered[1] if self._remembered is not None else 0.0
        return sum(
            max(0, unit.steps - unit.done) * unit.cost * rate + beside * unit.pictures
            for unit in self._units.values()
            if not unit.is_finished
        )

    @property
    def _rate(self) -> float | None:
        if self._rates:
            return median(self._rates)
        return self._remembered[0] if self._remembered is not None else None
