"""How every tab looks: nothing cut off or covered, narrow or wide; nothing that axe-core calls serious."""

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import OpenPage
from tests.browser.desk import SHORT, TABS, Desk
from tests.browser.layout import faults, serious

NARROW = {"width": 360, "height": 740}
WIDE = {"width": 1280, "height": 900}


def with_a_picture(page: Page) -> Page:
    """The text-to-image tab full: a gallery, buttons to send, details."""
    Desk(page).make(prompt="a purple castle in the desert", **SHORT)
    return page


WRONG = """
<html lang="en"><title>Wrong</title><main id="tab-wrong" style="width: 300px">
<button style="margin-left: 200px; width: 400px">far</button>
<div style="position: relative; height: 60px">
  <button style="position: absolute; top: 0; width: 90px">under</button>
  <button style="position: absolute; top: 5px; left: 40px; width: 90px">over</button>
</div>
<button style="width: 30px; overflow: hidden; white-space: nowrap">much too long</button>
<input type="text"><img src="data:,"></main></html>
"""


def test_what_is_wrong_would_be_seen(browser: Browser) -> None:
    with browser.new_page(viewport=NARROW) as page:
        page.set_content(WRONG)
        seen = "\n".join(faults(page, "wrong"))
        assert "the page is" in seen
        assert "far: from" in seen
        assert "under lies over over" in seen
        assert "much too long: its text is cut off" in seen
        assert {line.split(" ")[0] for line in serious(page)} == {"label", "image-alt"}


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
