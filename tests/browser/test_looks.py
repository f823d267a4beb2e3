"""How every tab looks: nothing cut off or covered, narrow or wide; nothing that axe-core calls serious."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import OpenPage
from tests.browser.desk import SHORT, TABS, Desk
from tests.browser.layout import faults, serious

NARROW = {"width": 360, "height": 740}
WIDE = {"width": 1280, "height": 900}


def with_a_picture(page: Page) -> Page:
    """The text-to-image tab full: a gallery, buttons to send, details."""
    Desk(page).make(prompt="a purple castle in the desert", **SHORT)
    return page


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
@pytest.mark.parametrize("window", [NARROW, WIDE], ids=["narrow", "wide"])
def test_nothing_is_cut_off_or_covered(open_page: OpenPage, window: dict[str, int], language: str) -> None:
    page = with_a_picture(open_page(viewport=window, locale=language))
    found = {}
    for tab in TABS:
        Desk(page, tab).open()
        found[tab] = faults(page, tab)
    assert {tab: lines for tab, lines in found.items() if lines} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(open_page: OpenPage, theme: str) -> None:
    page = with_a_picture(open_page(color_scheme=theme))
    assert page.locator("body.dark").count() == (theme == "dark")
    found = {}
    for tab in TABS:
        Desk(page, tab).open()
        found[tab] = serious(page)
    assert {tab: lines for tab, lines in found.items() if lines} == {}
