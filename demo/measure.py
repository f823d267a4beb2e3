"""Reads a scene's attributes from pixels alone: colour profiles, bright discs, silhouettes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
from PIL import Image

from demo.canvas import OVERSAMPLE, Canvas
from demo.landscape import FOOT, HORIZON
from demo.objects import DRAW, paint_for
from demo.palette import SKY, body_colour
from demo.renderer import CENTRES, render
from demo.scenes import COLOURS, KINDS, SKIES, TERRAINS, Colour, Kind, Scene, Sky, Terrain, light_of

Name = TypeVar("Name", bound=str)
FARTHEST_PROFILE = 25.0  # mean absolute difference of 0..255 values above which nothing is recognised
FARTHEST_BODY = 48.0
DISC_TOLERANCE = 52.0
TEMPLATE_TOLERANCE = 40.0
LEAST_FIT = 0.3  # of the template's pixels
RING_TOLERANCE = 14.0
MOST_RING = 0.5  # of the pixels around the silhouette may have the body's colour
POSITION_TOLERANCE = 0.1  # of the width; the places are 0.26 apart


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a picture shows, "none" where nothing was recognised; `lights` counts suns or moons."""

    sky: str
    terrain: str
    lights: int
    light_side: str
    kind: str
    colour: str
    position: str


def look_at(picture: Image.Image) -> Seen:
    """Return what `picture` (RGB, the renderer's proportions) shows."""
    pixels = np.asarray(picture.convert("RGB"), np.float32)  # (height, width, 3)
    height, width = pixels.shape[:2]
    sky, terrain = landscape_of(pixels, (width, height))
    if sky is None:
        nothing = dict.fromkeys(("sky", "terrain", "light_side", "kind", "colour", "position"), "none")
        return Seen(lights=0, **nothing)
    lights = _lights(pixels, sky)
    kind, colour, position = _object(picture, sky)
    side = "none" if len(lights) != 1 else "left" if lights[0] < width / 2 else "right"
    return Seen(
        sky=sky,
        terrain=terrain or "none",
        lights=len(lights),
        light_side=side,
        kind=kind,
        colour=colour,
        position=position,
    )


def is_right(seen: Seen, scene: Scene) -> dict[str, bool]:
    """Say for each attribute whether the picture shows the scene's; `light` asks for exactly as many."""
    asked = scene.light != "none"
    right = {
        "sky": seen.sky == scene.sky,
        "terrain": seen.terrain == scene.terrain,
        "object": seen.kind == scene.kind,
        "colour": seen.colour == scene.colour,
        "position": seen.position == scene.position,
        "light": seen.sky == scene.sky and seen.lights == int(asked),
    }
    if asked:
        right["light side"] = seen.light_side == scene.light_side
    return right


def landscape_of(pixels: np.ndarray, size: tuple[int, int]) -> tuple[Sky | None, Terrain | None]:
    """Return the sky and terrain that columns (height, n, 3) of a picture of `size` (width, height) show."""
    width, height = size
    sky = _nearest_profile(pixels, {s: _sky_profile(s, height) for s in SKIES}, 0.0, 0.30)
    if sky is None:
        return None, None
    grounds = {t: _ground_profile(sky, t, width, height) for t in TERRAINS}
    return sky, _nearest_profile(pixels, grounds, 0.40, 1.0)


def _nearest_profile(
    pixels: np.ndarray, known: Mapping[Name, np.ndarray], top: float, bottom: float
) -> Name | None:
    """Return whose colours, row by row between two shares of the height, are nearest; None if all are far."""
    height = len(pixels)
    rows = slice(round(height * top), round(height * bottom))
    # The object and the light cover less than half of any row, so its median is the landscape's colour.
    profile = np.median(pixels[rows], axis=1)  # (rows, 3)
    distances = {name: float(np.abs(profile - rest[rows]).mean()) for name, rest in known.items()}
    best = min(distances, key=lambda name: distances[name])
    return best if distances[best] <= FARTHEST_PROFILE else None


@lru_cache(maxsize=64)
def _sky_profile(sky: Sky, height: int) -> np.ndarray:
    palette = SKY[sky]
    end = height * (HORIZON + 0.05)
    rows = np.arange(height) + 0.5
    channels = [np.interp(rows, [0, end * 0.55, end], [s[i] for s in palette.stops]) for i in range(3)]
    return np.stack(channels, axis=-1)


@lru_cache(maxsize=256)
def _ground_profile(sky: Sky, terrain: Terrain, width: int, height: int) -> np.ndarray:
    profiles = []
    for seed in range(4):
        scene = Scene(
            sky=sky, light="none", light_side="left", terrain=terrain, kind="tower", colour="green",
            position="middle", seed=seed,
        )  # fmt: skip
        drawn = render(scene, width, height)
        pixels = np.where(drawn.object_mask[..., None], np.nan, np.asarray(drawn.picture, np.float32))
        profiles.append(np.nanmedian(pixels, axis=1))
    return np.asarray(np.mean(profiles, axis=0))


def _lights(pixels: np.ndarray, sky: Sky) -> list[float]:
    """Return the x of each disc of the sky's light colour that is at least a fifth of the light's size."""
    height, width = pixels.shape[:2]
    zone = pixels[: round(height * 0.36)]
    bright = np.abs(zone - np.array(SKY[sky].disc, np.float32)).max(axis=-1) <= DISC_TOLERANCE
    expected = _light_area(sky) * (min(width, height) / 128) ** 2
    blobs = [blob for blob in connected(bright) if len(blob) >= 0.2 * expected]
    places = [float(np.mean([x for _, x in blob])) for blob in blobs]
    malformed = any(not 0.5 * expected <= len(blob) <= 1.6 * expected for blob in blobs)
    return [*places, 0.0] if malformed else places  # a malformed light counts as one too many


@lru_cache(maxsize=8)
def _light_area(sky: Sky) -> int:
    scene = Scene(
        sky=sky, light=light_of(sky), light_side="left", terrain="desert", kind="tower", colour="green",
        position="right",
    )  # fmt: skip
    zone = np.asarray(render(scene).picture, np.float32)[:46]
    bright = np.abs(zone - np.array(SKY[sky].disc, np.float32)).max(axis=-1) <= DISC_TOLERANCE
    return max(len(blob) for blob in connected(bright))


def connected(mask: np.ndarray) -> list[list[tuple[int, int]]]:
    """Return the 4-connected components of a boolean array as lists of (y, x)."""
    left = {(int(y), int(x)) for y, x in np.argwhere(mask)}
    blobs = []
    while left:
        blob, front = [], [left.pop()]
        while front:
            y, x = front.pop()
            blob.append((y, x))
            for neighbour in ((y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)):
                if neighbour in left:
                    left.discard(neighbour)
                    front.append(neighbour)
        blobs.append(blob)
    return blobs


@dataclass(frozen=True, kw_only=True)
class _Template:
    """An object drawn alone: its pixels (n, 3) and their (y, x) from the foot point, at half size."""

    pixels: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    body: np.ndarray  # bool (n,): the pixels in the colour that the caption names
    ring: np.ndarray  # (m, 2): the (y, x) two pixels outside the silhouette


@lru_cache(maxsize=1024)
def _template(kind: Kind, colour: Colour, sky: Sky, short_side: int) -> _Template:
    canvas = Canvas(short_side, short_side)
    paint = paint_for(colour, sky)
    DRAW[kind](canvas, 64, 100, paint)
    unit = short_side / 128 / 2
    solid = np.asarray(canvas.covered.reduce(OVERSAMPLE * 2)) >= 200
    picture = np.asarray(canvas.image.reduce(OVERSAMPLE * 2), np.float32)
    ys, xs = np.nonzero(solid)
    pixels = picture[ys, xs]
    body = np.abs(pixels - np.array(paint.body, np.float32)).max(axis=-1) <= 3
    grown = np.pad(solid, 2)
    for _ in range(2):
        beside = [np.roll(grown, shift, axis) for shift in (-1, 1) for axis in (0, 1)]
        grown = np.logical_or.reduce([grown, *beside])
    origin = round(100 * unit), round(64 * unit)
    ring = np.argwhere(grown & ~np.pad(solid, 2)) - 2 - np.array(origin)
    return _Template(pixels=pixels, rows=ys - origin[0], columns=xs - origin[1], body=body, ring=ring)


def _gain(half: np.ndarray, template: _Template, xs: np.ndarray, y: int, some: slice) -> np.ndarray:
    """Return for each foot x how many template pixels the picture explains, less its misfits."""
    height, width = half.shape[:2]
    columns = template.columns[some, None] + xs  # (pixels, xs)
    rows = np.minimum(template.rows[some, None] + y, height - 1)
    there = half[rows, np.clip(columns, 0, width - 1)]  # (pixels, xs, 3)
    error = np.abs(there - template.pixels[some, None]).mean(axis=-1)
    gain = 1 - np.minimum(error / TEMPLATE_TOLERANCE, 2)
    return np.asarray(np.where((columns >= 0) & (columns < width), gain, 0).sum(axis=0))


def _object(picture: Image.Image, sky: Sky) -> tuple[str, str, str]:
    """Return the (kind, colour, position) of the silhouette that explains the most pixels."""
    half = np.asarray(picture.convert("RGB").reduce(2), np.float32)
    height, width = half.shape[:2]
    short = min(picture.size)
    foot = round(height * FOOT)
    candidates: list[tuple[float, Kind, Colour, int]] = []
    xs = np.arange(round(width * 0.14), round(width * 0.86) + 1)
    for kind in KINDS:
        for colour in COLOURS:
            template = _template(kind, colour, sky, short)
            gains = _gain(half, template, xs, foot, slice(None, None, 4)) * 4
            peak = int(gains.argmax())
            candidates.append((float(gains[peak]), kind, colour, int(xs[peak])))
    candidates.sort(key=lambda candidate: -candidate[0])
    best, found = 0.0, None
    for _, kind, colour, x in candidates[:6]:
        for y in (foot - 1, foot, foot + 1):
            near = np.arange(x - 2, x + 3)
            gains = _gain(half, _template(kind, colour, sky, short), near, y, slice(None))
            if gains.max() > best:
                best, found = float(gains.max()), (kind, colour, int(near[gains.argmax()]), y)
    if found is None:
        return "none", "none", "none"
    kind, colour, x, y = found
    template = _template(kind, colour, sky, short)
    if best < LEAST_FIT * len(template.pixels):
        return "none", "none", "none"
    columns = np.clip(template.columns + x, 0, width - 1)[template.body]
    rows = np.minimum(template.rows + y, height - 1)[template.body]
    shown = np.median(half[rows, columns], axis=0)
    around = half[
        np.clip(template.ring[:, 0] + y, 0, height - 1), np.clip(template.ring[:, 1] + x, 0, width - 1)
    ]
    if (np.abs(around - shown).mean(axis=-1) <= RING_TOLERANCE).mean() > MOST_RING:
        return "none", "none", "none"  # a patch of that colour, not an object of that shape
    distance = {c: float(np.abs(shown - np.array(body_colour(c, sky))).mean()) for c in COLOURS}
    nearest = min(distance, key=lambda c: distance[c])
    share = x / width
    places = [p for p, centre in CENTRES.items() if abs(share - centre) <= POSITION_TOLERANCE]
    return kind, nearest if distance[nearest] <= FARTHEST_BODY else "none", places[0] if places else "none"
