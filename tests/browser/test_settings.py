"""Settings in the page: language, theme, what a picture tells; the language of the browser; the devices."""

from playwright.sync_api import Page, expect

from runtime.infotext_reader import parameters_of
from tests.browser.conftest import OpenPage, reload
from tests.browser.desk import SHORT, Desk
from tests.browser.program import Program


def test_a_browser_that_asks_for_chinese_gets_it(open_page: OpenPage) -> None:
    page = open_page(locale="zh-CN")
    expect(page.get_by_role("tab", name="文生图")).to_be_visible()
    expect(page.locator("#text-to-image-generate")).to_have_text("生成")
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    Desk(page).make(prompt="a red house", **SHORT)
    expect(Desk(page).part("live")).to_contain_text("完成")


def test_the_language_is_changed_and_changed_back(open_page: OpenPage) -> None:
    page = open_page()
    desk = Desk(page, "settings").open()
    desk.part("language").get_by_label("简体中文").click()  # not check(): the page is left, its state unseen
    expect(page.get_by_role("tab", name="文生图")).to_be_visible()
    desk.open().part("language").get_by_label("English").click()
    expect(page.get_by_role("tab", name="Text to image")).to_be_visible()


def test_the_theme_is_changed_at_once_and_kept(page: Page) -> None:
    desk = Desk(page, "settings").open()
    desk.part("theme").get_by_label("Dark").check()
    expect(page.locator("body.dark")).to_have_count(1)
    expect(desk.part("said")).to_contain_text("Saved")
    reload(page)
    expect(page.locator("body.dark")).to_have_count(1)
    desk.open().part("theme").get_by_label("Light").check()
    expect(page.locator("body.dark")).to_have_count(0)


def test_a_picture_tells_as_much_as_it_may(page: Page, program: Program) -> None:
    desk, form = Desk(page, "settings"), Desk(page)
    said = {}
    for level in ("without prompts", "Nothing", "Everything"):
        desk.open().part("metadata").get_by_label(level).check()
        expect(desk.part("said")).to_contain_text("Saved")
        form.open().make(prompt="a secret castle", **SHORT)
        said[level] = parameters_of(program.pictures("text-to-image")[-1])
    assert said["Nothing"] is None
    assert "secret" not in str(said["without prompts"])
    assert "Steps: 4" in str(said["without prompts"])
    assert str(said["Everything"]).startswith("a secret castle\n")


def test_devices_and_data_are_shown(page: Page, program: Program) -> None:
    desk = Desk(page, "settings").open()
    expect(desk.part("devices")).to_contain_text("cpu")
    expect(desk.part("data")).to_contain_text("Pictures and reports")
    expect(page.get_by_text(str(program.data)).first).to_be_visible()
