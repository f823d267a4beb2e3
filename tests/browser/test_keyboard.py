"""The keyboard alone: from the loaded page to a picture, and on to other tabs."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.desk import Desk
from tests.browser.program import Program

FARTHEST = 40  # presses of Tab until what is looked for has the focus


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is there."""
    for _ in range(FARTHEST):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"Tab does not reach {selector}")


def test_the_keyboard_alone_makes_a_picture(open_page: OpenPage, program: Program) -> None:
    page = open_page()
    desk = Desk(page)
    tab_to(page, "#text-to-image-prompt textarea")
    page.keyboard.type("a white castle in the desert")
    tab_to(page, "#text-to-image-generate")
    tab_to(page, "#text-to-image-steps input[type=number]")
    page.keyboard.press("Control+a")
    page.keyboard.type("5")
    page.keyboard.press("Tab")
    before = desk.job()
    page.keyboard.press("Control+Enter")
    desk.await_new(before).ends()
    assert len(program.pictures("text-to-image")) == 1
    expect(page.locator("#page-announcements")).to_contain_text("Ready in")


def test_arrow_keys_go_from_tab_to_tab(page: Page) -> None:
    page.get_by_role("tab", name="Text to image").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tab-image-to-image")).to_be_visible()
    expect(page.get_by_role("tab", name="Image to image")).to_be_focused()
    tab_to(page, "#image-to-image-prompt textarea")
    page.get_by_role("tab", name="Image to image").focus()
    page.keyboard.press("End")
    expect(page.locator("#tab-settings")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tab-text-to-image")).to_be_visible()


def test_escape_interrupts(page: Page) -> None:
    desk = Desk(page).fill(prompt="a slow castle", width=256, height=256, steps=150).start()
    expect(desk.part("live")).to_contain_text(re.compile(r"step \d+ of"))
    page.keyboard.press("Escape")
    desk.ends("cancelled")
