from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from demo.canvas import Canvas
from demo.evaluate import ATTRIBUTES, accuracy
from demo.landscape import draw_land, draw_sky
from demo.measure import is_right, look_at
from demo.renderer import render
from demo.scenes import random_scenes

SCENES = random_scenes(30, 31, keep_out=True)


@pytest.mark.parametrize(("width", "height", "count"), [(128, 128, 30), (192, 128, 8), (128, 192, 8)])
def test_true_renders_are_read_rightly(width, height, count):
    seen = [look_at(render(scene, width, height).picture) for scene in SCENES[:count]]
    table = accuracy(seen, SCENES[:count])
    assert min(table[name] for name in ATTRIBUTES) >= 0.95, table


def test_each_attribute_is_wrong_when_the_picture_shows_another():
    for scene in SCENES[:12]:
        colour = "blue" if scene.colour != "blue" else "red"
        position = "left" if scene.position != "left" else "right"
        kind = "tree" if scene.kind != "tree" else "house"
        terrain = "desert" if scene.terrain != "desert" else "hills"
        side = "left" if scene.light_side == "right" else "right"
        land_kind = kind if scene.kind == "boat" else scene.kind
        for attribute, other in (
            ("colour", replace(scene, colour=colour)),
            ("position", replace(scene, position=position)),
            ("object", replace(scene, kind=kind)),
            ("terrain", replace(scene, terrain=terrain, kind=land_kind)),
            ("light side", replace(scene, light_side=side)),
            ("light", replace(scene, light="none")),
        ):
            if scene.light == "none" and attribute.startswith("light"):
                continue
            right = is_right(look_at(render(other).picture), scene)
            assert not right[attribute], (attribute, scene)


def test_a_second_light_is_counted():
    scene = replace(SCENES[0], sky="day", light="sun", light_side="left", snowfall=False)
    both = np.asarray(render(scene).picture).copy()
    other = render(replace(scene, light_side="right"))
    both[other.light_mask] = np.asarray(other.picture)[other.light_mask]
    seen = look_at(Image.fromarray(both))
    assert seen.lights == 2
    assert not is_right(seen, scene)["light"]


def test_a_landscape_without_an_object_has_none():
    for scene in SCENES[:8]:
        canvas = Canvas(128, 128)
        rng = np.random.default_rng(3)
        draw_sky(scene, canvas, rng)
        draw_land(scene, canvas, rng)
        seen = look_at(canvas.reduced())
        assert (seen.kind, seen.colour, seen.position) == ("none", "none", "none")


def test_noise_and_flat_colour_show_nothing():
    noise = np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8)
    for picture in (Image.fromarray(noise), Image.new("RGB", (128, 128), (40, 200, 40))):
        seen = look_at(picture)
        assert (seen.sky, seen.kind, seen.lights) == ("none", "none", 0)
