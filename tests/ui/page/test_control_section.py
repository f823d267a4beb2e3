"""ControlNets in the forms: what a job is asked for, what is refused, what a picture's text puts there."""

from pathlib import Path

import pytest
from fake_engine import MakePage
from PIL import Image
from tab_driver import TabDriver

from runtime.control import Control
from runtime.control_text import control_details, read_control
from runtime.infotext_reader import read_infotext
from tests.runtime.control_folders import write_controlnet_folder
from ui.page.send import Sent
from ui.picture_settings import understand

TABS = ("text_to_image", "image_to_image")


@pytest.fixture
def drawing(tmp_path: Path) -> Path:
    Image.new("RGB", (64, 48), "white").save(tmp_path / "drawing.png")
    return tmp_path / "drawing.png"


def _tab(make_page: MakePage, module: str, drawing: Path) -> TabDriver:
    page = make_page()
    for name in ("lines", "near"):
        write_controlnet_folder(page.data / "controlnets" / name)
    tab = TabDriver(page, module)
    if module == "image_to_image":
        tab.upload("picture", drawing)
    tab.set({"prompt": "a house"})
    return tab


@pytest.mark.parametrize("module", TABS)
def test_a_form_asks_for_two_nets_with_their_pictures(
    make_page: MakePage, drawing: Path, module: str
) -> None:
    tab = _tab(make_page, module, drawing)
    tab.upload("control-1-picture", drawing)
    tab.upload("control-2-picture", drawing)
    tab.set(
        {
            "control-1-net": "lines",
            "control-1-kind": "canny",
            "control-1-low": 40,
            "control-1-high": 90,
            "control-1-weight": 0.6,
            "control-2-net": "near",
            "control-2-kind": "depth",
            "control-2-start": 0.2,
            "control-2-end": 0.7,
        }
    )
    first, second = tab.request().controls
    assert (first.net, first.kind, first.weight, first.thresholds) == ("lines", "canny", 0.6, (40, 90))
    assert (second.net, second.kind, second.start, second.end) == ("near", "depth", 0.2, 0.7)
    assert first.picture.size == second.picture.size == (64, 48)


@pytest.mark.parametrize("module", TABS)
def test_a_form_without_a_net_asks_for_none(make_page: MakePage, drawing: Path, module: str) -> None:
    tab = _tab(make_page, module, drawing)
    tab.upload("control-1-picture", drawing)
    assert tab.request().controls == ()


@pytest.mark.parametrize(("language", "words"), [("en", "has no picture to go by"), ("zh", "还没有图片")])
def test_a_net_without_a_picture_is_refused(make_page: MakePage, language: str, words: str) -> None:
    page = make_page(language)  # type: ignore[arg-type]
    write_controlnet_folder(page.data / "controlnets" / "lines")
    tab = TabDriver(page, "text_to_image")
    tab.set({"prompt": "a house", "control-1-net": "lines"})
    assert words in tab.refusal()


def test_a_pictures_text_puts_its_nets_into_the_form(make_page: MakePage, drawing: Path) -> None:
    tab = _tab(make_page, "text_to_image", drawing)
    control = Control(
        net="lines", image=drawing, kind="canny", weight=0.7, start=0.1, end=0.9, low=30, high=60
    )
    told = control_details([control])["ControlNet 0"]
    text = f'a house\nSteps: 5, Sampler: DDIM, Seed: 1, ControlNet 0: "{told}", Version: v1.10'
    found = understand(read_infotext(text), ())
    assert {pair.key: pair.taken for pair in found.pairs}["ControlNet 0"] == "used"
    tab.send(Sent(fields=found.fields))
    assert "has no picture to go by" in tab.refusal()
    tab.upload("control-1-picture", drawing)
    (again,) = tab.request().controls
    assert again.as_dict() | {"image": ""} == control.as_dict() | {"image": ""}


@pytest.mark.parametrize(
    ("value", "fields"),
    [
        (
            "Module: canny, Model: control_v11p_sd15_canny [d14c016b], Weight: 1, Resize Mode: Inner Fit, "
            "Low Vram: False, Processor Res: 512, Threshold A: 100, Threshold B: 200, Guidance Start: 0, "
            "Guidance End: 1, Pixel Perfect: False, Control Mode: Balanced",
            {
                "net": "control_v11p_sd15_canny",
                "kind": "canny",
                "weight": 1,
                "start": 0,
                "end": 1,
                "low": 100,
                "high": 200,
            },
        ),
        (
            "Module: scribble_hed, Model: control_scribble, Weight: 9, Guidance End: 0.5",
            {"net": "control_scribble", "kind": "scribble", "end": 0.5},
        ),
        ("Module: depth_midas, Model: near", {"net": "near", "kind": "none"}),
        ("Module: canny, Model: None", None),
        ("Module: canny, Weight: 1", None),
        ("nonsense", None),
    ],
)
def test_what_other_programs_write_is_read(value: str, fields: dict[str, object] | None) -> None:
    assert read_control(value) == fields
