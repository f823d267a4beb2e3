"""What a storybook scene is: its attributes, which combinations exist, and which are kept out of training."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

Sky = Literal["day", "sunset", "night", "dawn"]
Light = Literal["sun", "moon", "none"]
Side = Literal["left", "right"]
Terrain = Literal["hills", "mountains", "sea", "desert", "snow"]
Kind = Literal["house", "castle", "tower", "boat", "tree", "cactus"]
Colour = Literal["red", "orange", "yellow", "green", "blue", "purple", "white"]
Position = Literal["left", "middle", "right"]

SKIES: tuple[Sky, ...] = get_args(Sky)
SIDES: tuple[Side, ...] = get_args(Side)
TERRAINS: tuple[Terrain, ...] = get_args(Terrain)
KINDS: tuple[Kind, ...] = get_args(Kind)
COLOURS: tuple[Colour, ...] = get_args(Colour)
POSITIONS: tuple[Position, ...] = get_args(Position)

_LANDLUBBERS: tuple[Kind, ...] = ("house", "castle", "tower", "tree")
_HELD_OUT_ONE_IN = 10


def kinds_on(terrain: Terrain) -> tuple[Kind, ...]:
    """Return the objects that stand on `terrain`: boats only at sea, cacti only on land."""
    return (*_LANDLUBBERS, "boat") if terrain == "sea" else (*_LANDLUBBERS, "cactus")


def light_of(sky: Sky) -> Light:
    """Return which light a sky can have: the moon at night, the sun otherwise."""
    return "moon" if sky == "night" else "sun"


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One scene; `seed` fixes what the caption leaves open (the hills' outline, a few pixels of place).

    Raises ValueError for a combination that the renderer does not draw.
    """

    sky: Sky
    light: Light
    light_side: Side
    terrain: Terrain
    kind: Kind
    colour: Colour
    position: Position
    clouds: bool = False
    snowfall: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value, allowed in (
            ("sky", self.sky, SKIES),
            ("light_side", self.light_side, SIDES),
            ("terrain", self.terrain, TERRAINS),
            ("kind", self.kind, kinds_on(self.terrain)),
            ("colour", self.colour, COLOURS),
            ("position", self.position, POSITIONS),
            ("light", self.light, (light_of(self.sky), "none")),
        ):
            if value not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(allowed)} here, got {value!r}")


def held_out(scene: Scene) -> bool:
    """Say whether its (kind, colour, position, sky, terrain) is kept out of training: one in ten, by hash."""
    key = "/".join((scene.kind, scene.colour, scene.position, scene.sky, scene.terrain))
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") % _HELD_OUT_ONE_IN == 0


def random_scene(rng: np.random.Generator) -> Scene:
    """Draw a scene; every attribute is uniform but for the boat (half the sea) and what must fit together."""
    sky = SKIES[rng.integers(len(SKIES))]
    terrain = TERRAINS[rng.integers(len(TERRAINS))]
    kinds = kinds_on(terrain)
    kind: Kind = "boat" if terrain == "sea" and rng.random() < 0.4 else kinds[rng.integers(len(kinds))]
    return Scene(
        sky=sky,
        light=light_of(sky) if rng.random() < 0.92 else "none",
        light_side=SIDES[rng.integers(2)],
        terrain=terrain,
        kind=kind,
        colour=COLOURS[rng.integers(len(COLOURS))],
        position=POSITIONS[rng.integers(len(POSITIONS))],
        clouds=bool(rng.random() < 0.3),
        snowfall=bool(rng.random() < {"snow": 0.3, "mountains": 0.15}.get(terrain, 0.0)),
        seed=int(rng.integers(2**31)),
    )


def random_scenes(count: int, seed: int, *, keep_out: bool) -> list[Scene]:
    """Return `count` scenes: the held-out combinations alone, or all others."""
    rng = np.random.default_rng(seed)
    scenes: list[Scene] = []
    while len(scenes) < count:
        scene = random_scene(rng)
        if held_out(scene) is keep_out:
            scenes.append(scene)
    return scenes


def with_seed(scene: Scene, seed: int) -> Scene:
    """Return the same scene with other small variations."""
    return replace(scene, seed=seed)
