"""The list of LoRAs and embeddings below a prompt: a choice writes its tag or its word into the prompt."""

from typing import TYPE_CHECKING, Any

import gradio as gr

from runtime.model_card import visible_text
from ui.adapters_list import AdapterRow, adapter_rows

if TYPE_CHECKING:
    from ui.page.page import Page

MOST = 500  # entries of the list
_WORDS = 4  # trigger words of an entry


class AdapterPicker:
    """Its entries are read anew whenever somebody opens the list."""

    def __init__(self, page: "Page", tab: str) -> None:
        self._page = page
        self._tab = tab
        self._list: Any = None

    def draw(self) -> None:
        """Draw the list."""
        self._list = gr.Dropdown(
            choices=[],
            value=None,
            label=self._page.say("form.adapters"),
            info=self._page.say("form.adapters_info"),
            elem_id=f"{self._tab}-adapters",
            allow_custom_value=True,  # what is chosen may be newer than what the server drew
        )

    def connect(self, prompt: Any, quiet: dict[str, Any]) -> None:
        """Let a choice be written into the prompt, and the list be fresh when it is opened."""
        self._list.input(self.write, [self._list, prompt], [prompt, self._list], **quiet)
        self._list.focus(lambda: gr.update(choices=self.choices()), None, self._list, **quiet)

    def choices(self) -> list[tuple[str, str]]:
        """Return what is shown of each file that can be used, and what is written for it."""
        rows = [row for row in adapter_rows(self._page.data) if not row.error][:MOST]
        return [(self._shown(row), row.tag) for row in rows]

    def write(self, tag: str | None, prompt: str | None) -> tuple[str, Any]:
        """Return the prompt with a tag behind it, and nothing chosen."""
        text = (prompt or "").rstrip()
        return (f"{text} {tag}".strip() if tag else prompt or ""), gr.update(value=None)

    def _shown(self, row: AdapterRow) -> str:
        kind = self._page.say(f"form.adapters_{row.kind}")
        words = visible_text(", ".join(row.trigger_words[:_WORDS]), 80)
        parts = [row.name, kind, row.family, f"{row.bytes / 1e6:.1f} MB", words]
        return " · ".join(part for part in parts if part)
