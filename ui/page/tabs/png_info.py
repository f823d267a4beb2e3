"""PNG info: what any picture says of how it was made, and its settings sent to a tab."""

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from runtime.errors import InvalidRequest
from ui.page.amounts import bare_html, section_html
from ui.page.picture_details import QUIET, BackButton, PictureDetails, Said, said_by, said_in, sent_of
from ui.page.picture_input import PictureFile, note, size_of
from ui.page.send import Sent, add_sender

if TYPE_CHECKING:
    from ui.page.page import Page

TAB = "png-info"
LONGEST_TEXT = 200_000  # characters that are pasted


def build(page: "Page") -> None:
    """Draw the tab."""
    PngInfo(page).draw()


class PngInfo:
    """A picture is dropped or a text pasted; what it says is shown at once."""

    def __init__(self, page: "Page") -> None:
        self.page = page

    def draw(self) -> None:
        """Draw the tab and connect it."""
        say = self.page.say
        bare_html(f'<p class="ld-hint">{escape(say("png_info.lead"))}</p>')
        with gr.Row(elem_id=f"{TAB}-areas"):
            with gr.Column(elem_id=f"{TAB}-ask", min_width=280):
                self.picture = PictureFile(
                    label=say("picture_input.picture"),
                    placeholder=say("picture_input.drop"),
                    type="filepath",
                    sources=["upload", "clipboard"],
                    buttons=[],
                    height=320,
                    elem_id=f"{TAB}-picture",
                )
                self.note = bare_html("", f"{TAB}-note")
                self.raw = gr.Textbox(
                    label=say("png_info.raw"),
                    info=say("png_info.raw_info"),
                    placeholder=say("png_info.raw_placeholder"),
                    lines=6,
                    max_lines=14,
                    max_length=LONGEST_TEXT,
                    buttons=["copy"],
                    elem_id=f"{TAB}-raw",
                )
            with gr.Column(elem_id=f"{TAB}-result", min_width=280):
                self.details = PictureDetails(self.page, TAB)
                self.back = BackButton(self.page, TAB, [self.raw], self._said)
                bare_html(section_html(say("picture_details.send"), say("picture_details.send_info")))
                add_sender(self.page, TAB, [self.picture, self.raw], self._sent)
        shown = [self.raw, self.note, *self.details.outputs]
        self.picture.change(self._read, self.picture, shown, **QUIET)
        self.raw.change(
            self._parts,
            [self.raw, self.picture],
            self.details.outputs,
            trigger_mode="always_last",
            **QUIET,
        )
        self.page.add_receiver(TAB, [self.picture], self._receive)

    def _read(self, path: str | None) -> list[Any]:
        """Show what a picture says; a picture that was taken away leaves nothing."""
        if path is None:
            return ["", note(""), *self.details.show(None)]
        said = said_by(self.page, Path(path))
        try:
            width, height = size_of(path)
            line = note(self.page.say("picture_input.accepted", width=width, height=height))
        except InvalidRequest as fault:  # its text may be whole all the same
            line = note(self.page.say("png_info.unreadable", reason=fault), is_fault=True)
        return [said.raw, line, *self.details.show(said)]

    def _parts(self, raw: str, path: str | None = None) -> list[Any]:
        """Show what a text says, which may be the picture's own or one that was pasted."""
        if raw.strip():
            return self.details.show(said_in(self.page, raw))
        return self.details.show(said_by(self.page, Path(path)) if path is not None else None)

    def _said(self, raw: str) -> Said | None:
        return said_in(self.page, raw) if raw.strip() else None

    def _sent(self, path: str | None, raw: str) -> Sent | None:
        """What stands in the text counts: it is the picture's own, or one that was pasted."""
        if path is None and not raw.strip():
            return None
        return sent_of(said_in(self.page, raw), Path(path) if path is not None else None)

    def _receive(self, sent: Sent) -> dict[Any, Any]:
        return {self.picture: str(sent.picture)} if sent.picture is not None else {}
