"""Text to image as a person meets it: the first picture, previews, seeds, interrupting, skipping, waiting."""

import re
import time

import numpy as np
from playwright.sync_api import Page, expect

from runtime.infotext_reader import parameters_of, read_infotext
from tests.browser.conftest import OpenPage, reload
from tests.browser.desk import LONG, SHORT, Desk
from tests.browser.program import Program, wait_for
from tests.ui.conftest import PROMPT, pixels


def test_a_first_start_shows_the_demo_model_and_draws_what_is_typed(page: Page, program: Program) -> None:
    desk = Desk(page)
    expect(desk.field("model")).to_have_value("demo-scenes CPU FP16")
    expect(page.get_by_text("Optimize").first).to_be_visible()  # how to add a real one
    desk.fill(steps=40, width=192, height=128)
    desk.field("prompt").fill(PROMPT)
    expect(desk.part("prompt-tokens")).to_contain_text(re.compile(r"\d+ / 75 tokens"))
    desk.field("prompt").press("Control+Enter")
    preview = desk.part("live").get_by_role("img")
    expect(preview).to_have_attribute("src", re.compile("^data:image/"))
    first = preview.get_attribute("src") or ""
    expect(preview).not_to_have_attribute("src", first)
    expect(desk.part("live").get_by_role("progressbar")).to_have_attribute("aria-valuenow", re.compile(r"\d"))
    expect(desk.part("live")).to_contain_text(re.compile(r"step \d+ of 40 .*left"))
    desk.ends()

    expect(desk.shown_pictures().first).to_be_visible()
    (made,) = program.pictures("text-to-image")
    text = read_infotext(parameters_of(made) or "")
    assert text.fields["prompt"] == PROMPT
    assert (text.fields["width"], text.fields["height"], text.fields["num_inference_steps"]) == (192, 128, 40)
    details = desk.part("details")
    expect(details).to_contain_text(re.compile(r"Ran on\s*CPU f32"))
    expect(details).to_contain_text(f"{text.fields['seed']}")
    expect(details).to_contain_text(re.compile(r"[\d.]+ s a step"))


def test_the_seed_of_the_last_picture_gives_the_same_pixels_again(page: Page, program: Program) -> None:
    desk = Desk(page).make(prompt=PROMPT, **SHORT)
    desk.start().ends()
    *_, first, second = program.pictures("text-to-image")
    assert not np.array_equal(pixels(first), pixels(second))  # a seed of its own each time
    desk.press("seed-reuse")
    expect(desk.field("seed")).to_have_value(second.stem.split("-")[1])
    desk.start().ends()
    assert np.array_equal(pixels(program.pictures("text-to-image")[-1]), pixels(second))
    desk.press("seed-random")
    expect(desk.field("seed")).to_have_value("-1")


def test_interrupt_ends_the_job_within_a_step(page: Page, program: Program) -> None:
    desk = Desk(page).fill(prompt=PROMPT, **LONG).start()
    before = program.pictures()
    expect(desk.part("live")).to_contain_text(re.compile(r"step \d+ of 150"))
    desk.press("interrupt")
    pressed = time.monotonic()
    desk.ends("cancelled")
    assert time.monotonic() - pressed < 5
    assert program.pictures() == before
    expect(desk.live).to_contain_text("Interrupted")
    desk.make(**SHORT)  # and the next one is made as if nothing had been


def test_skip_goes_to_the_next_picture(page: Page, program: Program) -> None:
    before = len(program.pictures())
    desk = Desk(page).fill(prompt=PROMPT, **LONG, count=3, seed=7).start()
    expect(desk.part("live")).to_contain_text("picture 1 of 3")
    desk.press("skip")
    expect(desk.part("live")).to_contain_text("picture 2 of 3")
    desk.press("skip")
    expect(desk.part("live")).to_contain_text("picture 3 of 3")
    desk.press("skip").ends()
    assert len(program.pictures()) == before


def test_a_second_job_waits_in_line(page: Page) -> None:
    desk = Desk(page).fill(prompt=PROMPT, **LONG).start()
    running = desk.job()
    desk.fill(**SHORT).press("generate")
    expect(desk.part("live")).to_contain_text(re.compile("Waiting|1 more waiting"))
    reload(page)
    expect(desk.live).to_have_attribute("data-job", running)
    desk.press("interrupt").await_new(running).ends()


def test_reloading_the_page_takes_the_running_job_up_again(page: Page) -> None:
    desk = Desk(page).fill(prompt=PROMPT, **LONG).start()
    running = desk.job()
    reload(page)
    expect(desk.live).to_have_attribute("data-job", running)
    expect(desk.live).to_have_attribute("data-state", "running")
    expect(desk.part("live")).to_contain_text(re.compile(r"step \d+ of 150"))
    desk.press("interrupt").ends("cancelled")


def test_closing_the_browser_leaves_the_job_running(open_page: OpenPage, program: Program) -> None:
    before = len(program.pictures())
    page = open_page()
    Desk(page).fill(prompt=PROMPT, width=128, height=128, steps=60).start()
    page.context.close()
    wait_for("the picture nobody waited for", lambda: len(program.pictures()) > before)


def test_markup_in_a_prompt_is_shown_as_text(page: Page) -> None:
    markup = '<img src=x onerror="document.title=1"><b>bold</b>'
    desk = Desk(page).make(prompt=markup, **SHORT)
    expect(desk.shown_pictures().first).to_be_visible()
    desk.shown_pictures().first.click()
    expect(page.locator("b", has_text="bold")).to_have_count(0)
    expect(page.locator("img[src='x']")).to_have_count(0)
    assert page.title() != "1"
