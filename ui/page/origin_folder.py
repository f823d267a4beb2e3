"""A model to optimize that is a diffusers folder of this computer, found or named."""

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from runtime.errors import InvalidRequest
from ui.jobs.command_plan import FOLDER
from ui.model_sources import FoundSource, find_sources, open_source_folder, source_of
from ui.optimize_forecast import folder_group, folder_needs
from ui.page.amounts import bare_html
from ui.page.long_job import QUIET
from ui.page.origin import Chosen

if TYPE_CHECKING:
    from ui.page.page import Page

TAB = "optimize"


class FolderOrigin:
    """Its fields, drawn where `draw` is called."""

    def __init__(self, page: "Page") -> None:
        self.page = page

    def draw(self) -> None:
        """Draw the fields."""
        say = self.page.say
        found = find_sources(self.page.data)
        self.first = next((source for source in found if not source.error), None)
        with gr.Row(elem_id=f"{TAB}-source-row", elem_classes="ld-end"):
            self.source = gr.Dropdown(
                choices=self._choices(found),
                value=_first(found),
                label=say("optimize.source"),
                info=say("optimize.source_info" if _first(found) else "optimize.source_none"),
                scale=4,
                min_width=200,
                elem_id=f"{TAB}-source",
            )
            self.refresh = gr.Button(say("optimize.refresh"), scale=1, min_width=90, elem_id=f"{TAB}-refresh")
        self.folder = gr.Textbox(
            label=say("optimize.folder"),
            info=say("optimize.folder_info"),
            visible=self.page.may_name_folders,
            max_lines=1,
            elem_id=f"{TAB}-folder",
        )
        self.unusable = bare_html(self._unusable(found), f"{TAB}-unusable")

    @property
    def inputs(self) -> list[Any]:
        """What `choose` takes the values of."""
        return [self.source, self.folder]

    @property
    def changes(self) -> list[Any]:
        """The events after which another model is chosen."""
        return [self.source.input, self.folder.blur, self.folder.submit]

    def connect(self) -> Any:
        """Bind Refresh; return the event of it."""
        return self.refresh.click(self._refresh, self.source, [self.source, self.unusable], **QUIET)

    def choose(self, key: str | None, folder: str | None, precision: str, vae: Path | None) -> Chosen:
        """Return what is chosen, a folder only by whoever may name one; raises LapdrawError."""
        name, path = self._named(key, (folder or "").strip())
        model = open_source_folder(path, precision)
        body: dict[str, Any] = {"source": str(path.resolve())}
        if vae is not None:
            body |= {"origin": FOLDER, "vae": str(vae)}
        return Chosen(
            name=name,
            body=body,
            needs=lambda asked: folder_needs(model, asked, vae),
            group=folder_group(model),
        )

    def _named(self, key: str | None, folder: str) -> tuple[str, Path]:
        if self.page.may_name_folders and folder:
            path = Path(folder).expanduser()
            return path.resolve().name, path
        if not key:
            raise InvalidRequest(self.page.say("optimize.no_source"))
        found = source_of(key, self.page.data)
        return found.name, found.path

    def _refresh(self, key: str | None) -> tuple[Any, str]:
        found = find_sources(self.page.data)
        keys = [source.key for source in found if not source.error]
        choice = key if key in keys else _first(found)
        info = self.page.say("optimize.source_info" if choice else "optimize.source_none")
        return gr.update(choices=self._choices(found), value=choice, info=info), self._unusable(found)

    def _choices(self, found: tuple[FoundSource, ...]) -> list[tuple[str, str]]:
        return [
            (f"{source.name} ({self.page.say(f'optimize.place.{source.place}')})", source.key)
            for source in found
            if not source.error
        ]

    def _unusable(self, found: tuple[FoundSource, ...]) -> str:
        return unusable_html(self.page, [(source.name, source.error) for source in found if source.error])


def unusable_html(page: "Page", rows: list[tuple[str, str]]) -> str:
    """Return a list, to be opened, of what was found and why it is not offered."""
    if not rows:
        return ""
    lines = "".join(f"<li>{escape(name)}: {escape(page.words(error))}</li>" for name, error in rows)
    heading = escape(page.say("optimize.unusable"))
    return f'<details class="ld-unusable"><summary>{heading}</summary><ul>{lines}</ul></details>'


def _first(found: tuple[FoundSource, ...]) -> str | None:
    return next((source.key for source in found if not source.error), None)
