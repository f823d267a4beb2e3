"""Draws a scene: the picture, the exact mask of its object and light, and its exact depth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from demo.canvas import OVERSAMPLE, Canvas
from demo.landscape import FOOT, LIGHT_RADIUS, draw_island, draw_land, draw_sky, draw_snowfall, foot_depth
from demo.objects import DRAW, paint_for
from demo.palette import LAND, SKY, mixed, tinted
from demo.scenes import Position, Scene

CENTRES: dict[Position, float] = {"left": 0.24, "middle": 0.50, "right": 0.76}
CENTRE_JITTER = 2.0  # logical pixels; the three ranges stay 29 apart


@dataclass(frozen=True, kw_only=True)
class Rendering:
    """A picture with its truth; all arrays have the picture's (height, width)."""

    picture: Image.Image
    object_mask: np.ndarray
    light_mask: np.ndarray
    depth: np.ndarray


def render(scene: Scene, width: int = 128, height: int = 128) -> Rendering:
    """Draw `scene` at `width` x `height` pixels.

    Returns the RGB picture, `object_mask` and `light_mask` (bool), `depth` (float32, 0 the sky, 1 nearest).
    The same scene and size give the same bytes. Raises ValueError for a side under 64 or not a multiple of 8.
    """
    for name, value in (("width", width), ("height", height)):
        if value < 64 or value % 8:
            raise ValueError(f"{name} must be a multiple of 8 and at least 64, got {value}")
    rng = np.random.default_rng(scene.seed)
    canvas = Canvas(width, height)
    light = draw_sky(scene, canvas, rng)
    depth = draw_land(scene, canvas, rng)
    x = canvas.w * CENTRES[scene.position] + rng.uniform(-CENTRE_JITTER, CENTRE_JITTER)
    y = canvas.h * FOOT + rng.uniform(-1.5, 1.5)
    _ground(scene, canvas, x, y, depth)
    DRAW[scene.kind](canvas, x, y, paint_for(scene.colour, scene.sky))
    depth.paste(round(255 * foot_depth()), mask=canvas.covered)
    if scene.snowfall:
        draw_snowfall(canvas)
    return Rendering(
        picture=canvas.reduced(),
        object_mask=_reduced(canvas.covered) >= 128,
        light_mask=(_reduced(canvas.disc_mask(*light, LIGHT_RADIUS, LIGHT_RADIUS)) >= 128)
        & (scene.light != "none"),
        depth=(_reduced(depth) / 255).astype(np.float32),
    )


def _reduced(mask: Image.Image) -> np.ndarray:
    return np.asarray(mask.reduce(OVERSAMPLE))


def _ground(scene: Scene, canvas: Canvas, x: float, y: float, depth: Image.Image) -> None:
    """Lay what the object rests on: a sand bank at sea, a soft shadow on land, a wake under a boat."""
    near = tinted(LAND[scene.terrain].near[1], SKY[scene.sky].land_tint)
    if scene.terrain != "sea":
        canvas.glow(x + 3, y, 36, mixed(near, (16, 10, 40), 0.55), 0.8, ry=8)
    elif scene.kind == "boat":
        canvas.disc(x, y + 2, 26, mixed(near, SKY[scene.sky].cloud, 0.5), ry=3.2)
    else:
        draw_island(scene, canvas, x, y, depth)
