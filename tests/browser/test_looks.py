"""How every tab looks: nothing cut off or covered, narrow or wide; nothing that axe-core calls serious."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import OpenPage
from tests.browser.desk import MORE_TABS, SHORT, TABS, Desk
from tests.browser.layout import faults, serious

NARROW = {"width": 360, "height": 740}
WIDE = {"width": 1280, "height": 900}


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


@pytest.mark.parametrize(("language", "theme"), [("en-GB", "light"), ("zh-CN", "dark")])
def test_every_tab_is_whole_and_can_be_read(open_page: OpenPage, language: str, theme: str) -> None:
    page = open_page(viewport=WIDE, locale=language, color_scheme=theme)
    assert page.locator("body.dark").count() == (theme == "dark")
    # A tab that is full: a gallery, buttons to send, details.
    Desk(page).make(prompt="a purple castle in the desert", **SHORT)
    found = {("page", "axe"): serious(page)}
    for tab in TABS:
        Desk(page, tab).open()
        found[tab, "axe"] = serious(page, f"#tab-{tab}")
        found[tab, "wide"] = faults(page, tab)
    page.set_viewport_size(NARROW)
    expect(page.locator(MORE_TABS)).to_be_visible()
    for tab in TABS:
        Desk(page, tab).open()
        found[tab, "narrow"] = faults(page, tab)
    assert {place: lines for place, lines in found.items() if lines} == {}
