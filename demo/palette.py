"""Every colour of the storybook, and how a sky tints what stands under it. Colours are sRGB, 0 to 255."""

from __future__ import annotations

from dataclasses import dataclass

from demo.scenes import Colour, Sky, Terrain

RGB = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class SkyPalette:
    """Gradient stops from top to horizon, the light, clouds, and the tints of land and objects."""

    stops: tuple[RGB, RGB, RGB]
    disc: RGB
    glow: RGB
    cloud: RGB
    cloud_shade: RGB
    land_tint: tuple[float, float, float]
    object_tint: tuple[float, float, float]
    haze: RGB
    window: RGB


SKY: dict[Sky, SkyPalette] = {
    "day": SkyPalette(
        stops=((64, 150, 232), (126, 194, 246), (206, 236, 252)),
        disc=(255, 214, 52), glow=(255, 240, 170), cloud=(255, 255, 255), cloud_shade=(216, 232, 248),
        land_tint=(1.0, 1.0, 1.0), object_tint=(1.0, 1.0, 1.0), haze=(190, 222, 244), window=(196, 228, 246),
    ),
    "sunset": SkyPalette(
        stops=((104, 62, 140), (218, 98, 122), (255, 190, 110)),
        disc=(255, 236, 140), glow=(255, 170, 96), cloud=(246, 150, 150), cloud_shade=(196, 104, 138),
        land_tint=(0.86, 0.68, 0.66), object_tint=(0.98, 0.88, 0.86),
        haze=(214, 128, 122), window=(255, 226, 130),
    ),
    "night": SkyPalette(
        stops=((10, 14, 52), (26, 36, 94), (62, 76, 142)),
        disc=(255, 248, 206), glow=(120, 132, 190), cloud=(72, 84, 138), cloud_shade=(50, 60, 112),
        land_tint=(0.38, 0.46, 0.60), object_tint=(0.78, 0.78, 0.86),
        haze=(54, 66, 124), window=(255, 222, 104),
    ),
    "dawn": SkyPalette(
        stops=((150, 170, 232), (236, 190, 220), (255, 226, 206)),
        disc=(255, 132, 96), glow=(255, 208, 176), cloud=(255, 240, 244), cloud_shade=(226, 196, 222),
        land_tint=(0.94, 0.88, 0.96), object_tint=(0.97, 0.95, 0.98),
        haze=(222, 190, 216), window=(255, 240, 180),
    ),
}  # fmt: skip

BODY: dict[Colour, RGB] = {
    "red": (218, 38, 44),
    "orange": (250, 138, 22),
    "yellow": (250, 216, 40),
    "green": (34, 150, 72),
    "blue": (36, 84, 214),
    "purple": (142, 54, 190),
    "white": (250, 248, 242),
}


@dataclass(frozen=True, kw_only=True)
class LandPalette:
    """The far and the near layer of a terrain, each from its top to its bottom."""

    far: tuple[RGB, RGB]
    near: tuple[RGB, RGB]


LAND: dict[Terrain, LandPalette] = {
    "hills": LandPalette(far=((150, 208, 128), (116, 186, 98)), near=((128, 198, 84), (72, 152, 58))),
    "mountains": LandPalette(far=((122, 130, 160), (152, 160, 184)), near=((120, 158, 112), (74, 116, 84))),
    "sea": LandPalette(far=((96, 190, 222), (36, 132, 196)), near=((58, 158, 210), (16, 84, 160))),
    "desert": LandPalette(far=((244, 214, 156), (232, 192, 124)), near=((240, 200, 126), (214, 158, 84))),
    "snow": LandPalette(far=((232, 240, 250), (214, 228, 246)), near=((248, 251, 255), (204, 220, 242))),
}

SNOWCAP: RGB = (246, 249, 255)
ISLAND: RGB = (206, 178, 122)
ROOF: RGB = (104, 66, 70)
SLATE: RGB = (74, 74, 104)
WOOD: RGB = (104, 68, 46)
SAIL: RGB = (250, 242, 222)
STAR: RGB = (255, 250, 214)
FLAKE: RGB = (255, 255, 255)


def tinted(colour: RGB, tint: tuple[float, float, float]) -> RGB:
    """Return `colour` under a sky's tint."""
    red, green, blue = (min(255, round(c * t)) for c, t in zip(colour, tint, strict=True))
    return red, green, blue


def mixed(first: RGB, second: RGB, share: float) -> RGB:
    """Return `first` with `share` (0 to 1) of `second` mixed in."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def body_colour(colour: Colour, sky: Sky) -> RGB:
    """Return the colour of an object's lit body under a sky."""
    return tinted(BODY[colour], SKY[sky].object_tint)
