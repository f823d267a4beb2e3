"""One tab of the page in a person's hands: controls by the elem_id that docs give them, states waited for."""

import re
from pathlib import Path
from runpy import run_path

from playwright.sync_api import Locator, Page, TimeoutError, expect

# Read without the package around it, which imports Gradio.
TEXTS = run_path(str(Path(__file__).resolve().parents[2] / "ui" / "page" / "texts" / "common.py"))["TEXTS"]

TABS = (
    "text-to-image",
    "image-to-image",
    "inpaint",
    "depth",
    "upscale",
    "unconditional",
    "grid",
    "history",
    "png-info",
    "optimize",
    "benchmark",
    "settings",
)
MORE_TABS = "#page-tabs [role=tablist] + span > button"  # the menu of those that find no room
UNFINISHED = re.compile("^(queued|running)$")
SHORT = {"width": 64, "height": 64, "steps": 4}  # a picture in a fraction of a second
LONG = {"width": 256, "height": 256, "steps": 150}  # one that leaves time to do something else


class Desk:
    """A tab by its id, chosen by its heading; `fill`, `pick` and `press` do what a hand does."""

    def __init__(self, page: Page, tab: str = "text-to-image") -> None:
        self.page, self.tab = page, tab

    def open(self) -> "Desk":
        """Choose the tab."""
        choose_tab(self.page, self.tab)
        return self

    def part(self, control: str) -> Locator:
        """The control with its label, or the piece of the page, of that name."""
        return self.page.locator(f"#{self.tab}-{control}")

    def field(self, control: str) -> Locator:
        """What is typed into."""
        return self.part(control).locator("textarea, input:not([type=range])").first

    def fill(self, **values: object) -> "Desk":
        """Type into fields by name, `negative_prompt` for "negative-prompt"."""
        for name, value in values.items():
            field = self.field(name.replace("_", "-"))
            field.fill(str(value))
            field.blur()
        return self

    def type(self, control: str, text: str) -> "Desk":
        """Type key by key, for a field that answers to each."""
        field = self.field(control)
        field.fill("")
        field.press_sequentially(text)
        return self

    def pick(self, control: str, option: str | re.Pattern[str]) -> "Desk":
        """Choose from a drop-down; what was opened before it was filled is opened once more, as by hand."""
        offered = self.page.get_by_role("option", name=option).first
        for patience in (3_000, None):
            self.field(control).click()
            try:
                offered.click(timeout=patience)
                break
            except TimeoutError:
                if patience is None:
                    raise
                self.page.keyboard.press("Escape")
        return self

    def press(self, button: str) -> "Desk":
        """Click a button."""
        self.part(button).click()
        return self

    def upload(self, control: str, path: Path) -> "Desk":
        """Choose a file."""
        self.part(control).locator("input[type=file]").first.set_input_files(path)
        return self

    # Jobs

    @property
    def live(self) -> Locator:
        """What tells the state of the job in view: data-state, data-job."""
        return self.part("live").locator("[data-state]")

    def job(self) -> str:
        """The id of the job in view, "" for none."""
        return self.live.get_attribute("data-job") or ""

    def start(self) -> "Desk":
        """Press Generate and wait until the new job is in view."""
        before = self.job()
        self.press("generate")
        return self.await_new(before)

    def await_new(self, before: str) -> "Desk":
        """Wait until another job than `before` is in view."""
        expect(self.live).not_to_have_attribute("data-job", before)
        expect(self.live).to_have_attribute("data-job", re.compile("^[0-9a-f]{8}$"))
        return self

    def ends(self, state: str = "done", timeout: float | None = None) -> "Desk":
        """Wait until the job in view has ended so."""
        expect(self.live).not_to_have_attribute("data-state", UNFINISHED, timeout=timeout)
        expect(self.live).to_have_attribute("data-state", state)
        return self

    def make(self, **values: object) -> "Desk":
        """Fill the fields, generate, and wait for the pictures."""
        return self.fill(**values).start().ends()

    def shown_pictures(self) -> Locator:
        """The pictures of the gallery."""
        return self.part("gallery").get_by_role("img")

    def refused(self, sentence: str | re.Pattern[str]) -> None:
        """See that the tab shows one sentence, as an alert."""
        alert = self.page.locator(f"#tab-{self.tab}").get_by_role("alert")
        expect(alert.filter(has_text=sentence)).to_be_visible()


def choose_tab(page: Page, tab: str) -> None:
    """Click the heading of a tab, or its name in the menu of a narrow window."""
    heading = page.locator(f"#tab-{tab}-button")
    # Of a page that is being loaded there is neither yet.
    expect(heading.or_(page.locator(MORE_TABS)).filter(visible=True).first).to_be_visible()
    if heading.is_visible():
        heading.click()
    else:
        page.locator(MORE_TABS).click()
        name = TEXTS[f"tab.{tab}"][page.locator("html").get_attribute("lang") == "zh-CN"]
        page.locator("#page-tabs").get_by_role("button", name=name, exact=True).first.click()
    expect(page.locator(f"#tab-{tab}")).to_be_visible()
