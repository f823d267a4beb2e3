"""Grids: a picture for every value of an axis, or every pair of values of two."""

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from runtime.errors import InvalidRequest
from runtime.request import RANDOM_SEED, Request, draw_seed
from ui.generate_options import flag_of

MAX_CELLS = 256
LONGEST_LABEL = 40  # characters of a value in a file's name


@dataclass(frozen=True, kw_only=True)
class AxisKind:
    """What an axis varies: fields of the request, and how they are read from a value."""

    fields: tuple[str, ...]
    read: Callable[[str], tuple[Any, ...]]
    wanted: str


def _text(value: str) -> tuple[str]:
    return (value,)


def _whole(value: str) -> tuple[int]:
    return (int(value),)


def _number(value: str) -> tuple[float]:
    return (float(value),)


def _seed(value: str) -> tuple[int]:
    seed = int(value)
    if seed < 0:
        raise ValueError(value)
    return (seed,)


def _size(value: str) -> tuple[int, int]:
    width, height = value.lower().split("x")
    return int(width), int(height)


AXES: Mapping[str, AxisKind] = {
    "guidance": AxisKind(fields=("guidance_scale",), read=_number, wanted="numbers"),
    "seed": AxisKind(fields=("seed",), read=_seed, wanted="whole numbers from 0"),
    "steps": AxisKind(fields=("num_inference_steps",), read=_whole, wanted="whole numbers"),
    "sampler": AxisKind(fields=("sampler",), read=_text, wanted="names"),
    "schedule": AxisKind(fields=("schedule",), read=_text, wanted="names"),
    "strength": AxisKind(fields=("strength",), read=_number, wanted="numbers"),
    "clip-skip": AxisKind(fields=("clip_skip",), read=_whole, wanted="whole numbers"),
    "speed": AxisKind(fields=("speed",), read=_text, wanted="of exact, balanced, fast"),
    "reuse": AxisKind(fields=("reuse",), read=_text, wanted="numbers or gaps such as 1-4"),
    "noise-level": AxisKind(fields=("noise_level",), read=_whole, wanted="whole numbers"),
    "size": AxisKind(fields=("width", "height"), read=_size, wanted="sizes such as 192x128"),
    "prompt": AxisKind(fields=("prompt",), read=_text, wanted="prompts, in quotes where they hold a comma"),
}


@dataclass(frozen=True, kw_only=True)
class Axis:
    """An axis with its values as they were written, and the fields that each stands for."""

    name: str
    labels: tuple[str, ...]
    values: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One combination: its place, and the fields it sets."""

    row: int
    column: int
    labels: Mapping[str, str]
    fields: Mapping[str, Any]

    @property
    def slug(self) -> str:
        """What a file's name says about it."""
        words = [f"{name}-{label[:LONGEST_LABEL]}" for name, label in self.labels.items()]
        return re.sub(r"[^\w.+-]+", "_", "-".join(words))


@dataclass(frozen=True, kw_only=True)
class Grid:
    """The columns, and the rows when there is a second axis."""

    columns: Axis
    rows: Axis | None

    @property
    def axes(self) -> tuple[Axis, ...]:
        """One or two."""
        return (self.columns,) if self.rows is None else (self.columns, self.rows)

    @property
    def cells(self) -> list[Cell]:
        """Every combination, row by row."""
        rows = range(len(self.rows.labels)) if self.rows is not None else range(1)
        return [self._cell(row, column) for row, column in product(rows, range(len(self.columns.labels)))]

    def _cell(self, row: int, column: int) -> Cell:
        labels = {self.columns.name: self.columns.labels[column]}
        fields = dict(self.columns.values[column])
        if self.rows is not None:
            labels[self.rows.name] = self.rows.labels[row]
            fields |= self.rows.values[row]
        return Cell(row=row, column=column, labels=labels, fields=fields)

    def requests(self, first: Request) -> list[Request]:
        """Return the request of each cell from that of the first; without a seed axis all have one seed."""
        if first.seed == RANDOM_SEED:
            first = replace(first, seed=draw_seed())
        return [replace(first, **cell.fields) for cell in self.cells]


def read_grid(texts: Sequence[str], given: Mapping[str, Any]) -> Grid:
    """Return the grid of one or two AXIS=A,B,C.

    Raises InvalidRequest for axes and values that cannot be read, and for an axis whose field is given too.
    """
    if len(texts) > 2:
        raise InvalidRequest(f"a grid has one or two axes, got {len(texts)}: leave out a --grid")
    axes = [_read_axis(text) for text in texts]
    if len({axis.name for axis in axes}) < len(axes):
        raise InvalidRequest(f"both axes of the grid are {axes[0].name}: name another one")
    for axis in axes:
        for field in AXES[axis.name].fields:
            if field in given:
                raise InvalidRequest(f"both {flag_of(field)} and --grid {axis.name} are given: leave out one")
    if given.get("count", 1) != 1:
        raise InvalidRequest("a grid has one picture for each combination: leave out --count")
    grid = Grid(columns=axes[0], rows=axes[1] if len(axes) > 1 else None)
    if len(grid.cells) > MAX_CELLS:
        raise InvalidRequest(f"a grid has at most {MAX_CELLS} pictures, got {len(grid.cells)}: name fewer")
    return grid


def split_values(text: str) -> tuple[str, ...]:
    """Return the values between commas; one in quotes may hold a comma. Empty ones are kept."""
    return tuple(label.strip() for label in next(csv.reader([text], skipinitialspace=True), []))


def _read_axis(text: str) -> Axis:
    name, _, values = text.partition("=")
    name = name.strip().lower().replace("_", "-")
    if name not in AXES:
        raise InvalidRequest(f"--grid has no axis {name!r}: choose one of {', '.join(AXES)}")
    kind = AXES[name]
    labels = split_values(values)
    if not labels or not all(labels):
        raise InvalidRequest(f"--grid {text} lacks a value: write {name}= and {kind.wanted}, with commas")
    read = []
    for label in labels:
        try:
            read.append(dict(zip(kind.fields, kind.read(label), strict=True)))
        except ValueError as error:
            raise InvalidRequest(f"--grid {name} takes {kind.wanted}, got {label!r}") from error
    return Axis(name=name, labels=labels, values=tuple(read))
