"""What a picture says of itself, shown in parts, and sent back into the form of its task."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from runtime.adapters.library import AdapterLibrary
from runtime.infotext_reader import keywords_of, parameters_of, read_infotext
from ui.page.amounts import bare_html
from ui.page.send import Sent
from ui.picture_adapters import finder
from ui.picture_settings import TOLD, USED, Pair, PictureSettings, known_models, understand

if TYPE_CHECKING:
    from ui.page.page import Page

# The tab that does a task.
TAB_OF = {"outpaint": "inpaint", "depth-to-image": "depth"}
PROMPTS = ("prompt", "negative_prompt")
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "queue": False}


@dataclass(frozen=True, kw_only=True)
class Said:
    """The text of a picture, or none, and what it means here."""

    raw: str
    settings: PictureSettings | None
    has_workflow: bool = False


def said_by(page: "Page", path: Path, task: str | None = None) -> Said:
    """Return what a picture says; `task` is the one that made it, where that is known."""
    text = parameters_of(path)
    if text is None:
        return Said(raw="", settings=None, has_workflow="workflow" in keywords_of(path))
    return said_in(page, text, task)


def said_in(page: "Page", text: str, task: str | None = None) -> Said:
    """Return what a text says."""
    if not text.strip():
        return Said(raw="", settings=None)
    models = known_models(model.folder for model in page.shelf.models())
    find = finder(AdapterLibrary(page.data))
    return Said(raw=text, settings=understand(read_infotext(text), models, task=task, find_adapter=find))


def sent_of(said: Said, picture: Path | None) -> Sent:
    """Return what is sent to another tab; a text without prompts leaves those of the form as they are."""
    settings = said.settings
    if settings is None:
        return Sent(picture=picture)
    told = any(settings.fields.get(name) for name in PROMPTS)
    fields = {name: value for name, value in settings.fields.items() if told or name not in PROMPTS}
    return Sent(picture=picture, fields=fields, model=settings.model)


class PictureDetails:
    """The prompt, the negative prompt and a table of the settings; drawn where it is made."""

    def __init__(self, page: "Page", place: str) -> None:
        self.page = page
        say = page.say
        self.prompt, self.negative_prompt = (
            gr.Textbox(
                label=say(f"picture_details.{name}"),
                lines=2,
                max_lines=8,
                interactive=False,
                buttons=["copy"],
                visible=False,
                elem_id=f"{place}-{name.replace('_', '-')}",
            )
            for name in PROMPTS
        )
        self.table = bare_html("", f"{place}-table")

    @property
    def outputs(self) -> list[Any]:
        """What `show` changes, in its order."""
        return [self.prompt, self.negative_prompt, self.table]

    def show(self, said: Said | None) -> list[Any]:
        """Return the updates that show it; nothing for None."""
        settings = said.settings if said is not None else None
        prompts = [settings.fields.get(name, "") if settings is not None else "" for name in PROMPTS]
        boxes = [gr.update(value=text, visible=bool(text)) for text in prompts]
        return [*boxes, "" if said is None else said_html(self.page, said)]


def said_html(page: "Page", said: Said) -> str:
    """Return the settings as tables: what is taken over, then what is not and why; notes below."""
    if said.settings is None:
        key = "workflow" if said.has_workflow else "none"
        return f'<p class="ld-hint">{escape(page.say(f"picture_details.{key}"))}</p>'
    pairs = said.settings.pairs
    taken = [pair for pair in pairs if pair.taken in (USED, TOLD)]
    left = [pair for pair in pairs if pair.taken not in (USED, TOLD)]
    parts = [_table(page, "settings", taken), _table(page, "left_over", left, why=True)]
    notes = "".join(
        f"<li>{escape(page.say(f'picture_details.note.{note}'))}</li>" for note in said.settings.notes
    )
    if notes:
        parts.append(f'<div class="ld-notes"><ul>{notes}</ul></div>')
    return "".join(parts)


def _table(page: "Page", heading: str, pairs: Sequence[Pair], *, why: bool = False) -> str:
    if not pairs:
        return ""
    columns = ["setting", "value", *(["why"] if why else [])]
    head = "".join(f'<th scope="col">{escape(page.say(f"picture_details.{name}"))}</th>' for name in columns)
    rows = []
    for pair in pairs:
        cells = f'<th scope="row">{escape(pair.key)}</th><td>{escape(pair.value)}</td>'
        if why:
            cells += f"<td>{escape(page.say(f'picture_details.why.{pair.taken}'))}</td>"
        rows.append(f"<tr>{cells}</tr>")
    caption = escape(page.say(f"picture_details.{heading}"))
    return (
        f'<h2 class="ld-heading">{caption}</h2><table class="ld-details" aria-label="{caption}">'
        f'<thead class="ld-hidden"><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    )


class BackButton:
    """Puts the settings of a picture into the form of its task, and opens that tab."""

    def __init__(
        self, page: "Page", place: str, inputs: Sequence[Any], read: Callable[..., Said | None]
    ) -> None:
        """Draw the button; `read(*values of inputs)` returns what is said, None when there is nothing."""
        self.page = page
        self.place = place.replace("-", "_")
        self.inputs = list(inputs)
        self.read = read
        self.button = gr.Button(page.say(f"{self.place}.back"), size="sm", elem_id=f"{place}-back")
        page.when_complete(self._connect)

    def _connect(self) -> None:
        receivers = self.page.receivers.values()
        outputs = dict.fromkeys(component for receiver in receivers for component in receiver.components)
        self.button.click(self._send, self.inputs, [self.page.tabs, *outputs], **QUIET)

    def _send(self, *values: Any) -> Mapping[Any, Any]:
        said = self.read(*values)
        settings = said.settings if said is not None else None
        if said is None or settings is None:
            gr.Warning(self.page.say(f"{self.place}.back_nothing"))
            return {self.page.tabs: gr.skip()}
        tab = TAB_OF.get(settings.task, settings.task)
        receiver = self.page.receivers.get(tab)
        if receiver is None:
            gr.Warning(self.page.say(f"{self.place}.back_nothing"))
            return {self.page.tabs: gr.skip()}
        return {self.page.tabs: gr.Tabs(selected=tab), **receiver.receive(sent_of(said, None))}
