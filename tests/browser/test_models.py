"""Models in the page: one is optimized and used at once, verified, deleted; the benchmark."""

import re
import shutil
from dataclasses import replace

from playwright.sync_api import Page, expect

from runtime.model_card import ModelCard
from runtime.model_files import read_manifest
from tests.browser.conftest import reload
from tests.browser.desk import SHORT, Desk
from tests.browser.program import Program
from tests.models import DEMO_MODEL

MINUTES = 60_000  # milliseconds


def test_the_demo_source_is_optimized_and_used_at_once(page: Page, program: Program) -> None:
    desk = Desk(page, "optimize").open()
    expect(desk.field("source")).to_have_value(re.compile("demo-scenes"))
    expect(desk.part("needs")).to_contain_text(re.compile("GB|MB"))
    desk.fill(name="mine")
    desk.press("start")
    expect(desk.live).to_have_attribute("data-state", "running")
    desk.press("cancel").ends("cancelled", timeout=MINUTES)
    assert not (program.data / "models" / "mine").exists()

    before = desk.job()
    desk.fill(name="mine").press("start").await_new(before)
    expect(desk.live).to_have_attribute("data-words", re.compile(r"^Step \d of \d"), timeout=2 * MINUTES)
    desk.ends("done", timeout=4 * MINUTES)
    expect(desk.part("errors")).to_contain_text("UNet")
    expect(desk.part("models")).to_contain_text("mine")
    desk.press("use")
    form = Desk(page)
    expect(form.field("model")).to_have_value("mine CPU FP16")
    form.make(prompt="a red house", **SHORT)
    expect(form.part("details")).to_contain_text("mine")

    desk.open().pick("model", "mine").press("verify")
    expect(desk.part("models-said")).to_contain_text("every file is as it was written")
    desk.press("delete").press("delete-yes")
    expect(desk.part("models-said")).to_contain_text("was deleted")
    assert not (program.data / "models" / "mine").exists()
    form.open()
    expect(form.field("model")).to_have_value("demo-scenes CPU FP16")
    assert not (program.data / "outputs" / "mine").exists()


def test_a_bundled_model_is_verified_and_not_deleted(page: Page) -> None:
    desk = Desk(page, "optimize").open().pick("model", "demo-scenes").press("verify")
    expect(desk.part("models-said")).to_contain_text("every file is as it was written")
    desk.press("delete")
    expect(desk.part("models-said")).to_contain_text("comes with the program")


def test_trigger_words_are_shown_and_put_into_the_prompt(page: Page, program: Program) -> None:
    folder = program.data / "models" / "carded"
    shutil.rmtree(folder, ignore_errors=True)  # of a try before this one
    shutil.copytree(DEMO_MODEL, folder)
    manifest = read_manifest(folder)
    assert manifest is not None
    card = ModelCard(title="<img src=x onerror=alert(1)>", trigger_words=("sks house", "(dots:1.2)"))
    changed = replace(manifest, source=replace(manifest.source, card=card))
    (folder / "manifest.json").write_bytes(changed.to_bytes())
    reload(page)
    form = Desk(page).open().fill(prompt="a red house")
    desk = Desk(page, "optimize").open().pick("model", "carded")
    expect(desk.part("details")).to_contain_text("<img src=x onerror=alert(1)>")
    expect(desk.field("words")).to_have_value("sks house, (dots:1.2)")
    desk.press("words-use")
    expect(form.field("prompt")).to_have_value("a red house, sks house, (dots:1.2)")
    expect(form.field("model")).to_have_value("carded CPU FP16")
    desk.open().pick("model", "demo-depth")
    expect(desk.part("details")).to_contain_text("About demo-depth")
    expect(desk.part("words")).to_be_hidden()
    desk.pick("model", "carded").press("delete").press("delete-yes")
    expect(desk.part("models-said")).to_contain_text("was deleted")


def test_the_compile_cache_is_cleared(page: Page) -> None:
    desk = Desk(page, "optimize").open().press("cache-clear")
    expect(desk.part("cache-said")).to_contain_text("free again")


def test_a_benchmark_starts_and_is_cancelled(page: Page) -> None:
    desk = Desk(page, "benchmark").open().press("start")
    expect(desk.live).to_have_attribute("data-state", "running")
    expect(desk.part("log")).to_be_visible(timeout=MINUTES)
    desk.press("cancel").ends("cancelled", timeout=MINUTES)


def test_the_quick_benchmark_ends_in_a_report(page: Page) -> None:
    desk = Desk(page, "benchmark").open().press("start")
    desk.ends("done", timeout=15 * MINUTES)
    report = page.frame_locator("#benchmark-frame iframe")
    expect(report.get_by_role("heading").first).to_be_visible()
    expect(report.locator("svg").first).to_be_visible()
