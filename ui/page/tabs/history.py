"""History: all pictures that were made, newest first, found by their prompts, with what made them."""

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from runtime.errors import LapdrawError
from ui.gallery import Entry, Gallery, GalleryPage
from ui.page.amounts import bare_html, section_html
from ui.page.picture_details import QUIET, BackButton, PictureDetails, Said, said_by, sent_of
from ui.page.send import Sent, add_sender
from ui.thumbnails import Thumbnails

if TYPE_CHECKING:
    from ui.page.page import Page

TAB = "history"
COLUMNS = 4
LONGEST_ALT = 80  # characters of a prompt under a thumbnail
SHOW_CHOSEN = "() => document.getElementById('history-chosen')?.scrollIntoView({block: 'nearest'})"


def build(page: "Page") -> None:
    """Draw the tab."""
    history = History(page)
    with gr.Row(elem_id=f"{TAB}-areas"):
        with gr.Column(elem_id=f"{TAB}-ask", min_width=280):
            history.draw_list()
        with gr.Column(elem_id=f"{TAB}-result", min_width=280):
            history.draw_chosen()
    history.connect(page.tab)


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What the list is narrowed to."""

    search: str
    task: str
    day: str


class History:
    """The list of pictures, and the chosen one; both are drawn, then connected."""

    def __init__(self, page: "Page") -> None:
        self.page = page
        self.gallery = Gallery(page.outputs, page.data / "cache")
        self.thumbnails = Thumbnails(page.data / "cache" / "thumbnails")
        self.thumbnails.folder.mkdir(parents=True, exist_ok=True)
        gr.set_static_paths([self.thumbnails.folder])

    # Drawing

    def draw_list(self) -> None:
        """Draw the filters, the thumbnails and the pages."""
        say = self.page.say
        self.search = gr.Textbox(
            label=say("history.search"),
            placeholder=say("history.search_placeholder"),
            lines=1,
            max_lines=1,
            elem_id=f"{TAB}-search",
        )
        with gr.Row(elem_id=f"{TAB}-filters"):
            self.task = gr.Dropdown(
                choices=[(say("history.all_tasks"), "")],
                value="",
                label=say("history.task"),
                min_width=120,
                elem_id=f"{TAB}-task",
            )
            self.day = gr.Dropdown(
                choices=[(say("history.all_days"), "")],
                value="",
                label=say("history.day"),
                min_width=120,
                elem_id=f"{TAB}-day",
            )
        self.where = bare_html("", f"{TAB}-where")
        with gr.Row(elem_id=f"{TAB}-pages"):
            self.newer, self.older, self.refresh = (
                gr.Button(
                    say(f"history.{name}"),
                    size="sm",
                    min_width=70,
                    interactive=name == "refresh",
                    elem_id=f"{TAB}-{name}",
                )
                for name in ("newer", "older", "refresh")
            )
        self.shown = gr.Gallery(
            label=say("history.pictures"),
            show_label=False,
            columns=COLUMNS,
            height="max-content",
            object_fit="contain",
            allow_preview=False,
            interactive=False,
            buttons=[],
            visible=False,
            elem_id=f"{TAB}-gallery",
        )
        self.number = gr.State(1)
        self.names = gr.State([])  # of the pictures shown
        self.chosen = gr.State("")  # the name of one

    def draw_chosen(self) -> None:
        """Draw the chosen picture, its text and what can be done with it."""
        say = self.page.say
        self.note = bare_html(hint(say("history.choose")), f"{TAB}-note")
        with gr.Column(visible=False, elem_id=f"{TAB}-chosen") as self.box:
            self.picture = gr.Image(
                label=say("history.chosen"),
                interactive=False,
                type="filepath",
                buttons=["fullscreen"],
                elem_id=f"{TAB}-picture",
            )
            with gr.Row(elem_id=f"{TAB}-actions"):
                self.back = BackButton(self.page, TAB, [self.chosen], self._said)
                self.download = gr.DownloadButton(
                    say("history.download"), size="sm", min_width=90, elem_id=f"{TAB}-download"
                )
                self.delete = gr.Button(
                    say("history.delete"), size="sm", min_width=90, elem_id=f"{TAB}-delete"
                )
            with gr.Column(visible=False, elem_id=f"{TAB}-sure") as self.sure:
                self.question = bare_html("", f"{TAB}-question")
                with gr.Row(elem_id=f"{TAB}-answers"):
                    self.yes = gr.Button(
                        say("history.delete_yes"), variant="stop", size="sm", elem_id=f"{TAB}-delete-yes"
                    )
                    self.no = gr.Button(say("history.delete_no"), size="sm", elem_id=f"{TAB}-delete-no")
            self.details = PictureDetails(self.page, TAB)
            bare_html(section_html(say("picture_details.send"), say("picture_details.send_info")))
            add_sender(self.page, TAB, [self.chosen], self._sent)

    # Binding

    def connect(self, tab: Any) -> None:
        """Bind everything; the list is read anew when the tab is opened."""
        filters = [self.search, self.task, self.day]
        listed = [self.shown, self.where, self.names, self.number, self.newer, self.older]
        everything = [*listed, self.task, self.day]
        gr.on([tab.select, self.refresh.click], self._read, [*filters, self.number], everything, **QUIET)
        gr.on(
            [self.search.change, self.task.input, self.day.input],  # `input` misses what is pasted
            self._first,
            filters,
            listed,
            trigger_mode="always_last",
            **QUIET,
        )
        for button, step in ((self.newer, -1), (self.older, 1)):
            button.click(self._turn(step), [*filters, self.number], listed, **QUIET)
        chosen = [self.chosen, self.note, self.box, self.picture, self.download, self.sure]
        self.shown.select(
            self._choose, self.names, [*chosen, *self.details.outputs], trigger_mode="always_last", **QUIET
        ).then(None, None, None, js=SHOW_CHOSEN, api_visibility="private")
        self.delete.click(self._ask, self.chosen, [self.sure, self.question], **QUIET)
        self.no.click(lambda: gr.update(visible=False), None, self.sure, **QUIET)
        self.yes.click(
            self._delete, [self.chosen, *filters, self.number], [self.note, self.box, *everything], **QUIET
        )

    # The list

    def _read(self, search: str, task: str, day: str, number: int) -> list[Any]:
        """Look at the disk, then show the page that was shown."""
        self.gallery.refresh()
        days, tasks = self.gallery.days(), self.gallery.tasks()
        say = self.page.say
        task = task if task in dict(tasks) else ""
        day = day if day in dict(days) else ""
        named = [(say(f"history.task.{name}"), name, count) for name, count in tasks]
        return [
            *self._list(Filters(search=search or "", task=task, day=day), number),
            gr.update(choices=[(say("history.all_tasks"), ""), *map(self._counted, named)], value=task),
            gr.update(
                choices=[
                    (say("history.all_days"), ""),
                    *(self._counted((name, name, count)) for name, count in days),
                ],
                value=day,
            ),
        ]

    def _counted(self, row: tuple[str, str, int]) -> tuple[str, str]:
        label, name, count = row
        return self.page.say("history.counted", name=label, count=count), name

    def _first(self, search: str, task: str, day: str) -> list[Any]:
        return self._list(Filters(search=search or "", task=task or "", day=day or ""), 1)

    def _turn(self, step: int) -> Any:
        def turn(search: str, task: str, day: str, number: int) -> list[Any]:
            return self._list(Filters(search=search or "", task=task or "", day=day or ""), number + step)

        return turn

    def _list(self, filters: Filters, number: int) -> list[Any]:
        found = self.gallery.page(search=filters.search, task=filters.task, day=filters.day, number=number)
        pictures = [
            (str(self.thumbnails.of(entry.path, entry.version)), self._alt(entry)) for entry in found.entries
        ]
        return [
            gr.update(value=pictures, visible=bool(pictures), selected_index=None),
            self._place(found, is_all=not (filters.search.strip() or filters.task or filters.day)),
            [entry.name for entry in found.entries],
            found.number,
            gr.update(interactive=found.number > 1),
            gr.update(interactive=found.number < found.pages),
        ]

    def _alt(self, entry: Entry) -> str:
        prompt = " ".join(entry.prompt.split())
        if not prompt:
            return self.page.say("history.alt_bare", name=entry.path.name)
        return prompt if len(prompt) <= LONGEST_ALT else f"{prompt[: LONGEST_ALT - 1]}…"

    def _place(self, found: GalleryPage, *, is_all: bool) -> str:
        if not found.found:
            return hint(self.page.say("history.empty" if is_all else "history.none_found"))
        key = "history.place_one" if found.found == 1 else "history.place"
        text = self.page.say(key, found=found.found, number=found.number, pages=found.pages)
        return hint(text)

    # The chosen picture

    def _choose(self, names: list[str], event: gr.SelectData) -> list[Any]:
        at = int(event.index)
        name = names[at] if 0 <= at < len(names) else ""
        entry = self.gallery.find(name)
        if entry is None:
            gone = hint(self.page.say("history.gone", name=Path(name).name))
            return ["", gone, gr.update(visible=False), None, gr.skip(), gr.skip(), *self.details.show(None)]
        about = hint(entry.name)
        path = str(entry.path)
        return [
            *(entry.name, about, gr.update(visible=True), path),
            gr.update(value=path),
            gr.update(visible=False),
            *self.details.show(said_by(self.page, entry.path, entry.task or None)),
        ]

    def _said(self, name: str) -> Said | None:
        entry = self.gallery.find(name)
        return said_by(self.page, entry.path, entry.task or None) if entry is not None else None

    def _sent(self, name: str) -> Sent | None:
        entry = self.gallery.find(name)
        if entry is None:
            return None
        return sent_of(said_by(self.page, entry.path, entry.task or None), entry.path)

    def _ask(self, name: str) -> tuple[Any, str]:
        question = escape(self.page.say("history.delete_sure", name=Path(name).name))
        return gr.update(visible=bool(name)), f'<p class="ld-note" role="alert">{question}</p>'

    def _delete(self, name: str, search: str, task: str, day: str, number: int) -> list[Any]:
        try:
            self.gallery.delete(name)
            key = "history.deleted"
        except LapdrawError as error:
            fault = f'<p class="ld-error" role="alert">{escape(self.page.words(error))}</p>'
            return [fault, gr.skip(), *self._read(search, task, day, number)]
        note = hint(self.page.say(key, name=Path(name).name))
        return [note, gr.update(visible=False), *self._read(search, task, day, number)]


def hint(text: str) -> str:
    """Return a line of quiet text, which is announced when it changes."""
    return f'<p class="ld-hint" role="status">{escape(text)}</p>'
