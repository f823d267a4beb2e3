"""Pictures of the page for the docs: `python -m tests.browser.screenshots` writes docs/images/page-*.png.

They are taken of the program itself, on the bundled models; the palette is cut down to keep the files small.
"""

import io
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.chromium import chromium, find_chromium
from tests.browser.desk import Desk
from tests.browser.program import ROOT, Program

IMAGES = ROOT / "docs" / "images"
EXAMPLES = ROOT / "docs" / "examples"
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
PROMPT = "a red house on green hills under a night sky with a moon"
PATIENCE = 120_000  # milliseconds


def save(page: Page, name: str) -> None:
    """Write what the window shows."""
    page.evaluate("window.scrollTo(0, 0)")
    page.wait_for_timeout(700)  # pictures fade in
    shot = Image.open(io.BytesIO(page.screenshot()))
    small = shot.convert("RGB").quantize(128, dither=Image.Dither.NONE)
    small.save(IMAGES / f"page-{name}.png", optimize=True)


def take(page: Page, program: Program) -> None:
    """Go through the tabs and make a picture in most."""
    desk = Desk(page)
    desk.make(prompt=PROMPT, seed=1)
    save(page, "text-to-image")
    desk = Desk(page, "image-to-image").open().upload("picture", EXAMPLES / "house.png")
    expect(desk.part("picture").get_by_role("img").first).to_be_visible()
    desk.make(prompt="a red house on snow at night", seed=2)
    save(page, "image-to-image")
    desk = Desk(page, "inpaint").open().upload("picture", EXAMPLES / "house.png")
    canvas = desk.part("editor").locator("canvas").first
    expect(canvas).to_be_visible()
    canvas.scroll_into_view_if_needed()
    page.wait_for_timeout(2500)  # the picture is drawn on it
    box = canvas.bounding_box()
    assert box is not None
    for row in range(6):
        page.mouse.move(box["x"] + 0.28 * box["width"], box["y"] + (0.35 + 0.06 * row) * box["height"])
        page.mouse.down()
        page.mouse.move(
            box["x"] + 0.62 * box["width"], box["y"] + (0.35 + 0.06 * row) * box["height"], steps=8
        )
        page.mouse.up()
    desk.make(prompt="a blue tree on green hills by day", seed=3)
    save(page, "inpaint")
    desk = Desk(page, "depth").open().upload("depth-map", EXAMPLES / "depth.png")
    expect(desk.part("depth-map").get_by_role("img").first).to_be_visible()
    desk.make(prompt="a yellow castle in the desert at sunset", seed=4)
    save(page, "depth")
    desk = Desk(page, "upscale").open().upload("picture", EXAMPLES / "small.png")
    expect(desk.part("picture").get_by_role("img").first).to_be_visible()
    desk.make(seed=5)
    save(page, "upscale")
    Desk(page, "unconditional").open().make(count=4, seed=6)
    save(page, "unconditional")
    grid = Desk(page, "grid").open()
    grid.make(prompt="a white boat on the sea at sunset", seed=7)
    save(page, "grid")
    history = Desk(page, "history").open()
    history.part("gallery").get_by_role("button").first.click()
    save(page, "history")
    Desk(page, "png-info").open().upload("picture", program.pictures()[0])
    page.wait_for_timeout(1500)
    save(page, "png-info")
    for tab in ("optimize", "benchmark", "settings"):
        Desk(page, tab).open()
        page.wait_for_timeout(1500)
        save(page, tab)


def main() -> int:
    """Start the program and the browser, and take every picture."""
    executable = find_chromium()
    if executable is None:
        print("there is no Chromium on PATH: apt-get install chromium", file=sys.stderr)
        return 2
    expect.set_options(timeout=PATIENCE)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lapdraw-")))
        program = stack.enter_context(Program(folder / "data", None))
        browser = stack.enter_context(chromium(executable, None, folder))

        def opened(**options: object) -> Page:
            context = browser.new_context(**{"locale": "en-GB", "viewport": DESKTOP, **options})  # type: ignore[arg-type]
            context.set_default_timeout(PATIENCE)
            page = context.new_page()
            page.goto(program.url)
            expect(page.locator("#text-to-image-generate")).to_be_visible()
            return page

        take(opened(), program)
        for name, options in (
            ("phone", {"viewport": PHONE}),
            ("dark", {"color_scheme": "dark"}),
            ("chinese", {"locale": "zh-CN"}),
        ):
            page = opened(**options)
            expect(Desk(page).shown_pictures().first).to_be_visible()
            save(page, name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
