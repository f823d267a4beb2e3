"""What the tabs of a page share: the engine, the texts, the models, and what can be sent where."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ui.page.faults import translated
from ui.page.send import Receive, Receiver
from ui.page.shelf import Shelf
from ui.page.text import Language, Texts
from ui.settings import SettingsFile

if TYPE_CHECKING:
    from ui.jobs import JobEngine
    from ui.page.pickers import ModelPicker


class Page:
    """One page in one language; tabs draw themselves into it and register what others may send them."""

    def __init__(
        self,
        engine: "JobEngine",
        data: Path,
        settings: SettingsFile,
        language: Language,
        *,
        may_name_folders: bool,
    ) -> None:
        self.engine = engine
        self.data = data
        self.outputs = data / "outputs"
        self.settings = settings
        self.language: Language = language
        self.may_name_folders = may_name_folders
        self.texts = Texts(language)
        self.shelf = Shelf(data)
        self.model_pickers: list[ModelPicker] = []
        self.receivers: dict[str, Receiver] = {}  # tab id -> what takes what is sent
        self.tabs: Any = None  # gr.Tabs, whose `selected` a sender sets
        self.tab: Any = None  # gr.Tab that is being drawn; a tab may add events to its `select`
        self.facts: Any = None  # gr.HTML that tells the script of the page what it needs to know
        self._when_complete: list[Callable[[], None]] = []
        self.demo: Any = None  # gr.Blocks; a tab may add events to its `load`

    def say(self, key: str, **values: object) -> str:
        """Return a text of ui/page/texts, "module.key", with the values filled in."""
        return self.texts.say(key, **values)

    def words(self, told: object) -> str:
        """Return an error, a note or a report as text, in the page's language where it is known there.

        Where others may see it, this machine's folders are left out.
        """
        text = translated(self.texts, str(told))
        return text if self.may_name_folders else text.replace(str(self.data.resolve()), "…")

    def refresh_models(self, *chosen: str | None) -> list[Any]:
        """Return updates of the components of all `model_pickers`, given what each has chosen."""
        chosen = chosen or tuple(picker.component.value for picker in self.model_pickers)
        return [picker.choose(value) for picker, value in zip(self.model_pickers, chosen, strict=True)]

    def refresh_models_after(self, event: Any) -> None:
        """Offer in every drop-down what is installed, each time that an event of a tab has ended."""

        def connect() -> None:
            pickers = [picker.component for picker in self.model_pickers]
            event.then(
                self.refresh_models, pickers, pickers, show_progress="hidden", api_visibility="private"
            )

        self.when_complete(connect)

    def when_complete(self, call: Callable[[], None]) -> None:
        """Call this when every tab is drawn: what connects one tab with another goes here."""
        self._when_complete.append(call)

    def complete(self) -> None:
        """Connect what waited for every tab to be drawn."""
        for call in self._when_complete:
            call()

    def add_receiver(self, tab: str, components: list[Any], receive: Receive) -> None:
        """Let other tabs send here: `receive(sent)` returns updates of some of the components."""
        self.receivers[tab] = Receiver(tab=tab, components=components, receive=receive)
