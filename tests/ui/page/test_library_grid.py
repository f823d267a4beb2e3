"""Grid: axes as they are written, how many pictures they make and how long, and the job that comes of it."""

import re
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from fake_engine import FakeEngine, MakePage
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from runtime import TextToImage
from runtime.errors import InvalidRequest
from ui.estimate import Pace, measured_pace
from ui.grid import AXES, MAX_CELLS, read_grid, split_values
from ui.jobs import JobPicture, JobSpec
from ui.page.form import Answer
from ui.page.grid_axes import NO_AXIS, ChosenAxes, GridAxes
from ui.page.page import Page
from ui.page.tabs.grid import GridPanel, base, build, cells_html, sheet_of
from ui.page.text import LANGUAGES, Texts

MODEL = "demo-scenes"
FIELDS = {"prompt": "a house", "num_inference_steps": 25, "guidance_scale": 7.5, "seed": 3, "count": 1}


@pytest.fixture
def home(make_page: MakePage) -> Page:
    home = make_page()
    home.tabs, home.tab = gr.Tabs(), gr.Tab()
    return home


@pytest.fixture
def axes(home: Page) -> GridAxes:
    return GridAxes(home, "grid", "text-to-image")


def answer(**fields: Any) -> Answer:
    return Answer(model=MODEL, device="cpu", fields={**FIELDS, **fields})


def read(axes: GridAxes, columns: str, values: str, rows: str = NO_AXIS, more: str = "") -> ChosenAxes:
    return axes.read(MODEL, [columns, values, rows, more])


@pytest.mark.parametrize(
    ("columns", "values", "rows", "more", "count"),
    [
        ("steps", "5, 10,20", NO_AXIS, "ignored", 3),
        ("steps", "5,10", "guidance", "1, 7.5, 12", 6),
        ("sampler", "Euler a, DPM++ 2M Karras", "schedule", "karras, automatic", 4),
        ("size", "64x64, 128x64", "seed", "0, 9007199254740991", 4),
        ("prompt", '"a house, at night", a boat\na tower', NO_AXIS, "", 2),
    ],
)
def test_axes_make_the_grid_that_the_command_line_makes(
    axes: GridAxes, columns: str, values: str, rows: str, more: str, count: int
) -> None:
    chosen = read(axes, columns, values, rows, more)
    assert chosen.count == count
    given = base(answer(), chosen).fields
    grid = read_grid(chosen.texts, given)
    assert len(grid.cells) == count
    first = TextToImage(**{**given, **grid.cells[0].fields})
    assert len(grid.requests(first)) == count


REFUSED = (
    (NO_AXIS, "", NO_AXIS, "", "grid.no_columns"),
    ("steps", "5", "steps", "6", "grid.same_axis"),
    ("steps", "", NO_AXIS, "", "grid.no_values"),
    ("steps", "5,,6", NO_AXIS, "", "grid.no_values"),
    ("steps", "5, x", NO_AXIS, "", "grid.bad_value"),
    ("size", "128", NO_AXIS, "", "grid.bad_value"),
    ("sampler", "Euler, Restart", NO_AXIS, "", "grid.bad_value"),
    ("steps", "5", "schedule", "Karras, Beta", "grid.bad_value"),
    ("seed", ",".join(map(str, range(MAX_CELLS + 1))), NO_AXIS, "", "grid.too_many"),
    ("steps", "0", NO_AXIS, "", "form.out_of_range"),
    ("guidance", "7, 90", NO_AXIS, "", "form.out_of_range"),
    ("size", "100x128", NO_AXIS, "", "form.not_a_multiple"),
    ("prompt", "word AND word", NO_AXIS, "", "faults.prompt_and"),
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_cannot_be_read_is_said_in_the_language_of_the_page(make_page: MakePage, language: Any) -> None:
    axes = GridAxes(make_page(language), "grid", "text-to-image")
    for columns, values, rows, more, said in REFUSED:
        with pytest.raises(InvalidRequest) as fault:
            read(axes, columns, values, rows, more)
        pieces = re.split(r"\{\w+\}", Texts(language).say(said))
        assert all(piece in str(fault.value) for piece in pieces), said
        assert "--" not in str(fault.value)


def test_every_axis_of_the_task_is_offered_with_a_hint(axes: GridAxes, home: Page) -> None:
    offered = [name for _, name in axes.parts["rows"].choices]
    assert offered[0] == NO_AXIS
    assert set(offered[1:]) == set(AXES) - {"strength", "noise-level"}
    for name in offered:
        assert axes.hint(name)
    assert "128x96, 96x128" in axes.hint("size")  # the demo model is trained at 128x128


def test_values_stay_where_another_axis_can_read_them(axes: GridAxes) -> None:
    """What is typed while the answer is on its way must not be lost."""
    assert axes._follow("seed", "Euler a") == gr.update(info=axes.hint("seed"), interactive=True, value="")
    assert axes._follow("guidance", "5, 10") == gr.update(info=axes.hint("guidance"), interactive=True)
    assert axes._follow("size", "") == gr.update(info=axes.hint("size"), interactive=True)
    assert axes._follow(NO_AXIS, "5") == gr.update(info=axes.hint(NO_AXIS), interactive=False, value="")


@settings(max_examples=30)
@given(values=st.lists(st.from_regex(r"[\w :.]*[\w.][\w :.,]*", fullmatch=True), min_size=1, max_size=5))
def test_values_in_quotes_may_hold_commas(values: list[str]) -> None:
    text = ", ".join(f'"{value}"' for value in values)
    assert split_values(text) == tuple(value.strip() for value in values)


def record(model: str = MODEL, device: str = "cpu", **timings: Any) -> dict[str, Any]:
    """A finished request of 10 steps at 128x128: a call takes 0.05 s, the rest 1 s."""
    return {
        "task": "text-to-image",
        "images": [{"path": "a.png", "seed": 1}],
        "model": model,
        "request": {"num_inference_steps": 10, "guidance_scale": 7.5, "width": 128, "height": 128},
        "timings": {"steps": [0.1] * 10, "vae_decoder": 0.75, "text_encoder": 0.25, **timings},
    }


def spec(**body: Any) -> JobSpec:
    usual = {"task": "text-to-image", "model": MODEL, "device": "cpu", "fields": {}, "grid": []}
    return JobSpec(kind="pictures", title="a house", body={**usual, **body})


def test_the_pace_of_the_last_pictures_tells_how_long_a_grid_takes(home: Page, engine: FakeEngine) -> None:
    chosen = ChosenAxes(
        texts=("steps=10,20",), fields=frozenset({"num_inference_steps"}), labels=(("10", "20"),)
    )
    assert ">2 pictures<" in cells_html(home, answer(), chosen)
    job = engine.submit(spec())
    engine.tell(job.id, state="done", results=(record(),))
    # 1 s and 2 s of steps, and 1 s each for the rest.
    assert "2 pictures, about 5 s" in cells_html(home, answer(), chosen)
    assert "about 8 s" in cells_html(home, answer(sampler="Heun"), chosen)
    assert "about 20 s" in cells_html(home, answer(width=256, height=256), chosen)
    assert "about" not in cells_html(home, Answer(model=MODEL, device="igpu", fields=FIELDS), chosen)
    values = tuple(str(100 * number) for number in range(1, 5))
    many = ChosenAxes(
        texts=(f"steps={','.join(values)}",), fields=frozenset({"num_inference_steps"}), labels=(values,)
    )
    assert "4 pictures, about 2 minutes" in cells_html(home, answer(), many)  # 104 s


def test_records_of_other_versions_tell_no_pace(engine: FakeEngine) -> None:
    job = engine.submit(spec())
    for broken in ({}, {"request": 1}, {**record(), "images": []}, {**record(), "timings": {"steps": None}}):
        engine.tell(job.id, state="done", results=(broken,))
        assert measured_pace(engine.jobs(), MODEL, "cpu") is None
    engine.tell(job.id, results=({}, record()))
    assert measured_pace(engine.jobs(), MODEL, "cpu") == Pace(
        call=pytest.approx(0.05 / 128**2), rest=pytest.approx(1 / 128**2)
    )


def test_the_sheet_comes_in_the_end_and_cells_are_labelled(
    home: Page, engine: FakeEngine, tmp_path: Path
) -> None:
    panel = GridPanel(home, "grid", ["text-to-image"], grid=True)
    panel.draw_sheet()
    panel.buttons()
    panel.results()
    sheet = home.outputs / "00002-grid.png"
    Image.new("RGB", (8, 8)).save(sheet)
    cell = JobPicture(path=sheet, seed=1, label="steps 5, guidance 7")
    job = engine.submit(spec(grid=["steps=5,10,20", "guidance=1,7"]))
    running = engine.tell(job.id, state="running", pictures=(cell,))
    came = panel._came(running, is_new=True)
    assert came[panel.gallery]["value"] == [(str(sheet), "steps 5, guidance 7")]
    assert came[panel.gallery]["columns"] == 3
    assert not came[panel.sheet]["visible"]
    entry = {"task": "text-to-image", "grid": {"path": str(sheet), "axes": []}, "images": []}
    done = engine.tell(job.id, state="done", results=(entry,))
    assert sheet_of(done) == sheet
    came = panel._came(done, is_new=False)
    assert came[panel.sheet] == gr.update(value=str(sheet), visible=True)
    sheet.unlink()
    assert not panel._came(done, is_new=False)[panel.sheet]["visible"]
    assert {panel.sheet, panel.sheet_download} <= set(panel.outputs)


def test_the_tab_is_drawn_and_takes_what_is_sent(home: Page) -> None:
    build(home)
    assert "grid" in home.receivers
