"""Draws random masks of what an inpainting model is to fill in."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

KINDS = ("object", "sides", "boxes", "ellipses", "strokes", "all")
ODDS = (0.40, 0.22, 0.12, 0.09, 0.12, 0.05)


def random_mask(rng: np.random.Generator, thing: np.ndarray) -> tuple[np.ndarray, bool]:
    """Draw the mask of a picture whose object covers `thing`, (height, width) bool.

    Returns (mask, whole): the mask is bool, True where the picture is unknown; `whole` says that the mask was
    laid about the object, which then alone need be named.
    """
    kind = KINDS[rng.choice(len(KINDS), p=ODDS)]
    if kind == "object" and thing.any():
        return about(rng, thing), True
    if kind == "sides":
        return sides(rng, *thing.shape), False
    if kind == "all":
        return np.ones_like(thing), False
    return shapes(rng, kind, *thing.shape), False


def about(rng: np.random.Generator, thing: np.ndarray) -> np.ndarray:
    """Mask a box or an ellipse about the object, at times with room for a taller and wider one."""
    height, width = thing.shape
    rows, columns = np.flatnonzero(thing.any(axis=1)), np.flatnonzero(thing.any(axis=0))
    room = 0.04 * min(height, width) * rng.uniform(0.5, 1, 4) + 0.22 * min(height, width) * rng.random(4) ** 2
    left, top, right, bottom = (
        columns[0] - room[0],
        rows[0] - room[1],
        columns[-1] + room[2],
        rows[-1] + room[3],
    )
    if rng.random() < 0.3:
        x, y, half_x, half_y = (left + right) / 2, (top + bottom) / 2, (right - left) / 2, (bottom - top) / 2
        corners = x - 1.25 * half_x, y - 1.25 * half_y, x + 1.25 * half_x, y + 1.25 * half_y
        return _drawn(height, width, "ellipses", [corners])
    return _drawn(height, width, "boxes", [(left, top, right, bottom)])


def around(thing: np.ndarray, margin: int) -> np.ndarray:
    """Mask the box about the object and `margin` pixels on every side."""
    rows, columns = np.flatnonzero(thing.any(axis=1)), np.flatnonzero(thing.any(axis=0))
    mask = np.zeros_like(thing)
    top, left = max(rows[0] - margin, 0), max(columns[0] - margin, 0)
    mask[top : rows[-1] + margin + 1, left : columns[-1] + margin + 1] = True
    return mask


def sides(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Mask whole sides of the picture, as outpainting does: a known rectangle of 40 % or more is left."""
    known = rng.uniform(0.4, 0.9)
    along = rng.choice(3, p=(0.5, 0.3, 0.2))  # left and right, top and bottom, all four
    share_x, share_y = ((known, 1.0), (1.0, known), (known**0.5, known**0.5))[along]
    start_x, start_y = (rng.choice((0.0, 0.5, 1.0, rng.random())) for _ in range(2))
    left, top = round(start_x * (1 - share_x) * width), round(start_y * (1 - share_y) * height)
    mask = np.ones((height, width), bool)
    mask[top : top + round(share_y * height), left : left + round(share_x * width)] = False
    return mask


def shapes(rng: np.random.Generator, kind: str, height: int, width: int) -> np.ndarray:
    """Mask one to three boxes, ellipses or brush strokes anywhere."""
    corners = []
    for _ in range(rng.integers(1, 4)):
        half_x, half_y = (rng.uniform(0.08, 0.36, 2) * min(height, width)).tolist()
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        corners.append((x - half_x, y - half_y, x + half_x, y + half_y))
    if kind != "strokes":
        return _drawn(height, width, kind, corners)
    picture = Image.new("1", (width, height))
    pen = ImageDraw.Draw(picture)
    for x0, y0, x1, y1 in corners:
        radius = rng.uniform(0.05, 0.12) * min(height, width)
        places = rng.uniform((x0, y0), (x1, y1), (rng.integers(3, 7), 2))
        pen.line([tuple(place) for place in places.tolist()], fill=1, width=round(2 * radius))
        for x, y in places.tolist():
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=1)
    return np.array(picture, bool)


def _drawn(
    height: int, width: int, kind: str, corners: list[tuple[float, float, float, float]]
) -> np.ndarray:
    picture = Image.new("1", (width, height))
    pen = ImageDraw.Draw(picture)
    for place in corners:
        if kind == "ellipses":
            pen.ellipse(place, fill=1)
        else:
            pen.rectangle(place, fill=1)
    return np.array(picture, bool)
