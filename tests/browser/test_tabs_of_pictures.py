"""The tabs that start from a picture, sent or uploaded; masks painted, uploaded and in numbers."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from runtime.infotext_reader import parameters_of
from tests.browser.desk import SHORT, Desk
from tests.browser.program import Program
from tests.ui.conftest import pixels

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
FEW = {"steps": 4, "seed": 3}


@pytest.fixture
def house() -> Path:
    """A picture of the demo model, 128x128."""
    return EXAMPLES / "house.png"


def uploaded(page: Page, tab: str, picture: Path, control: str = "picture") -> Desk:
    """The tab with a picture in it."""
    desk = Desk(page, tab).open().upload(control, picture)
    expect(desk.part(f"{control}-note")).to_contain_text("pixels")
    return desk


def newest(program: Program, task: str) -> Path:
    """The last picture of a task."""
    return program.pictures(task)[-1]


def test_a_picture_is_sent_on_with_its_settings(page: Page, program: Program) -> None:
    first = Desk(page).make(prompt="a blue boat on the sea", negative_prompt="fog", **SHORT, seed=5)
    first.press("send-image-to-image")
    desk = Desk(page, "image-to-image")
    expect(page.locator("#tab-image-to-image")).to_be_visible()
    expect(desk.field("prompt")).to_have_value("a blue boat on the sea")
    expect(desk.field("negative-prompt")).to_have_value("fog")
    expect(desk.field("seed")).to_have_value("5")
    expect(desk.part("picture-note")).to_contain_text("64 × 64")
    desk.make(strength=0.5)
    assert pixels(newest(program, "image-to-image")).shape == (64, 64, 3)
    assert "Denoising strength: 0.5" in (parameters_of(newest(program, "image-to-image")) or "")

    desk.press("send-inpaint")
    expect(Desk(page, "inpaint").part("picture-note")).to_contain_text("64 × 64")
    expect(Desk(page, "inpaint").part("editor").locator("canvas").first).to_be_visible()


def test_a_mask_painted_by_hand_is_repainted_alone(page: Page, program: Program, house: Path) -> None:
    desk = uploaded(page, "inpaint", house).fill(prompt="a blue tree on green hills", mask_blur=0, **FEW)
    canvas = desk.part("editor").locator("canvas").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    across, down = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(across - 20, down - 20)
    page.mouse.down()
    page.mouse.move(across, down, steps=6)
    page.mouse.move(across + 20, down + 20, steps=6)
    page.mouse.up()
    desk.start().ends()
    before, after = pixels(house), pixels(newest(program, "inpaint"))
    changed = np.any(before != after, axis=-1)
    assert changed[54:74, 54:74].any()  # where the hand was
    assert not changed[:, :24].any()
    assert not changed[:, -24:].any()
    assert not changed[:16].any()


def test_a_mask_in_numbers(page: Page, program: Program, house: Path) -> None:
    desk = uploaded(page, "inpaint", house)
    desk.part("way").get_by_label("In numbers").check()
    desk.fill(prompt="a blue tree on green hills", mask_blur=0, **FEW)
    desk.make(mask_left=64, mask_top=0, mask_width=64, mask_height=128)
    before, after = pixels(house), pixels(newest(program, "inpaint"))
    assert np.array_equal(before[:, :64], after[:, :64])
    assert not np.array_equal(before[:, 64:], after[:, 64:])
    desk.fill(mask_left=500).press("generate").refused("covers nothing of the picture")


def test_a_mask_that_is_uploaded(page: Page, program: Program, house: Path, tmp_path: Path) -> None:
    mask = Image.new("L", (128, 128))
    mask.paste(255, (0, 0, 128, 32))
    mask.save(tmp_path / "mask.png")
    desk = uploaded(page, "inpaint", house)
    desk.part("way").get_by_label("Upload it").check()
    desk.upload("mask", tmp_path / "mask.png").make(prompt="a night sky", mask_blur=0, **FEW)
    before, after = pixels(house), pixels(newest(program, "inpaint"))
    assert np.array_equal(before[32:], after[32:])
    assert not np.array_equal(before[:32], after[:32])


def test_a_picture_is_extended(page: Page, program: Program, house: Path) -> None:
    desk = uploaded(page, "inpaint", house)
    desk.part("task").get_by_label("Outpaint").check()
    sides = Desk(page, "inpaint-outpaint").fill(left=0, right=64)
    expect(desk.part("extended")).to_contain_text("192 × 128")
    desk.make(prompt="green hills by day", **FEW)
    made = pixels(newest(program, "outpaint"))
    assert made.shape == (128, 192, 3)
    assert np.abs(made[:, :96] - pixels(house)[:, :96]).max() == 0
    sides.fill(right=0)
    desk.press("generate").refused("at least one side")


def test_a_picture_that_follows_a_depth_map(page: Page, program: Program) -> None:
    desk = uploaded(page, "depth", EXAMPLES / "depth.png", "depth-map")
    desk.make(prompt="a yellow castle in the desert at sunset", **FEW)
    with Image.open(EXAMPLES / "depth.png") as depth:
        assert pixels(newest(program, "depth-to-image")).shape[:2] == depth.size[::-1]


def test_a_picture_is_enlarged_four_times(page: Page, program: Program) -> None:
    desk = uploaded(page, "upscale", EXAMPLES / "small.png").make(**FEW)
    with Image.open(EXAMPLES / "small.png") as small:
        width, height = small.size
    assert pixels(newest(program, "upscale")).shape == (4 * height, 4 * width, 3)
    desk.pick("model", "Lanczos").start().ends()
    assert pixels(newest(program, "upscale")).shape == (4 * height, 4 * width, 3)


def test_pictures_without_a_prompt(page: Page, program: Program) -> None:
    before = len(program.pictures("unconditional"))
    desk = Desk(page, "unconditional").open().make(steps=3, count=2)
    expect(desk.shown_pictures().first).to_be_visible()
    assert len(program.pictures("unconditional")) == before + 2


def test_a_file_that_is_no_picture_is_told_in_one_sentence(page: Page, tmp_path: Path) -> None:
    fake = tmp_path / "holiday.png"
    fake.write_bytes(b"not a picture at all")
    desk = Desk(page, "image-to-image").open().upload("picture", fake)
    desk.refused("holiday.png")
    desk.fill(prompt="a house").press("generate")
    expect(page.locator("#tab-image-to-image").get_by_role("alert").first).to_be_visible()
    expect(page.get_by_text("Traceback")).to_have_count(0)
