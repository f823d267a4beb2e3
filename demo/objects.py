"""The six objects of the storybook, each drawn about its foot point in the colour its caption names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from demo.canvas import Canvas
from demo.palette import BODY, ROOF, SAIL, SKY, SLATE, WOOD, mixed, tinted
from demo.scenes import Colour, Kind, Sky


@dataclass(frozen=True, kw_only=True)
class Paint:
    """An object's colours under one sky."""

    body: tuple[int, int, int]
    shade: tuple[int, int, int]
    shine: tuple[int, int, int]
    roof: tuple[int, int, int]
    slate: tuple[int, int, int]
    wood: tuple[int, int, int]
    sail: tuple[int, int, int]
    stripe: tuple[int, int, int]
    window: tuple[int, int, int]


def paint_for(colour: Colour, sky: Sky) -> Paint:
    """Return the paint for an object of `colour` under `sky`."""
    tint = SKY[sky].object_tint
    body = BODY[colour]
    dark = (96, 104, 140) if colour == "white" else (24, 12, 44)
    return Paint(
        body=tinted(body, tint),
        shade=tinted(mixed(body, dark, 0.26), tint),
        shine=tinted(mixed(body, (255, 255, 255), 0.28), tint),
        roof=tinted(ROOF, tint),
        slate=tinted(SLATE, tint),
        wood=tinted(WOOD, tint),
        sail=tinted(SAIL, tint),
        stripe=tinted((196, 202, 216) if colour == "white" else (252, 248, 240), tint),
        window=SKY[sky].window,
    )


def _door(c: Canvas, x: float, y: float, half: float, height: float, p: Paint) -> None:
    c.disc(x, y - height + half, half, p.wood)
    c.box(x - half, y - height + half, x + half, y, p.wood)


def _house(c: Canvas, x: float, y: float, p: Paint) -> None:
    c.box(x + 9, y - 45, x + 15, y - 30, p.roof, solid=True)
    c.box(x - 20, y - 27, x + 20, y, p.body, solid=True)
    c.box(x + 12, y - 27, x + 20, y, p.shade, solid=True)
    c.polygon([(x - 25, y - 25), (x - 13, y - 44), (x + 13, y - 44), (x + 25, y - 25)], p.roof, solid=True)
    _door(c, x, y, 5, 17, p)
    for left in (x - 16, x + 8):
        c.box(left, y - 18, left + 8, y - 9, p.window)


def _castle(c: Canvas, x: float, y: float, p: Paint) -> None:
    c.box(x - 15, y - 30, x + 15, y, p.body, solid=True)
    for step in range(4):
        left = x - 15 + step * 8.2
        c.box(left, y - 35, left + 5, y - 29, p.body, solid=True)
    for side in (-1, 1):
        mid = x + side * 19
        c.box(mid - 8, y - 40, mid + 8, y, p.body, solid=True)
        c.box(mid + 2.5, y - 40, mid + 8, y, p.shade, solid=True)
        c.polygon([(mid - 10.5, y - 39), (mid, y - 58), (mid + 10.5, y - 39)], p.slate, solid=True)
        c.pill(mid - 3, y - 33, mid + 3, y - 22, p.window)
    _door(c, x, y, 7, 20, p)


def _tower(c: Canvas, x: float, y: float, p: Paint) -> None:
    def half(height: float) -> float:
        return 12.5 - height * 0.085

    def band(low: float, high: float, left: float, colour: tuple[int, int, int]) -> None:
        at_low, at_high = half(low), half(high)
        points = [(x - at_high * left, y - high), (x + at_high, y - high)]
        c.polygon([*points, (x + at_low, y - low), (x - at_low * left, y - low)], colour, solid=True)

    band(0, 44, 1, p.body)
    band(0, 44, -0.4, p.shade)
    band(13, 21, 1, p.stripe)
    band(32, 40, 1, p.stripe)
    c.box(x - 11, y - 47, x + 11, y - 43, p.slate, solid=True)
    c.box(x - 6.5, y - 56, x + 6.5, y - 46, p.window, solid=True)
    c.polygon([(x - 9.5, y - 55), (x, y - 67), (x + 9.5, y - 55)], p.body, solid=True)
    _door(c, x, y, 4, 11, p)


def _boat(c: Canvas, x: float, y: float, p: Paint) -> None:
    c.box(x - 1.6, y - 58, x + 1.6, y - 8, p.wood, solid=True)
    c.polygon([(x + 3, y - 56), (x + 24, y - 17), (x + 3, y - 17)], p.sail, solid=True)
    c.polygon([(x - 3, y - 48), (x - 20, y - 17), (x - 3, y - 17)], p.body, solid=True)
    c.polygon([(x - 27, y - 13), (x + 28, y - 13), (x + 19, y + 2), (x - 18, y + 2)], p.body, solid=True)
    c.polygon([(x - 22, y - 4.6), (x + 23, y - 4.6), (x + 19, y + 2), (x - 18, y + 2)], p.shade, solid=True)


def _tree(c: Canvas, x: float, y: float, p: Paint) -> None:
    c.polygon([(x - 4, y - 24), (x + 4, y - 24), (x + 6, y), (x - 6, y)], p.wood, solid=True)
    for dx, dy, radius in ((-12, -28.0, 12.5), (12, -28.0, 12.5), (0, -43.0, 15), (0, -30.0, 14)):
        c.disc(x + dx, y + dy, radius, p.shade, solid=True)
    for dx, dy, radius in ((-12, -30, 10.5), (10, -30, 10), (-1, -44.5, 13), (-1, -33, 12)):
        c.disc(x + dx, y + dy, radius, p.body, solid=True)
    c.disc(x - 5, y - 49, 5, p.shine, solid=True)


def _cactus(c: Canvas, x: float, y: float, p: Paint) -> None:
    for side, low, top in ((-1.0, 16.0, 38.0), (1.0, 22.0, 44.0)):
        c.pill(min(x, x + side * 19), y - low - 8, max(x, x + side * 19), y - low, p.body, solid=True)
        arm = x + side * 15.5
        c.pill(arm - 4.5, y - top, arm + 4.5, y - low, p.body, solid=True)
    c.pill(x - 8, y - 57, x + 8, y + 7, p.body, solid=True)
    c.pill(x + 2.5, y - 52, x + 6, y - 4, p.shade, solid=True)
    c.pill(x - 5, y - 51, x - 2, y - 4, p.shine, solid=True)


DRAW: dict[Kind, Callable[[Canvas, float, float, Paint], None]] = {
    "house": _house,
    "castle": _castle,
    "tower": _tower,
    "boat": _boat,
    "tree": _tree,
    "cactus": _cactus,
}
