"""The sizes that a form offers: near the area that the model was trained at, in the usual ratios."""

import math
from collections.abc import Mapping

from runtime.request import Bounds

OWN, PICTURE, CUSTOM = "own", "picture", "custom"
MULTIPLE = 8
RATIOS: Mapping[str, tuple[int, int]] = {
    "1:1": (1, 1),
    "5:4": (5, 4),
    "4:5": (4, 5),
    "3:2": (3, 2),
    "2:3": (2, 3),
    "16:9": (16, 9),
    "9:16": (9, 16),
}


def preset_sizes(own: tuple[int, int], side: Bounds) -> dict[str, tuple[int, int]]:
    """Return name -> width and height in pixels, the model's own first; every side is a multiple of 8.

    Ratios that come to the model's own size, or to a side out of bounds, are left out.
    """
    sizes = {OWN: own}
    area = own[0] * own[1]
    for name, (wide, high) in RATIOS.items():
        width = _rounded(math.sqrt(area * wide / high))
        height = _rounded(math.sqrt(area * high / wide))
        if (width, height) != own and min(width, height) >= side.low and max(width, height) <= side.high:
            sizes[name] = (width, height)
    return sizes


def _rounded(side: float) -> int:
    return max(MULTIPLE, round(side / MULTIPLE) * MULTIPLE)
