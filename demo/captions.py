"""Words for a scene: full captions state every attribute, casual ones leave out what is usual.

What a caption leaves out has one usual value (the object in the middle, the light on the right, day, hills,
the boat at sea). Were it left to chance, strong guidance would show several possible pictures at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from demo.scenes import Colour, Kind, Position, Scene, Sky, Terrain

# The first wording of a row is the plain one; the later ones are used less often.
KIND_WORDS: dict[Kind, tuple[str, ...]] = {
    "house": ("house", "cottage", "home"),
    "castle": ("castle", "fortress"),
    "tower": ("tower", "lighthouse"),
    "boat": ("boat", "sailing boat", "ship"),
    "tree": ("tree", "round tree"),
    "cactus": ("cactus", "tall cactus"),
}
USUAL_COLOUR: dict[Kind, Colour] = {
    "house": "red",
    "castle": "blue",
    "tower": "red",
    "boat": "red",
    "tree": "green",
    "cactus": "green",
}
PLACE_WORDS: dict[Position, tuple[str, ...]] = {
    "left": ("on the left", "to the left", "on the left side", "at the left"),
    "middle": ("in the middle", "in the center", "in the centre", "in the middle of the picture"),
    "right": ("on the right", "to the right", "on the right side", "at the right"),
}
TERRAIN_WORDS: dict[Terrain, tuple[str, ...]] = {
    "hills": ("on green hills", "on hills", "in the hills", "on a green hill", "on a meadow", "on grass"),
    "mountains": ("in the mountains", "in front of mountains", "by the mountains", "below high mountains"),
    "sea": (
        "by the sea",
        "on the sea",
        "at sea",
        "in the sea",
        "on the ocean",
        "on the water",
        "at the beach",
    ),
    "desert": ("in the desert", "in a desert", "on desert sand", "on sand dunes", "in a sandy desert"),
    "snow": ("in the snow", "on snow", "on snowy ground", "in a snowy land", "in winter", "on white snow"),
}
SKY_WORDS: dict[Sky, tuple[str, ...]] = {
    "day": (
        "by day",
        "under a day sky",
        "under a blue sky",
        "on a sunny day",
        "under a clear blue sky",
        "at noon",
    ),
    "sunset": ("at sunset", "under a sunset sky", "under an evening sky", "in the evening", "at dusk"),
    "night": (
        "at night",
        "under a night sky",
        "under a starry night sky",
        "under a dark night sky",
        "by night",
    ),
    "dawn": ("at dawn", "under a dawn sky", "at sunrise", "in the early morning", "under a morning sky"),
}
LIGHT_WORDS: dict[str, tuple[str, ...]] = {
    "sun": ("with the sun", "with a sun", "and the sun", "the sun", "with the sun shining"),
    "moon": (
        "with the moon",
        "with a moon",
        "and the moon",
        "the moon",
        "with a crescent moon",
        "and a moon",
    ),
}
NO_LIGHT_WORDS: dict[str, tuple[str, ...]] = {
    sky: (f"without a {light}", f"with no {light}", f"no {light}")
    for sky, light in (("day", "sun"), ("sunset", "sun"), ("dawn", "sun"), ("night", "moon"))
}
LIGHT_SIDE_WORDS = {
    "left": ("on the left", "to the left", "in the left", "at the left", "at the top left"),
    "right": ("on the right", "to the right", "in the right", "at the right", "at the top right"),
}
CLOUD_WORDS = ("with clouds", "and clouds", "with some clouds", "with two clouds", "clouds in the sky")
SNOWFALL_WORDS = ("with falling snow", "while it snows", "with snow falling", "and snowflakes", "snowfall")
STAR_WORDS = ("with stars", "and stars", "full of stars")
OPENINGS = ("", "", "", "", "", "a picture of ", "a storybook picture of ", "an illustration of ")
STYLE_WORDS = ("storybook style", "storybook illustration")


def plain_caption(scene: Scene) -> str:
    """Return the one fixed wording that states everything the renderer was told, for tests and evaluation."""
    parts = [
        f"a {scene.colour} {scene.kind} {PLACE_WORDS[scene.position][0]} {TERRAIN_WORDS[scene.terrain][0]}"
    ]
    parts.append(SKY_WORDS[scene.sky][0])
    if scene.light == "none":
        parts.append(NO_LIGHT_WORDS[scene.sky][0])
    else:
        parts.append(f"{LIGHT_WORDS[scene.light][0]} {LIGHT_SIDE_WORDS[scene.light_side][0]}")
    if scene.clouds:
        parts.append(CLOUD_WORDS[0])
    if scene.snowfall:
        parts.append(SNOWFALL_WORDS[0])
    return article_corrected(" ".join(parts))


def object_caption(scene: Scene, rng: np.random.Generator) -> str:
    """Return a wording that names only the object and its colour: a mask or depth map says where it goes."""
    words = KIND_WORDS[scene.kind]
    named = words[0 if rng.random() < 0.4 else int(rng.integers(len(words)))]
    return article_corrected(f"{('a', 'one', 'the')[rng.integers(3)]} {scene.colour} {named}")


def article_corrected(text: str) -> str:
    """Return the text with `an` before a vowel: orange is the colour that needs it."""
    return text.replace("a orange", "an orange")


def random_caption(scene: Scene, rng: np.random.Generator, *, casual: float = 0.5) -> str:
    """Return one of many wordings; with probability `casual` some usual attributes go unmentioned."""
    leave_out = rng.random() < casual

    def said(chance: float, usual: bool) -> bool:
        return not (leave_out and usual) or rng.random() < chance

    def word(choices: Sequence[str]) -> str:
        return choices[0 if rng.random() < 0.3 else int(rng.integers(len(choices)))]

    named = word(KIND_WORDS[scene.kind])
    if said(0.7, scene.colour == USUAL_COLOUR[scene.kind]):
        named = f"{scene.colour} {named}"
    thing = f"{word(('a', 'one', 'the', 'a'))} {named}"
    place = word(PLACE_WORDS[scene.position]) if said(0.3, scene.position == "middle") else ""
    usual_terrain = "sea" if scene.kind == "boat" else "hills"
    terrain = word(TERRAIN_WORDS[scene.terrain]) if said(0.6, scene.terrain == usual_terrain) else ""
    sky = word(SKY_WORDS[scene.sky]) if said(0.6, scene.sky == "day") else ""
    extras = _extras(scene, rng, word, said)
    order = rng.random()
    if order < 0.55:
        parts = [thing, place, terrain, sky, *extras]
    elif order < 0.70:
        parts = [thing, terrain, place, sky, *extras]
    elif order < 0.85:
        parts = [thing, sky, *extras[:1], terrain, *extras[1:]]
        parts.insert(1, place)
    else:
        tags = [f"{named} {place}".strip(), terrain, sky, *extras]
        return article_corrected(", ".join(part for part in tags if part))
    joint = ", " if rng.random() < 0.15 else " "
    head = word(OPENINGS) + " ".join(part for part in parts[:3] if part)
    text = joint.join([head, *(part for part in parts[3:] if part)])
    if rng.random() < 0.06:
        text = f"{text}, {word(STYLE_WORDS)}"
    return article_corrected(text)


def _extras(
    scene: Scene,
    rng: np.random.Generator,
    word: Callable[[Sequence[str]], str],
    said: Callable[[float, bool], bool],
) -> list[str]:
    extras = []
    usual_side = scene.light_side == "right"
    if scene.light == "none":
        extras.append(word(NO_LIGHT_WORDS[scene.sky]))
    elif said(0.6, usual_side):
        side = f" {word(LIGHT_SIDE_WORDS[scene.light_side])}" if said(0.3, usual_side) else ""
        extras.append(word(LIGHT_WORDS[scene.light]) + side)
    if scene.sky == "night" and rng.random() < 0.2:
        extras.append(word(STAR_WORDS))
    if scene.clouds:
        extras.append(word(CLOUD_WORDS))
    if scene.snowfall:
        extras.append(word(SNOWFALL_WORDS))
    return extras
