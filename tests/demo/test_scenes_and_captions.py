from dataclasses import replace

import numpy as np
import pytest

from demo.captions import (
    CLOUD_WORDS,
    KIND_WORDS,
    LIGHT_SIDE_WORDS,
    PLACE_WORDS,
    SKY_WORDS,
    TERRAIN_WORDS,
    plain_caption,
    random_caption,
)
from demo.scenes import KINDS, TERRAINS, Scene, held_out, kinds_on, random_scenes, with_seed

RED_HOUSE = Scene(
    sky="night",
    light="moon",
    light_side="right",
    terrain="hills",
    kind="house",
    colour="red",
    position="left",
    clouds=True,
)


def test_held_out_depends_on_the_combination_alone_and_takes_about_one_in_ten():
    scenes = random_scenes(300, 5, keep_out=True) + random_scenes(300, 5, keep_out=False)
    assert [held_out(scene) for scene in scenes] == [True] * 300 + [False] * 300
    assert all(held_out(with_seed(scene, 99)) is held_out(scene) for scene in scenes[::20])
    combinations = [
        Scene(
            sky=sky,
            light="none",
            light_side="left",
            terrain=terrain,
            kind=kind,
            colour=colour,
            position=position,
        )
        for sky in ("day", "sunset", "night", "dawn")
        for terrain in TERRAINS
        for kind in kinds_on(terrain)
        for colour in ("red", "orange", "yellow", "green", "blue", "purple", "white")
        for position in ("left", "middle", "right")
    ]
    share = np.mean([held_out(scene) for scene in combinations])
    assert 0.08 < share < 0.12


def test_random_scenes_repeat_for_a_seed_and_cover_every_object():
    assert random_scenes(50, 3, keep_out=False) == random_scenes(50, 3, keep_out=False)
    assert {scene.kind for scene in random_scenes(200, 3, keep_out=False)} == set(KINDS)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"kind": "boat"}, "kind"),
        ({"light": "sun"}, "light"),
        ({"colour": "pink"}, "colour"),
        ({"terrain": "moon"}, "terrain"),
    ],
)
def test_a_scene_that_is_not_drawn_is_refused_by_the_name_of_the_fault(change, named):
    fields = {name: getattr(RED_HOUSE, name) for name in RED_HOUSE.__dataclass_fields__}
    with pytest.raises((ValueError, KeyError), match=named):
        Scene(**{**fields, **change})


def test_the_plain_caption_says_everything():
    assert plain_caption(RED_HOUSE) == (
        "a red house on the left on green hills at night with the moon on the right with clouds"
    )
    orange = Scene(
        sky="day",
        light="none",
        light_side="left",
        terrain="sea",
        kind="boat",
        colour="orange",
        position="middle",
    )
    assert plain_caption(orange) == "an orange boat in the middle by the sea by day without a sun"


def test_a_full_caption_states_every_attribute_in_one_of_its_wordings():
    rng = np.random.default_rng(0)
    for scene in random_scenes(300, 8, keep_out=False):
        caption = random_caption(scene, rng, casual=0)
        assert scene.colour in caption
        for words in (
            KIND_WORDS[scene.kind],
            TERRAIN_WORDS[scene.terrain],
            SKY_WORDS[scene.sky],
            PLACE_WORDS[scene.position],
        ):
            assert any(word in caption for word in words), caption
        if scene.light != "none":
            assert scene.light in caption
            assert any(word in caption for word in LIGHT_SIDE_WORDS[scene.light_side]), caption
        assert any(word in caption for word in CLOUD_WORDS) or not scene.clouds


def test_casual_captions_leave_out_usual_values_only():
    rng = np.random.default_rng(1)
    usual = replace(RED_HOUSE, sky="day", light="sun", light_side="right", position="middle", clouds=False)
    captions = [random_caption(usual, rng, casual=1) for _ in range(300)]
    for words in (PLACE_WORDS["middle"], LIGHT_SIDE_WORDS["right"], SKY_WORDS["day"], ("red",)):
        unsaid = [caption for caption in captions if not any(word in caption for word in words)]
        assert 50 < len(unsaid) < 280, words
    unusual = replace(usual, sky="dawn", light_side="left", position="right", colour="blue", terrain="snow")
    for _ in range(100):
        caption = random_caption(unusual, rng, casual=1)
        assert "blue" in caption
        for words in (PLACE_WORDS["right"], TERRAIN_WORDS["snow"], SKY_WORDS["dawn"]):
            assert any(word in caption for word in words), caption
        assert any(
            f"sun {word}" in caption or f"shining {word}" in caption for word in LIGHT_SIDE_WORDS["left"]
        )
