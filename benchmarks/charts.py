"""Charts as SVG of our own: bars, stacked bars, a scatter."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.drawing import Drawing, text

_LINE, _BAR, _GAP = 18, 16, 12  # pixels: the line of a label, a bar, the space below
_SHORTEST = 1e-9  # an axis is no shorter, so that there is one for figures of zero


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar; each part is the class of its colour and its length."""

    label: str
    parts: tuple[tuple[str, float], ...]
    value: str  # written at its end


@dataclass(frozen=True, kw_only=True)
class Point:
    """One point of a scatter; `y` is None where it is above everything, such as an identical picture."""

    label: str
    x: float
    y: float | None
    colour: str


def bars(
    rows: Sequence[Bar], *, name: str, names: dict[str, str] | None = None, mark: float | None = None
) -> Drawing:
    """Return horizontal bars, each under its label; `names` tells parts to a reader, `mark` draws a line."""
    longest = max([sum(length for _, length in row.parts) for row in rows] + [mark or 0.0], default=0.0)
    scale = 100 / max(longest, _SHORTEST)
    height = len(rows) * (_LINE + _BAR + _GAP)
    shapes = []
    if mark is not None:  # before the labels, which are written over it
        place = f"{mark * scale:.3f}%"
        shapes.append(f'<line class="mark" x1="{place}" x2="{place}" y1="0" y2="{height}"/>')
    for index, row in enumerate(rows):
        top = index * (_LINE + _BAR + _GAP)
        shapes.append(f'<text x="0" y="{top + 13}">{text(row.label)}</text>')
        start = 0.0
        for colour, length in row.parts:
            width = max(0.0, length * scale)
            title = f"{(names or {}).get(colour, row.label)}: {length:.3g}"
            shapes.append(
                f'<rect class="{colour}" x="{start:.3f}%" y="{top + _LINE}" width="{width:.3f}%" '
                f'height="{_BAR}"><title>{text(title)}</title></rect>'
            )
            start += width
        shapes.append(
            f'<text class="value" x="{start:.3f}%" dx="6" y="{top + _LINE + 13}">{text(row.value)}</text>'
        )
    return Drawing(name=name, kind="bars", height=height, shapes=tuple(shapes), legend=names or {})


def scatter(
    points: Sequence[Point],
    *,
    name: str,
    x_title: str,
    y_title: str,
    top_label: str,
    names: dict[str, str],
    mark: float | None = None,
) -> Drawing:
    """Return points over two axes; those without a `y` stand on a line of their own at the top."""
    height, first = 320, 34  # the line of `top_label`, then the axis
    known = [point.y for point in points if point.y is not None] + ([mark] if mark is not None else [])
    low, high = _limits(known)
    right = max(max([point.x for point in points], default=1.0) * 1.08, _SHORTEST)

    def down(value: float | None) -> float:
        return 12.0 if value is None else first + (high - value) / (high - low) * (height - first)

    shapes = [
        f'<line class="axis" x1="0" x2="100%" y1="{height}" y2="{height}"/>',
        '<line class="grid" x1="0" x2="100%" y1="12" y2="12"/>',
        f'<text class="tick" x="0" dx="-6" y="16" text-anchor="end">{text(top_label)}</text>',
    ]
    for tick in _ticks(low, high):
        shapes.append(f'<line class="grid" x1="0" x2="100%" y1="{down(tick):.1f}" y2="{down(tick):.1f}"/>')
        shapes.append(
            f'<text class="tick" x="0" dx="-6" y="{down(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>'
        )
    for tick in _ticks(0.0, right):
        place = f"{100 * tick / right:.2f}%"
        shapes.append(
            f'<text class="tick" x="{place}" y="{height + 18}" text-anchor="middle">{tick:g}</text>'
        )
    if mark is not None:
        shapes.append(f'<line class="mark" x1="0" x2="100%" y1="{down(mark):.1f}" y2="{down(mark):.1f}"/>')
    shapes += _points(points, down, right)
    shapes.append(f'<text class="tick" x="50%" y="{height + 38}" text-anchor="middle">{text(x_title)}</text>')
    return Drawing(
        name=name,
        kind="scatter",
        height=height + 44,
        shapes=tuple(shapes),
        legend=names,
        axis=y_title,
    )


def _points(points: Sequence[Point], down: Callable[[float | None], float], right: float) -> list[str]:
    """Return dots with a number each, which the caption explains: no label is written over another."""
    places = [(100 * max(0.0, point.x) / right, down(point.y)) for point in points]
    dots = [
        f'<circle class="{point.colour}" cx="{across:.2f}%" cy="{y:.1f}" r="5">'
        f"<title>{text(point.label)}</title></circle>"
        for point, (across, y) in zip(points, places, strict=True)
    ]
    numbers = []
    for index, (across, y) in enumerate(places):
        near = [
            (other, place)
            for place, (other, height) in enumerate(places)
            if place != index and abs(other - across) < 6 and abs(height - y) < 14
        ]
        is_free_right = all(other < (across, index) for other in near)
        is_free_left = all(other > (across, index) for other in near)
        below = 4 if is_free_right or is_free_left else -9 if index % 2 else 19
        aside = 9 if is_free_right else -9 if is_free_left else 0
        anchor = "start" if is_free_right else "end" if is_free_left else "middle"
        numbers.append(
            f'<text class="value" x="{across:.2f}%" dx="{aside}" y="{y + below:.1f}" '
            f'text-anchor="{anchor}">{index + 1}</text>'
        )
    return dots + numbers


def _limits(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = max(5.0, 0.1 * (high - low), 1e-6 * abs(high))
    return max(0.0, low - room) if low >= 0 else low - room, high + room


def _ticks(low: float, high: float) -> list[float]:
    """Return about five round numbers from `low` to `high`."""
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(number * step, 10) for number in range(first, math.floor(high / step + 1e-9) + 1)]
