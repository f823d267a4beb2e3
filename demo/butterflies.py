"""Draws butterflies from above: a wing shape, a pattern, a palette, a soft background, a small tilt."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from demo.palette import RGB, mixed

Shape = Literal["monarch", "swallowtail", "blue", "brimstone", "longwing"]
Pattern = Literal["plain", "border", "spots", "bands", "veins", "eyes"]
Point = tuple[float, float]

SHAPES: tuple[Shape, ...] = get_args(Shape)
PATTERNS: tuple[Pattern, ...] = get_args(Pattern)
OVERSAMPLE = 4
MAX_TILT, MAX_SIZE = 12.0, 0.40  # degrees; of the picture's side
DARK: RGB = (42, 32, 36)


@dataclass(frozen=True, kw_only=True)
class Palette:
    """Colours of the wing's field, its edge, and what is drawn on it."""

    field: RGB
    edge: RGB
    accent: RGB


PALETTES: dict[str, Palette] = {
    "orange": Palette(field=(240, 132, 36), edge=(46, 32, 34), accent=(255, 236, 206)),
    "azure": Palette(field=(74, 140, 232), edge=(30, 46, 110), accent=(206, 236, 255)),
    "lemon": Palette(field=(250, 216, 72), edge=(196, 130, 24), accent=(232, 96, 40)),
    "emerald": Palette(field=(48, 172, 112), edge=(20, 70, 62), accent=(208, 246, 130)),
    "crimson": Palette(field=(206, 44, 58), edge=(62, 20, 40), accent=(255, 206, 92)),
    "violet": Palette(field=(146, 92, 214), edge=(62, 34, 108), accent=(250, 186, 226)),
    "rose": Palette(field=(244, 138, 176), edge=(170, 48, 104), accent=(255, 240, 214)),
    "night": Palette(field=(62, 58, 76), edge=(26, 24, 34), accent=(98, 206, 222)),
}
BACKGROUNDS: tuple[RGB, ...] = (
    (250, 248, 242),
    (224, 238, 250),
    (228, 244, 226),
    (252, 236, 222),
    (240, 230, 246),
    (252, 246, 208),
)

# Outlines of the right wings, in wing lengths from the body: x to the right, y down. First and last point are
# at the body; corners are rounded when they are drawn.
WINGS: dict[Shape, tuple[tuple[Point, ...], tuple[Point, ...]]] = {
    "monarch": (
        ((0, -0.14), (0.25, -0.58), (0.75, -0.90), (0.98, -0.80), (0.92, -0.48), (0.70, -0.12), (0, 0.06)),
        ((0, -0.06), (0.50, -0.06), (0.76, 0.12), (0.78, 0.48), (0.55, 0.78), (0.26, 0.76), (0, 0.24)),
    ),
    "swallowtail": (
        ((0, -0.14), (0.30, -0.66), (0.82, -0.94), (0.98, -0.84), (0.80, -0.36), (0.66, -0.06), (0, 0.06)),
        (
            (0, -0.06),
            (0.48, -0.06),
            (0.68, 0.20),
            (0.64, 0.50),
            (0.60, 0.70),
            (0.64, 1.02),
            (0.48, 1.02),
            (0.44, 0.68),
            (0.22, 0.62),
            (0, 0.24),
        ),
    ),
    "blue": (
        ((0, -0.14), (0.20, -0.56), (0.56, -0.78), (0.90, -0.70), (0.94, -0.34), (0.72, -0.04), (0, 0.06)),
        ((0, -0.06), (0.46, -0.08), (0.80, 0.06), (0.84, 0.42), (0.60, 0.70), (0.28, 0.68), (0, 0.24)),
    ),
    "brimstone": (
        ((0, -0.14), (0.36, -0.62), (0.78, -0.74), (1.10, -0.98), (0.96, -0.40), (0.74, -0.04), (0, 0.06)),
        ((0, -0.06), (0.52, -0.06), (0.78, 0.14), (0.86, 0.58), (0.52, 0.70), (0.26, 0.68), (0, 0.24)),
    ),
    "longwing": (
        ((0, -0.12), (0.38, -0.48), (0.86, -0.66), (1.14, -0.54), (1.04, -0.24), (0.62, -0.04), (0, 0.06)),
        ((0, -0.06), (0.42, -0.04), (0.66, 0.08), (0.70, 0.34), (0.48, 0.52), (0.22, 0.50), (0, 0.24)),
    ),
}


@dataclass(frozen=True, kw_only=True)
class Butterfly:
    """One butterfly; lengths are shares of the picture's side, `tilt` is in degrees.

    `opening` is how wide the wings are spread, 1 fully.
    """

    shape: Shape
    pattern: Pattern
    palette: str
    background: int
    size: float = 0.38
    opening: float = 1.0
    tilt: float = 0.0


def random_butterfly(rng: np.random.Generator) -> Butterfly:
    """Draw a butterfly; every attribute is uniform."""
    return Butterfly(
        shape=SHAPES[rng.integers(len(SHAPES))],
        pattern=PATTERNS[rng.integers(len(PATTERNS))],
        palette=tuple(PALETTES)[rng.integers(len(PALETTES))],
        background=int(rng.integers(len(BACKGROUNDS))),
        size=float(rng.uniform(0.34, MAX_SIZE)),
        opening=float(rng.uniform(0.82, 1.0)),
        tilt=float(rng.uniform(-MAX_TILT, MAX_TILT)),
    )


def draw(butterfly: Butterfly, side: int = 64) -> Image.Image:
    """Return the butterfly as an RGB picture of `side` x `side` pixels; the same one gives the same bytes."""
    full = side * OVERSAMPLE
    figure = _right_half(butterfly, full)
    figure.alpha_composite(ImageOps.mirror(figure))
    _draw_body(figure, butterfly.size * full)
    figure = figure.rotate(butterfly.tilt, Image.Resampling.BICUBIC)
    picture = _background(BACKGROUNDS[butterfly.background], full)
    picture.alpha_composite(figure)
    return picture.convert("RGB").reduce(OVERSAMPLE)


def _background(colour: RGB, full: int) -> Image.Image:
    """Return a plain colour that darkens a little towards the corners."""
    place = (np.arange(full) + 0.5) / full * 2 - 1
    share = np.clip((np.hypot(place[:, None], place[None, :]) - 0.7) / 0.7, 0, 1)[..., None]
    near, far = np.array(colour, np.float64), np.array(mixed(colour, (150, 150, 150), 0.16), np.float64)
    return Image.fromarray(np.round(near + share * (far - near)).astype(np.uint8)).convert("RGBA")


def _right_half(butterfly: Butterfly, full: int) -> Image.Image:
    """Return both right wings on a transparent picture; the hind wing lies under the fore wing."""
    layer = Image.new("RGBA", (full, full))
    length = butterfly.size * full
    for hind, outline in ((True, WINGS[butterfly.shape][1]), (False, WINGS[butterfly.shape][0])):
        points = [
            (full / 2 + x * length * butterfly.opening, full * 0.51 + y * length)
            for x, y in _rounded(outline)
        ]
        mask = Image.new("L", (full, full))
        ImageDraw.Draw(mask).polygon(points, fill=255)
        layer.paste(_wing(butterfly, points, hind, full), mask=mask)
    return layer


def _rounded(outline: Sequence[Point]) -> list[Point]:
    """Round an outline's corners but for its two ends: Chaikin's corner cutting (1974), three times."""
    points = list(outline)
    for _ in range(3):
        cut: list[Point] = [points[0]]
        for a, b in itertools.pairwise(points):
            cut += [(s * a[0] + (1 - s) * b[0], s * a[1] + (1 - s) * b[1]) for s in (0.75, 0.25)]
        points = [*cut, points[-1]]
    return points


def _towards(points: Sequence[Point], centre: Point, share: float) -> list[Point]:
    return [(centre[0] + share * (x - centre[0]), centre[1] + share * (y - centre[1])) for x, y in points]


def _wing(butterfly: Butterfly, points: Sequence[Point], hind: bool, full: int) -> Image.Image:
    """Return a picture of the wing's colours, to be cut out by its outline."""
    palette = PALETTES[butterfly.palette]
    field = mixed(palette.field, palette.accent, 0.18) if hind else palette.field
    picture = Image.new("RGBA", (full, full), field)
    pen = ImageDraw.Draw(picture)
    root = (full / 2, full * 0.5)
    outer = points[len(points) // 6 : -len(points) // 6]  # the rim, away from the body
    rim = max(2, round(0.07 * butterfly.size * full))
    if butterfly.pattern == "plain":
        pen.line(outer, fill=mixed(palette.field, palette.edge, 0.5), width=rim, joint="curve")
        return picture
    if butterfly.pattern == "bands":
        for share, colour in ((0.80, palette.accent), (0.64, palette.edge), (0.50, field)):
            pen.polygon(_towards(points, root, share), fill=colour)
        pen.line(outer, fill=palette.edge, width=rim, joint="curve")
        return picture
    wide = {"border": 3.6, "spots": 4.0}.get(butterfly.pattern, 1.8)
    pen.line(outer, fill=palette.edge, width=round(rim * wide), joint="curve")
    if butterfly.pattern == "spots":
        _discs(pen, _along(_towards(outer, root, 0.90), 5), 0.045 * butterfly.size * full, palette.accent)
    elif butterfly.pattern == "veins":
        for x, y in _along(outer, 5):
            pen.line([root, (x, y)], fill=palette.edge, width=max(1, rim // 2))
    elif butterfly.pattern == "eyes":
        middle = _towards(_along(outer, 3)[1:2], root, 0.68)
        for share, colour in ((0.15, palette.edge), (0.105, palette.accent), (0.05, DARK)):
            _discs(pen, middle, share * butterfly.size * full, colour)
    return picture


def _along(points: Sequence[Point], count: int) -> list[Point]:
    """Return `count` of the points, evenly spaced, neither the first nor the last."""
    return [points[round((i + 1) * (len(points) - 1) / (count + 1))] for i in range(count)]


def _discs(pen: ImageDraw.ImageDraw, centres: Sequence[Point], radius: float, colour: RGB) -> None:
    for x, y in centres:
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def _draw_body(figure: Image.Image, length: float) -> None:
    """Draw antennae and body on the axis."""
    pen = ImageDraw.Draw(figure)
    x, y = figure.width / 2, figure.height * 0.51
    for side in (-1, 1):
        curve = [
            (x + side * length * 0.36 * math.sin(a), y - length * (0.26 + 0.62 * (a / 1.2)))
            for a in np.linspace(0, 1.2, 9)
        ]
        pen.line(curve, fill=DARK, width=max(2, round(0.035 * length)), joint="curve")
        _discs(pen, curve[-1:], 0.045 * length, DARK)
    for top, bottom, width in ((-0.12, 0.52, 0.062), (-0.26, 0.14, 0.085), (-0.36, -0.16, 0.068)):
        pen.ellipse(
            (x - width * length, y + top * length, x + width * length, y + bottom * length), fill=DARK
        )
