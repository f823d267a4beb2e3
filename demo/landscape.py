"""Sky, light, clouds, land and sea: everything behind and under the object, with the depth of each layer."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from demo.canvas import Canvas, Point
from demo.palette import FLAKE, ISLAND, LAND, SKY, SNOWCAP, STAR, mixed, tinted
from demo.scenes import Scene

HORIZON = 0.60  # share of the height
FOOT = 0.87
LIGHT_RADIUS = 11.5  # logical pixels
DEPTH_FAR_LAND, DEPTH_HORIZON, DEPTH_NEAREST = 0.2, 0.35, 1.0


def light_place(scene: Scene, canvas: Canvas, rng: np.random.Generator) -> Point:
    """Return the centre of the sun or moon."""
    share = 0.165 if scene.light_side == "left" else 0.835
    return canvas.w * share + rng.uniform(-2.5, 2.5), canvas.h * 0.17 + rng.uniform(-2, 2.5)


def draw_sky(scene: Scene, c: Canvas, rng: np.random.Generator) -> Point:
    """Paint gradient, stars, the one light, and clouds well clear of it; return the light's centre."""
    palette = SKY[scene.sky]
    horizon = c.h * (HORIZON + 0.05)
    top, middle, low = palette.stops
    c.backdrop([(0, top), (horizon * 0.55, middle), (horizon, low)])
    x, y = light_place(scene, c, rng)
    if scene.sky == "night":
        _stars(c, rng, None if scene.light == "none" else (x, y))
    if scene.light != "none":
        c.glow(x, y, 30, palette.glow, 0.75)
        c.disc(x, y, LIGHT_RADIUS, palette.disc)
    if scene.light == "moon":
        behind = mixed(palette.stops[0], palette.glow, 0.32)
        c.disc(x + 5.2, y - 3.2, 9.4, behind)
    if scene.clouds:
        away = 1 if scene.light_side == "left" else -1
        for share, height, size in ((0.06, 0.12, 0.85), (0.30, 0.24, 1.0)):
            cloud_x = c.w * (0.5 + away * share) + rng.uniform(-3, 3)
            _cloud(c, cloud_x, c.h * height + rng.uniform(-2, 2), size, scene)
    return x, y


def _stars(c: Canvas, rng: np.random.Generator, light: Point | None) -> None:
    for column in range(int(c.w // 21)):
        for row in range(2):
            x, y = column * 21 + rng.uniform(5, 16), c.h * (0.03 + row * 0.19) + rng.uniform(2, 18)
            if light is None or math.hypot(x - light[0], y - light[1]) > 22:
                c.disc(x, y, rng.uniform(1.3, 1.9), STAR)


def _cloud(c: Canvas, x: float, y: float, size: float, scene: Scene) -> None:
    palette = SKY[scene.sky]
    for colour, drop in ((palette.cloud_shade, 2.4), (palette.cloud, 0.0)):
        for dx, dy, radius in ((-11, 1, 6.5), (-2, -4, 9), (9, -0.5, 7.5)):
            c.disc(x + dx * size, y + (dy + drop) * size, radius * size, colour)
        c.pill(x - 19 * size, y + (1 + drop) * size, x + 19 * size, y + (8.5 + drop) * size, colour)


def draw_land(scene: Scene, c: Canvas, rng: np.random.Generator) -> Image.Image:
    """Paint the terrain; return its depth (L, full size): 0 the sky, 255 the nearest ground."""
    palette, tint = LAND[scene.terrain], SKY[scene.sky].land_tint
    far = [mixed(tinted(colour, tint), SKY[scene.sky].haze, 0.25) for colour in palette.far]
    near = [tinted(colour, tint) for colour in palette.near]
    line = c.h * HORIZON
    depth = Image.new("L", c.image.size)
    ground_depth = c.gradient(
        [(line, (round(255 * DEPTH_HORIZON),) * 3), (c.h, (round(255 * DEPTH_NEAREST),) * 3)]
    ).convert("L")
    if scene.terrain == "sea":
        flat: list[Point] = [(0, line), (c.w, line), (c.w, c.h), (0, c.h)]
        mask = c.smooth_polygon(flat, [(line, far[0]), (line + 14, near[0]), (c.h, near[1])])
        _waves(scene, c, rng)
        depth.paste(ground_depth, mask=mask)
        return depth
    if scene.terrain == "mountains":
        far_mask = _peaks(scene, c, rng)
    else:
        height = 0.13 if scene.terrain == "hills" else 0.07
        crest = _crest(c, line - c.h * 0.02, c.h * height / 2, rng, 1.3)
        far_mask = c.smooth_polygon(crest, [(line - c.h * height, far[0]), (line + 20, far[1])])
    depth.paste(round(255 * DEPTH_FAR_LAND), mask=far_mask)
    swing = {"hills": 0.03, "mountains": 0.012, "desert": 0.03, "snow": 0.025}[scene.terrain]
    crest = _crest(c, c.h * (HORIZON + 0.09), c.h * swing, rng, 0.8)
    mask = c.smooth_polygon(crest, [(line + 4, near[0]), (c.h, near[1])])
    depth.paste(ground_depth, mask=mask)
    return depth


def _crest(c: Canvas, y: float, swing: float, rng: np.random.Generator, waves: float) -> list[Point]:
    phase, bend = rng.uniform(0, math.tau), rng.uniform(0.85, 1.2)
    xs = np.linspace(0, c.w, 65)
    ys = y + swing * np.sin(phase + xs / 128 * math.tau * waves * bend)
    return [*zip(xs.tolist(), ys.tolist(), strict=True), (c.w, c.h), (0.0, c.h)]


def _peaks(scene: Scene, c: Canvas, rng: np.random.Generator) -> Image.Image:
    palette, tint = LAND["mountains"], SKY[scene.sky].land_tint
    rock = [mixed(tinted(colour, tint), SKY[scene.sky].haze, 0.2) for colour in palette.far]
    cap = tinted(SNOWCAP, tuple(0.5 + t / 2 for t in tint))  # type: ignore[arg-type]
    mask = Image.new("L", c.image.size)
    foot = c.h * (HORIZON + 0.13)
    count = max(3, round(c.w / 128 * 3))
    order = [*range(0, count, 2), *range(1, count, 2)]
    for place in order:
        x = c.w * (place + 0.5) / count + rng.uniform(-5, 5)
        front = place % 2 == 1
        top = c.h * HORIZON - (30 if front else 24) - rng.uniform(-3, 3)
        half = 35 if front else 32
        colour = rock[0] if front else mixed(rock[0], SKY[scene.sky].haze, 0.25)
        shape = [(x - half, foot), (x, top), (x + half, foot)]
        painted = c.smooth_polygon(shape, [(top, colour), (foot, mixed(colour, rock[1], 0.8))])
        mask.paste(255, mask=painted)
        share = 0.36
        reach, edge = half * share, top + (foot - top) * share
        snow = [(x - reach, edge), (x, top), (x + reach, edge), (x + reach * 0.45, edge - 4)]
        c.polygon([*snow, (x, edge + 3), (x - reach * 0.45, edge - 4)], cap)
    return mask


def _waves(scene: Scene, c: Canvas, rng: np.random.Generator) -> None:
    near = tinted(LAND["sea"].near[0], SKY[scene.sky].land_tint)
    foam = mixed(near, SKY[scene.sky].cloud, 0.45)
    for row, share in enumerate((0.70, 0.80, 0.93)):
        for column in range(max(2, round(c.w / 64))):
            x = 64 * column + (16 if row % 2 else 44) + rng.uniform(-9, 9)
            length = 9 + 2.5 * row
            c.pill(x - length, c.h * share, x + length, c.h * share + 2.6, foam)


def draw_island(scene: Scene, c: Canvas, x: float, y: float, depth: Image.Image) -> None:
    """Paint the sand bank that a building or tree at sea stands on."""
    tint = SKY[scene.sky].land_tint
    sand = tinted(ISLAND, tint)
    c.disc(x, y + 3, 31, mixed(sand, (60, 40, 40), 0.25), ry=7.5)
    c.disc(x, y + 1.5, 30, sand, ry=6.5)
    depth.paste(round(255 * foot_depth()), mask=c.disc_mask(x, y + 3, 31, 7.5))


def foot_depth() -> float:
    """Return the depth (0 sky, 1 nearest) of the ground where objects stand."""
    return DEPTH_HORIZON + (DEPTH_NEAREST - DEPTH_HORIZON) * (FOOT - HORIZON) / (1 - HORIZON)


def draw_snowfall(c: Canvas) -> None:
    """Scatter large flakes, one to a cell of a grid; their pattern is the same in every scene.

    A pattern that changed at random would be noise to a model whose latent pixels are wider than a flake.
    """
    cell, rng = 24, np.random.default_rng(12)
    offsets = rng.uniform(0.25, 0.75, (16, 16, 2))
    for row in range(int(c.h // cell) + 1):
        for column in range(int(c.w // cell) + 1):
            right, down = offsets[row % 16, column % 16] * cell
            c.disc(column * cell + right, row * cell + down, 2.5, FLAKE)
