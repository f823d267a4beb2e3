"""A drawing surface in logical pixels: smooth fills, soft discs, and a record of what the object covers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from demo.palette import RGB

Point = tuple[float, float]
OVERSAMPLE = 3


class Canvas:
    """Draws at OVERSAMPLE times the wanted size; one logical pixel is 1/128 of the shorter side.

    `covered` is the full-size record of the pixels that calls with `solid=True` painted.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.unit = OVERSAMPLE * min(width, height) / 128
        self.w = width * OVERSAMPLE / self.unit
        self.h = height * OVERSAMPLE / self.unit
        self._size = (width * OVERSAMPLE, height * OVERSAMPLE)
        self.image = Image.new("RGB", self._size)
        self.covered = Image.new("L", self._size)

    def _scaled(self, points: Sequence[Point]) -> list[Point]:
        return [(x * self.unit, y * self.unit) for x, y in points]

    def gradient(self, stops: Sequence[tuple[float, RGB]]) -> Image.Image:
        """Return a full-size vertical gradient through (logical y, colour) stops."""
        rows = (np.arange(self._size[1]) + 0.5) / self.unit
        places = [y for y, _ in stops]
        column = np.stack([np.interp(rows, places, [c[i] for _, c in stops]) for i in range(3)], axis=-1)
        strip = Image.fromarray(np.round(column).astype(np.uint8)[:, None, :])  # (rows, 1, 3)
        return strip.resize(self._size, Image.Resampling.NEAREST)

    def backdrop(self, stops: Sequence[tuple[float, RGB]]) -> None:
        """Paint the whole surface with a vertical gradient."""
        self.image.paste(self.gradient(stops))

    def smooth_polygon(self, points: Sequence[Point], stops: Sequence[tuple[float, RGB]]) -> Image.Image:
        """Fill a polygon with a vertical gradient; return the mask (L, full size) that it covered."""
        mask = Image.new("L", self._size)
        ImageDraw.Draw(mask).polygon(self._scaled(points), fill=255)
        self.image.paste(self.gradient(stops), mask=mask)
        return mask

    def polygon(self, points: Sequence[Point], colour: RGB, *, solid: bool = False) -> None:
        """Fill a polygon."""
        scaled = self._scaled(points)
        ImageDraw.Draw(self.image).polygon(scaled, fill=colour)
        if solid:
            ImageDraw.Draw(self.covered).polygon(scaled, fill=255)

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: RGB, *, solid: bool = False) -> None:
        """Fill a rectangle."""
        self.polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], colour, solid=solid)

    def pill(self, x0: float, y0: float, x1: float, y1: float, colour: RGB, *, solid: bool = False) -> None:
        """Fill a rectangle whose shorter ends are half circles."""
        radius = min(x1 - x0, y1 - y0) / 2 * self.unit
        corners = tuple(v * self.unit for v in (x0, y0, x1, y1))
        ImageDraw.Draw(self.image).rounded_rectangle(corners, radius, fill=colour)
        if solid:
            ImageDraw.Draw(self.covered).rounded_rectangle(corners, radius, fill=255)

    def disc(
        self, x: float, y: float, rx: float, colour: RGB, *, ry: float | None = None, solid: bool = False
    ) -> None:
        """Fill an ellipse about (x, y); a circle unless `ry` is given."""
        ry = rx if ry is None else ry
        corners = tuple(v * self.unit for v in (x - rx, y - ry, x + rx, y + ry))
        ImageDraw.Draw(self.image).ellipse(corners, fill=colour)
        if solid:
            ImageDraw.Draw(self.covered).ellipse(corners, fill=255)

    def disc_mask(self, x: float, y: float, rx: float, ry: float) -> Image.Image:
        """Return the full-size mask (L) of an ellipse, painting nothing."""
        mask = Image.new("L", self._size)
        ImageDraw.Draw(mask).ellipse(tuple(v * self.unit for v in (x - rx, y - ry, x + rx, y + ry)), fill=255)
        return mask

    def glow(
        self, x: float, y: float, rx: float, colour: RGB, strength: float, *, ry: float | None = None
    ) -> None:
        """Blend `colour` in: `strength` (0 to 1) at the centre, falling smoothly to nothing at the rim."""
        ry = rx if ry is None else ry
        x0, y0 = max(int((x - rx) * self.unit), 0), max(int((y - ry) * self.unit), 0)
        x1 = min(int((x + rx) * self.unit) + 1, self._size[0])
        y1 = min(int((y + ry) * self.unit) + 1, self._size[1])
        if x1 <= x0 or y1 <= y0:
            return
        across = ((np.arange(x0, x1) + 0.5) / self.unit - x) / rx
        down = ((np.arange(y0, y1) + 0.5) / self.unit - y) / ry
        falloff = np.clip(1 - np.hypot(across[None, :], down[:, None]), 0, 1) ** 1.5
        mask = Image.fromarray(np.round(falloff * strength * 255).astype(np.uint8))
        self.image.paste(Image.new("RGB", mask.size, colour), (x0, y0), mask)

    def reduced(self) -> Image.Image:
        """Return the picture at the wanted size."""
        return self.image.reduce(OVERSAMPLE)
