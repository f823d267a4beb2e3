"""What is asked of diffusers and of us alike: the cases that a task is tried on."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

from runtime.request import Request

PROMPT = "a blue castle on the left in the mountains at sunset, a sun on the right"
NEGATIVE = "night, snow"
STEPS = 10
SEED = 42


@dataclass(frozen=True, kw_only=True)
class Case:
    """One comparison."""

    sampler: str
    size: tuple[int, int]  # width, height of the result
    strength: float = 1.0
    guidance_scale: float = 1.0
    count: int = 1
    mask: tuple[int, int, int, int] | None = None  # what is repainted: left, top, right, bottom
    noise_level: int = 20
    negative: str = NEGATIVE
    steps: int = STEPS
    seed: int = SEED

    def __str__(self) -> str:
        width, height = self.size
        more = "" if self.steps == STEPS else f"-{self.steps} steps"
        more += "" if self.negative else "-no negative"
        more += "" if self.seed == SEED else f"-seed {self.seed}"
        strength, scale = f"{self.strength:g}", f"cfg{self.guidance_scale:g}"
        return f"{self.sampler}-{width}x{height}-{strength}-{scale}-{self.count}{more}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """A pipeline of diffusers: its class, the model it is tried on, and the values its cases take."""

    reference: str
    model: str  # "demo-scenes", or a family of benchmarks/skeleton_families.py
    request: type[Request]
    axes: Mapping[str, Sequence[Any]]
    few: Sequence[Case]  # for every run: with each value of each axis at least once
    more_samplers: Sequence[str] = ()  # for the long run alone
    estimates_depth: bool = False

    def all_cases(self) -> list[Case]:
        """Every combination, and few with further samplers."""
        more = _cases({**self.axes, "sampler": self.more_samplers}, covering) if self.more_samplers else []
        return _cases(self.axes, lambda axes: product(*axes)) + more


def _cases(
    axes: Mapping[str, Sequence[Any]], choose: Callable[[Sequence[Sequence[Any]]], Iterable[tuple[Any, ...]]]
) -> list[Case]:
    """Return the chosen combinations, those of one shape side by side, since a shape is compiled once."""
    cases = [Case(**dict(zip(axes, values, strict=True))) for values in choose(list(axes.values()))]
    return sorted(cases, key=lambda case: (case.size, case.guidance_scale, case.count))


def covering(axes: Sequence[Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
    """Yield combinations until every pair of values of two axes was in one; the fullest first."""
    wanted = {
        (i, a, j, b)
        for i, j in combinations(range(len(axes)), 2)
        for a, b in product(range(len(axes[i])), range(len(axes[j])))
    }
    all_places = list(product(*(range(len(axis)) for axis in axes)))
    while wanted:
        pairs = [
            {(i, places[i], j, places[j]) for i, j in combinations(range(len(axes)), 2)} & wanted
            for places in all_places
        ]
        best = max(range(len(all_places)), key=lambda number: len(pairs[number]))
        wanted -= pairs[best]
        yield tuple(axis[place] for axis, place in zip(axes, all_places[best], strict=True))
