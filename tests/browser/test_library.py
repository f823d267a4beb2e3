"""What was made: the grid with its sheet, the history with its search, what a picture says."""

import re
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import Page, expect

from runtime.infotext_reader import parameters_of
from tests.browser.desk import SHORT, Desk
from tests.browser.program import Program
from tests.ui.conftest import pixels

A1111 = (
    "a (red:1.2) house, <hills>\nNegative prompt: fog, rain\n"
    "Steps: 12, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 5.5, Seed: 965400086, Size: 128x64, "
    "Model hash: 6ce0161689, Model: v1-5-pruned-emaonly, Clip skip: 2, Version: v1.10.1"
)


def test_a_grid_of_two_by_two_with_its_sheet(page: Page, program: Program) -> None:
    desk = Desk(page, "grid").open()
    desk.fill(prompt="a white tower on snow", width=64, height=64, steps=3, seed=1, columns_values="1.5, 7")
    desk.pick("columns", "Guidance").fill(columns_values="1.5, 7")
    desk.pick("rows", "Steps").fill(rows_values="2, 3")
    expect(desk.part("cells")).to_contain_text("4")
    desk.start().ends()
    expect(desk.part("sheet").get_by_role("img").first).to_be_visible()
    expect(desk.shown_pictures()).to_have_count(4)
    made = program.pictures("text-to-image")
    assert len(made) == 5
    sheet = next(path for path in made if "grid" in path.stem)
    assert pixels(sheet).shape[0] > 128
    assert pixels(sheet).shape[1] > 128


def test_history_finds_a_picture_and_gives_its_settings_back(page: Page, program: Program) -> None:
    first = Desk(page).make(prompt="a yellow cactus in the desert", **SHORT, seed=77)
    first.make(prompt="a green boat at dawn", seed=78)
    desk = Desk(page, "history").open()
    expect(desk.shown_pictures().first).to_be_visible()
    desk.type("search", "cactus")
    expect(desk.shown_pictures()).to_have_count(1)
    desk.shown_pictures().first.click()
    expect(desk.part("prompt").get_by_role("textbox")).to_have_value("a yellow cactus in the desert")
    desk.press("back")
    expect(first.field("prompt")).to_have_value("a yellow cactus in the desert")
    expect(first.field("seed")).to_have_value("77")

    before = len(program.pictures())
    desk.open().press("delete")
    desk.press("delete-yes")
    expect(desk.part("gallery").get_by_role("img")).to_have_count(0)
    assert len(program.pictures()) == before - 1


def test_a_picture_of_a1111_fills_the_form(page: Page, tmp_path: Path) -> None:
    text = PngInfo()
    text.add_text("parameters", A1111)
    Image.new("RGB", (64, 64)).save(tmp_path / "a1111.png", pnginfo=text)
    desk = Desk(page, "png-info").open().upload("picture", tmp_path / "a1111.png")
    expect(desk.field("raw")).to_have_value(A1111)
    expect(desk.part("table")).to_contain_text("DPM++ 2M")
    expect(desk.part("table")).to_contain_text("Clip skip")
    desk.press("send-text-to-image")
    form = Desk(page)
    expect(form.field("prompt")).to_have_value("a (red:1.2) house, <hills>")
    expect(form.field("negative-prompt")).to_have_value("fog, rain")
    for control, value in {"steps": "12", "guidance": "5.5", "seed": "965400086", "width": "128"}.items():
        expect(form.field(control)).to_have_value(value)
    expect(form.field("sampler")).to_have_value("DPM++ 2M")
    expect(form.field("schedule")).to_have_value("Karras")


def test_a_picture_goes_round_by_png_info_and_comes_out_the_same(page: Page, program: Program) -> None:
    form = Desk(page).make(prompt="a purple castle, at dusk", negative_prompt="fog", **SHORT)
    made = program.pictures("text-to-image")[-1]
    form.fill(prompt="something else", negative_prompt="", steps=9, seed=1)
    desk = Desk(page, "png-info").open().upload("picture", made)
    expect(desk.field("raw")).to_have_value(re.compile("^a purple castle"))
    assert desk.field("raw").input_value() == parameters_of(made)
    desk.press("back")
    expect(form.field("prompt")).to_have_value("a purple castle, at dusk")
    form.start().ends()
    again = program.pictures("text-to-image")[-1]
    assert again != made
    assert (pixels(again) == pixels(made)).all()
