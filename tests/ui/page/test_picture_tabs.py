"""The tabs that start from a picture: what they ask for, and what they refuse."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_engine import MakePage
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from tab_driver import TabDriver

from runtime import DepthToImage, ImageToImage, Inpaint, Outpaint, Upscale
from tests.runtime.hostile_pictures import bomb_of
from ui.page.text import Language

BOMB = bomb_of(65535, 65535)

COMMON: dict[str, Any] = {
    "prompt": "a red house",
    "negative-prompt": "fog",
    "sampler": "DPM++ 2M",
    "schedule": "Karras",
    "steps": 7,
    "guidance": 3.5,
    "count": 2,
    "seed": 41,
}
ASKED = {
    "prompt": "a red house",
    "negative_prompt": "fog",
    "sampler": "DPM++ 2M",
    "schedule": "Karras",
    "num_inference_steps": 7,
    "guidance_scale": 3.5,
    "seed": 41,
}
TEXT = "a blue boat\nNegative prompt: rain\nSteps: 9, Sampler: Euler a, CFG scale: 4.5, Seed: 77, Size: 96x64"


def check(request: object, **wanted: object) -> None:
    assert {name: getattr(request, name) for name in (*ASKED, *wanted)} == {**ASKED, **wanted}


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """96x64, with the text of another program."""
    said = PngInfo()
    said.add_text("parameters", TEXT)
    image = Image.fromarray(np.random.default_rng(1).integers(0, 255, (64, 96, 3), np.uint8))
    image.save(tmp_path / "boat.png", pnginfo=said)
    return tmp_path / "boat.png"


def test_image_to_image_asks_for_every_field(make_page: MakePage, picture: Path) -> None:
    tab = TabDriver(make_page(), "image_to_image")
    tab.upload("picture", picture)
    tab.set(COMMON | {"strength": 0.4, "resize": "fit", "width": 128, "height": 192})
    request = tab.request()
    assert isinstance(request, ImageToImage)
    check(request, strength=0.4, resize="fit", width=128, height=192)
    assert request.picture.size == (96, 64)


def test_the_size_is_the_pictures_unless_it_is_given(make_page: MakePage, picture: Path) -> None:
    tab = TabDriver(make_page(), "image_to_image")
    tab.upload("picture", picture)
    for empty in (None, 0):  # what a field without a number holds, and what it shows
        tab.set({"width": empty, "height": empty})
        assert tab.request().resolved(width=128, height=128).size == (96, 64)


def test_variations_are_made_by_what_the_picture_says(make_page: MakePage, picture: Path) -> None:
    tab = TabDriver(make_page(), "image_to_image")
    tab.upload("picture", picture)
    tab.set(COMMON | {"strength": 0.9})
    spec, _ = tab.ask("variations")
    fields = spec.body["fields"]
    assert (fields["prompt"], fields["negative_prompt"]) == ("a blue boat", "rain")
    assert (fields["sampler"], fields["num_inference_steps"], fields["guidance_scale"]) == ("Euler a", 9, 4.5)
    assert (fields["strength"], fields["count"], fields["seed"]) == (0.5, 4, 41)
    assert "schedule" not in fields
    plain = picture.with_name("plain.png")
    Image.new("RGB", (64, 64)).save(plain)
    tab.upload("picture", plain)
    spec, _ = tab.ask("variations")
    assert spec.body["fields"]["prompt"] == "a red house"


def test_inpaint_asks_for_every_field(make_page: MakePage, picture: Path) -> None:
    tab = TabDriver(make_page(), "inpaint")
    tab.upload("picture", picture)
    numbers = {"mask-left": 10, "mask-top": 20, "mask-width": 30, "mask-height": 40}
    settings = {"strength": 0.6, "mask-blur": 3, "padding": 17, "only-masked": True, "invert-mask": True}
    tab.set(COMMON | numbers | settings | {"way": "numbers"})
    request = tab.request()
    assert isinstance(request, Inpaint)
    check(request, strength=0.6, mask_blur=3, padding=17, only_masked=True, invert_mask=True)
    kept = np.asarray(request.repainted) == 0
    assert kept[20:60, 10:40].all()
    assert kept.sum() == 30 * 40
    tab.set({"only-masked": False, "invert-mask": False})
    request = tab.request()
    assert isinstance(request, Inpaint)
    assert request.padding == Inpaint.padding
    assert (np.asarray(request.repainted) == 255).sum() == 30 * 40


def test_outpaint_asks_for_every_side(make_page: MakePage, picture: Path) -> None:
    tab = TabDriver(make_page(), "inpaint")
    tab.upload("picture", picture)
    sides = {"left": 8, "right": 0, "top": 24, "bottom": 3}
    given = {f"outpaint-{side}": pixels for side, pixels in sides.items()}
    tab.set(COMMON | given | {"task": "outpaint", "outpaint-mask-blur": 5, "width": 512, "height": 512})
    request = tab.request()
    assert isinstance(request, Outpaint)
    check(request, **sides, mask_blur=5)
    assert request.extended_size == (104, 91)
    tab.set({f"outpaint-{side}": 0 for side in sides})
    assert "at least one side" in tab.refusal()


def test_depth_takes_a_map_a_picture_or_both(make_page: MakePage, picture: Path, tmp_path: Path) -> None:
    tab = TabDriver(make_page(), "depth")
    assert "There is no depth yet" in tab.refusal()
    depth = tmp_path / "depth.png"
    levels = np.linspace(0, 65535, 64 * 96).reshape(64, 96).astype(np.uint16)
    Image.fromarray(levels).save(depth)
    tab.upload("depth-map", depth)
    tab.set(COMMON | {"strength": 0.3})
    request = tab.request()
    assert isinstance(request, DepthToImage)
    assert request.image is None
    assert request.depth_map is not None
    assert (np.asarray(request.depth_map) == levels).all()
    tab.upload("picture", picture)
    request = tab.request()
    check(request, strength=0.3)
    assert isinstance(request, DepthToImage)
    assert request.picture.size == (96, 64)
    tab.set({"depth-map": None})
    request = tab.request()
    assert isinstance(request, DepthToImage)
    assert request.depth_map is None


def test_upscale_asks_for_every_field(make_page: MakePage, picture: Path) -> None:
    tab = TabDriver(make_page(), "upscale")
    tab.upload("picture", picture)
    tab.set(COMMON | {"noise-level": 33, "tile": 256})
    request = tab.request()
    assert isinstance(request, Upscale)
    check(request, noise_level=33, tile=256)
    tab.set({"tile": 0})
    request = tab.request()
    assert isinstance(request, Upscale)
    assert request.tile is None


def test_lanczos_is_a_model_that_takes_the_picture_alone(make_page: MakePage, picture: Path) -> None:
    tab = TabDriver(make_page(), "upscale")
    tab.upload("picture", picture)
    tab.set(COMMON | {"model": "lanczos|cpu"})
    spec, pictures = tab.ask()
    assert (spec.body["task"], spec.body["model"], spec.body["fields"]) == ("upscale", "lanczos", {})
    assert pictures == {"image": picture}


@pytest.mark.parametrize(
    ("module", "language", "words"),
    [
        ("image_to_image", "en", "There is no picture yet"),
        ("inpaint", "zh", "还没有图片"),
        ("upscale", "zh", "还没有图片"),
    ],
)
def test_without_a_picture_there_is_a_sentence(
    make_page: MakePage, module: str, language: Language, words: str
) -> None:
    assert words in TabDriver(make_page(language), module).refusal()


@pytest.mark.parametrize("module", ["image_to_image", "inpaint", "upscale", "depth"])
def test_a_bomb_is_refused_when_the_job_is_asked_for(
    make_page: MakePage, module: str, tmp_path: Path
) -> None:
    path = tmp_path / "holiday.png"
    path.write_bytes(BOMB)
    tab = TabDriver(make_page(), module)
    tab.set({"picture": str(path)})  # by a program that does not ask what the page thinks of it
    refused = tab.refusal()
    assert "holiday.png has 65535x65535 pixels" in refused
    assert str(tmp_path) not in refused


def test_numbers_out_of_bounds_are_refused_by_their_label(make_page: MakePage, picture: Path) -> None:
    tab = TabDriver(make_page(), "image_to_image")
    tab.upload("picture", picture)
    tab.set({"strength": 1.5})
    assert "Strength must be from 0 to 1, not 1.5." in tab.refusal()
    tab.set({"strength": None})
    assert "Strength: please enter a number." in tab.refusal()
