"""Every task of the picture tabs, run by the worker on the demo models."""

from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from PIL import Image
from tab_driver import TabDriver

from ui.jobs import Job, JobEngine
from ui.page.page import Page
from ui.settings import SettingsFile

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"


@pytest.fixture
def working(tmp_path: Path) -> Iterator[Page]:
    """A page on an engine that makes pictures, inside a gr.Blocks that is being drawn."""
    with JobEngine(tmp_path) as engine, gr.Blocks(analytics_enabled=False) as demo:
        page = Page(engine, tmp_path, SettingsFile(tmp_path), "en", may_name_folders=True)
        page.demo = demo
        page.outputs.mkdir(exist_ok=True)
        yield page


def start(tab: TabDriver, button: str = "generate") -> str:
    tab.press(button)
    return tab.page.engine.jobs()[0].id


def wait(page: Page, name: str) -> Job:
    *_, last = page.engine.watch(name)
    assert last.job.state == "done", last.job.reason + last.job.report
    return last.job


def pixels(path: Path) -> "np.typing.NDArray[np.int16]":
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), np.int16)


def test_every_picture_task_is_made(working: Page, tmp_path: Path) -> None:
    with Image.open(EXAMPLES / "house.png") as image:
        image.convert("RGB").resize((64, 64)).save(tmp_path / "house.png")
    with Image.open(EXAMPLES / "depth.png") as image:
        image.convert("L").resize((64, 64)).save(tmp_path / "depth.png")
    house, depth = tmp_path / "house.png", tmp_path / "depth.png"
    few = {"steps": 2, "seed": 5, "prompt": "a red house"}
    changed, inpaint, followed, enlarged = (
        TabDriver(working, module) for module in ("image_to_image", "inpaint", "depth", "upscale")
    )
    for tab in (changed, inpaint, enlarged):
        tab.upload("picture", house)
    followed.upload("depth-map", depth)
    for tab in (changed, inpaint, followed, enlarged):
        tab.set(few)

    changed.set({"strength": 0.6})
    jobs = {"image-to-image": start(changed)}
    jobs["variations"] = start(changed, "variations")
    inpaint.set({"way": "numbers", "mask-left": 8, "mask-top": 16, "mask-width": 24, "mask-height": 32})
    jobs["inpaint"] = start(inpaint)
    inpaint.set({"task": "outpaint", "outpaint-right": 0, "outpaint-left": 24})
    jobs["outpaint"] = start(inpaint)
    jobs["depth"] = start(followed)
    jobs["upscale"] = start(enlarged)
    enlarged.set({"model": "lanczos|cpu"})
    jobs["lanczos"] = start(enlarged)
    made = {name: wait(working, job) for name, job in jobs.items()}

    found = {name: [pixels(picture.path) for picture in job.pictures] for name, job in made.items()}
    assert {name: [picture.shape for picture in pictures] for name, pictures in found.items()} == {
        "image-to-image": [(64, 64, 3)],
        "variations": [(64, 64, 3)] * 4,
        "inpaint": [(64, 64, 3)],
        "outpaint": [(64, 88, 3)],
        "depth": [(64, 64, 3)],
        "upscale": [(256, 256, 3)],
        "lanczos": [(256, 256, 3)],
    }
    before = pixels(house)
    touched = (found["inpaint"][0] != before).any(axis=2)
    assert touched[16:48, 8:32].mean() > 0.5
    touched[16:48, 8:32] = False
    assert not touched.any()
    assert (found["outpaint"][0][:, 24:] == before).all()
    assert (found["lanczos"][0] != found["upscale"][0]).any()
    smaller = np.asarray(Image.open(made["lanczos"].pictures[0].path).resize((64, 64)), np.int16)
    assert np.abs(smaller - before).mean() < 4
    assert [picture.seed for picture in made["variations"].pictures] == [5, 6, 7, 8]
    assert [job.results[0]["task"] for job in made.values()] == [
        *("image-to-image", "image-to-image", "inpaint", "outpaint", "depth-to-image", "upscale", "upscale")
    ]
