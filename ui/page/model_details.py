"""What is known of the chosen model: source, licence, hashes, trigger words, parts with sizes and errors.

Most of it was written by strangers into files that somebody downloaded: all of it is shown as text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr

from runtime.errors import LapdrawError
from runtime.model_card import ModelCard
from ui.model_facts import facts_of
from ui.model_store import listed_model
from ui.page.amounts import bare_html, size_words, table_html
from ui.page.fidelity import component_words, quantization_html, share_words
from ui.page.long_job import QUIET
from ui.page.send import Sent

if TYPE_CHECKING:
    from ui.page.page import Page

PROMPT_TAB = "text-to-image"
CARD_ROWS = (
    *("title", "author", "license", "date", "description", "usage_hint", "trained_as", "trained_from"),
)
PRECISIONS = ("fp32", "fp16", "bf16", "int8", "int4")  # columns of errors, where there are some
MOST_FILES = 60  # of a source, shown
MOST_PARTS = 40


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """The texts of one model; empty for none."""

    html: str = ""
    words: str = ""
    words_info: str = ""
    address: str = ""
    can_use: bool = False

    @classmethod
    def of(cls, page: "Page", facts: Mapping[str, Any]) -> "_Shown":
        """Return what is shown of a model."""
        card = ModelCard.from_dict(facts["card"])
        info = "words_info" if card.trigger_words else "tags_info"
        return cls(
            html=details_html(page, facts),
            words=card.prompt_words,
            words_info=page.say(f"model_details.{info}"),
            address=facts["source"]["page"] or "",
            can_use=bool(card.prompt_words) and PROMPT_TAB in facts["tasks"],
        )


class ModelDetails:
    """Draws it below the list of models; `show` follows what is chosen there."""

    def __init__(self, page: "Page", place: str) -> None:
        self.page = page
        self._place = place

    def draw(self, name: str | None) -> None:
        """Draw the details of a model, or room for them."""
        say, place = self.page.say, self._place
        self._drawn = name, self._shown(name)
        shown = self._drawn[1]
        self.words = gr.Textbox(
            value=shown.words,
            label=say("model_details.words"),
            info=shown.words_info,
            lines=1,
            max_lines=4,
            interactive=False,
            buttons=["copy"],
            visible=bool(shown.words),
            elem_id=f"{place}-words",
        )
        self.use = gr.Button(
            say("model_details.use_words"), visible=shown.can_use, size="sm", elem_id=f"{place}-words-use"
        )
        self.address = gr.Textbox(
            value=shown.address,
            label=say("model_details.page"),
            interactive=False,
            buttons=["copy"],
            visible=bool(shown.address),
            elem_id=f"{place}-page",
        )
        self.table = bare_html(shown.html, f"{place}-details")

    @property
    def outputs(self) -> list[Any]:
        """What `show` changes."""
        return [self.table, self.words, self.use, self.address]

    def is_as_drawn(self, name: str | None) -> bool:
        """Whether `show` would change nothing of what was drawn."""
        return self._drawn == (name, self._shown(name))

    def show(self, name: str | None) -> list[Any]:
        """Return the updates that show a model; one that is gone or damaged shows nothing."""
        shown = self._shown(name)
        return [
            shown.html,
            gr.update(value=shown.words, info=shown.words_info, visible=bool(shown.words)),
            gr.update(visible=shown.can_use),
            gr.update(value=shown.address, visible=bool(shown.address)),
        ]

    def connect(self, model: Any) -> None:
        """Follow the drop-down of models."""
        model.change(self.show, model, self.outputs, queue=False, **QUIET)
        self.page.when_complete(lambda: self._connect_prompt(model))

    def _connect_prompt(self, model: Any) -> None:
        """Let the button add the words to the prompt of the tab of pictures from a prompt, and go there."""
        receiver = self.page.receivers.get(PROMPT_TAB)
        if receiver is None:
            return
        prompt = next(part for part in receiver.components if part.elem_id == f"{PROMPT_TAB}-prompt")

        def put(name: str | None, words: str | None, text: str | None) -> Mapping[Any, Any]:
            sent = Sent(fields={"prompt": with_words(text or "", words or "")}, model=name)
            return {self.page.tabs: gr.Tabs(selected=PROMPT_TAB), **receiver.receive(sent)}

        outputs = [self.page.tabs, *receiver.components]
        self.use.click(put, [model, self.words, prompt], outputs, queue=False, **QUIET)

    def _shown(self, name: str | None) -> _Shown:
        if not name:
            return _Shown()
        try:
            facts = facts_of(listed_model(name, self.page.data).open(), self.page.data)
        except LapdrawError:  # the list above says what ails it
            return _Shown()
        return _Shown.of(self.page, facts)


def with_words(prompt: str, words: str) -> str:
    """Return a prompt that ends with the words, once."""
    before = prompt.strip().rstrip(",")
    return before if words in before else ", ".join(filter(None, (before, words)))


def details_html(page: "Page", facts: Mapping[str, Any]) -> str:
    """Return the tables of what `facts_of` found."""
    say = page.say
    heading = say("model_details.heading", name=facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{escape(say(f"model_details.row.{key}"))}</th><td>{escape(text)}</td></tr>'
        for key, text in _pairs(page, facts)
        if text
    )
    return (
        f'<h3 class="ld-heading">{escape(heading)}</h3>'
        f'<table class="ld-details" aria-label="{escape(heading)}"><tbody>{rows}</tbody></table>'
        + quantization_html(page, facts["quantization"])
        + _parts_html(page, facts)
        + _source_files_html(page, facts["source"]["file_sha256"])
    )


def _pairs(page: "Page", facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the key and the value of each row; empty values are left out later."""
    source, card, files = facts["source"], facts["card"], facts["files"]
    notes = [page.words(note) for note in (*source["notes"], *facts["notes"])]
    counted = {"count": files["in_manifest"], "known": files["known_unchanged"]}
    return [
        *((name, card.get(name, "")) for name in CARD_ROWS),
        ("tags", ", ".join(card.get("tags", ()))),
        ("source", page.say(f"model_details.source.{source['kind']}", name=source["name"])),
        ("revision", source["revision"] or ""),
        ("sha256", source["sha256"] or ""),
        ("short_hash", source["short_hash"] or ""),
        ("fetched", "; ".join(_fetched_words(page, found, facts["name"]) for found in source["fetched"])),
        ("precision", facts["precision"].upper()),
        ("prediction", facts["prediction_type"]),
        ("notes", "; ".join(notes)),
        ("files", page.say("model_details.files", **counted) if files["in_manifest"] else ""),
        ("created", facts["created"] or ""),
    ]


def _fetched_words(page: "Page", found: Mapping[str, Any], name: str) -> str:
    others = ", ".join(model for model in found["models"] if model != name)
    key = "fetched_also" if others else "fetched"
    values = {"size": size_words(found["bytes"])} | ({"others": others} if others else {})
    return page.say(f"model_details.{key}", **values)


def _parts_html(page: "Page", facts: Mapping[str, Any]) -> str:
    say, errors = page.say, facts["errors"]
    parts = list(facts["component_bytes"].items())[:MOST_PARTS]
    columns = [name for name in PRECISIONS if any(name in errors.get(part, {}) for part, _ in parts)]
    rows = [
        (
            say("model_details.other") if part == "other" else component_words(page, part),
            size_words(size),
            *(share_words(errors.get(part, {}).get(name)) for name in columns),
        )
        for part, size in parts
    ]
    caption = say("model_details.parts")
    head = (say("optimize.component"), say("model_details.size"), *(name.upper() for name in columns))
    return f'<h4 class="ld-heading">{escape(caption)}</h4>' + table_html(head, rows, caption=caption)


def _source_files_html(page: "Page", sums: Mapping[str, str]) -> str:
    if not sums:
        return ""
    say = page.say
    caption = say("model_details.source_files")
    head = (say("model_details.file"), "SHA-256")
    table = table_html(head, list(sums.items())[:MOST_FILES], caption=caption)
    return f'<details class="ld-unusable"><summary>{escape(caption)}</summary>{table}</details>'
