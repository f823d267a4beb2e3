"""Where models come from, in the page: the Hub with a token, a single file; each origin whole to read."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.desk import SHORT, Desk
from tests.browser.hub_at_home import hub_at_home
from tests.browser.layout import faults, serious
from tests.browser.loopback import Loopback
from tests.browser.program import Program
from tests.browser.test_looks import NARROW, WIDE
from tests.optimize.gated_demo import NAME, TOKEN
from tests.safetensors_files import checkpoint_shapes, header_of, write_header

MINUTES = 60_000  # milliseconds


@pytest.fixture(scope="module")
def program(
    chromium_path: str, loopback: Loopback | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Program]:
    """The program with a Hub of its own, and a folder of A1111."""
    models = tmp_path_factory.mktemp("webui") / "models"
    for folder in ("Stable-diffusion", "VAE"):
        (models / folder).mkdir(parents=True)
    write_header(models / "Stable-diffusion" / "small.safetensors", header_of(checkpoint_shapes(768)))
    write_header(models / "VAE" / "soft.safetensors", header_of(checkpoint_shapes(768)))
    (models / "Stable-diffusion" / "old.ckpt").write_bytes(b"\x80")
    environment = {"LAPDRAW_CHECKPOINTS": str(models.parent), "HF_HOME": str(models / "hf")}
    with hub_at_home(loopback) as address:
        environment |= {"HF_ENDPOINT": address, "HF_HUB_OFFLINE": "", "HF_TOKEN": ""}
        with Program(tmp_path_factory.mktemp("data"), loopback, environment) as started:
            yield started
    assert started.addresses.foreign() == []
    assert loopback is None or loopback.attempts() == 0


def choose(page: Page, origin: str) -> Desk:
    desk = Desk(page, "optimize").open()
    desk.part("origin").get_by_label(origin).check()
    return desk


def holders(folder: Path) -> list[Path]:
    """The files that hold the token, the log of the server and the store of jobs among them."""
    return [path for path in folder.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]


def test_a_gated_model_is_fetched_with_the_token_that_was_typed_and_draws(
    page: Page, program: Program
) -> None:
    desk = choose(page, "From the Hugging Face Hub")
    desk.fill(hub=NAME)
    expect(desk.field("name")).to_have_value("demo-ov-fp16")
    expect(desk.part("needs")).to_contain_text("Nothing is asked of the Hub before")
    desk.press("start")
    desk.ends("failed", timeout=2 * MINUTES)
    expect(desk.part("error")).to_contain_text("is gated: visit")
    expect(desk.part("error").get_by_role("link")).to_have_attribute("href", re.compile(f"/{NAME}$"))

    expect(desk.field("token")).to_have_attribute("type", "password")
    before = desk.job()
    desk.fill(token=TOKEN).press("start").await_new(before).ends("done", timeout=2 * MINUTES)
    expect(desk.part("models")).to_contain_text("demo-ov-fp16")
    assert holders(program.data) == []
    stored = page.evaluate("[JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.cookie]")
    assert TOKEN not in page.content() + json.dumps(stored)

    desk.press("use")
    form = Desk(page)
    expect(form.field("model")).to_have_value(re.compile("^demo-ov-fp16"))
    form.make(prompt="a red house", **SHORT)
    expect(form.part("details")).to_contain_text("demo-ov-fp16")


def test_the_checkpoints_of_other_programs_are_offered(page: Page) -> None:
    desk = choose(page, "A single .safetensors file")
    expect(desk.field("file")).to_have_value(re.compile(r"^small \(Stable Diffusion 1\.x, "))
    expect(desk.part("file-unusable")).to_contain_text("Found, but not offered")
    expect(desk.part("needs")).to_contain_text("Memory at its peak")
    expect(desk.field("name")).to_have_value("small-fp16")
    desk.part("more").get_by_role("button", name="More options").click()
    desk.pick("vae", re.compile("^soft"))
    expect(desk.field("vae")).to_have_value(re.compile("^soft"))
    desk.part("prediction").get_by_label("v_prediction").check()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_every_origin_is_whole_and_can_be_read(open_page: OpenPage, size: dict[str, int]) -> None:
    page = open_page(viewport=size)
    found = {}
    for origin, more, inside in (
        ("From the Hugging Face Hub", "hub-more", "revision"),
        ("A single .safetensors file", "more", "prediction"),
    ):
        desk = choose(page, origin)
        desk.part(more).get_by_role("button", name="More options").click()
        expect(desk.part(inside)).to_be_visible()
        found[origin, "axe"] = serious(page, "#tab-optimize")
        found[origin, "layout"] = faults(page, "optimize")
    assert {place: lines for place, lines in found.items() if lines} == {}
