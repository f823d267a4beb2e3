"""The tabs of the page in their order; each is a module of this package with `build(page)`."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Tab:
    """A tab: its id, which also names its module, and whether pictures can be sent to it."""

    id: str
    receives: bool = False

    @property
    def module(self) -> str:
        """The module that draws it."""
        return f"ui.page.tabs.{self.id.replace('-', '_')}"


TABS = (
    Tab(id="text-to-image", receives=True),
    Tab(id="image-to-image", receives=True),
    Tab(id="inpaint", receives=True),
    Tab(id="depth", receives=True),
    Tab(id="upscale", receives=True),
    Tab(id="unconditional", receives=True),
    Tab(id="grid", receives=True),
    Tab(id="history"),
    Tab(id="png-info", receives=True),
    Tab(id="optimize"),
    Tab(id="benchmark"),
    Tab(id="settings"),
)
