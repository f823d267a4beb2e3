"""The prompts of a form, each with a line that counts its tokens and says where it is parted; clip skip."""

from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr

from runtime.adapters.library import AdapterLibrary
from runtime.adapters.tags import check_networks
from runtime.adapters.words import counting_tokenizer
from runtime.errors import InvalidRequest, LapdrawError
from runtime.prompt_chunks import Chunk, count_tokens, split_prompt
from runtime.prompt_syntax import parse_prompt
from runtime.request import BOUNDS
from runtime.safety import CHECKER
from runtime.tokenizer import ClipTokenizer
from ui.page.adapter_picker import AdapterPicker
from ui.page.pickers import split_choice

if TYPE_CHECKING:
    from ui.page.page import Page

PROMPTS = ("prompt", "negative_prompt")
PARTS_SHOWN = 4  # ends of parts that the counter names


class PromptFields:
    """Draws its controls into the form's table where it is told to."""

    def __init__(self, page: "Page", tab: str) -> None:
        self._page = page
        self._tab = tab
        self._adapters = AdapterPicker(page, tab)

    def draw_prompts(self) -> dict[str, Any]:
        """Draw the prompt and the negative prompt, each with its counter."""
        say, drawn = self._page.say, dict[str, Any]()
        placeholders = {
            "prompt": say("form.prompt_placeholder", example=say("form.example")),
            "negative_prompt": say("form.negative_placeholder"),
        }
        for name in PROMPTS:
            dashed = name.replace("_", "-")
            drawn[name] = gr.Textbox(
                label=say(f"form.{name}"),
                placeholder=placeholders[name],
                lines=3 if name == "prompt" else 2,
                max_lines=12,
                elem_id=f"{self._tab}-{dashed}",
                autofocus=False,
            )
            drawn[f"{name}_tokens"] = gr.HTML(value="", elem_id=f"{self._tab}-{dashed}-tokens", padding=False)
        self._adapters.draw()
        return drawn

    def draw_checker(self) -> dict[str, Any]:
        """Draw the box of the safety checker; nobody sees it while no model has one."""
        models = self._page.shelf.models()
        box = gr.Checkbox(
            value=True,
            label=self._page.say("form.safety_checker"),
            info=self._page.say("form.safety_checker_info"),
            visible=any(CHECKER in model.folder.components for model in models),
            elem_id=f"{self._tab}-safety-checker",
        )
        return {"safety_checker": box}

    def draw_clip_skip(self) -> dict[str, Any]:
        """Draw the slider of the layer that is read."""
        bounds, say = BOUNDS["clip_skip"], self._page.say
        slider = gr.Slider(
            bounds.low,
            bounds.high,
            value=1,
            step=1,
            label=say("form.clip_skip"),
            info=say("form.clip_skip_info"),
            buttons=[],
            elem_id=f"{self._tab}-clip-skip",
        )
        return {"clip_skip": slider}

    def connect(self, parts: dict[str, Any], quiet: dict[str, Any]) -> None:
        """Count while somebody writes, and anew for another model."""
        if "prompt" in parts:
            self._adapters.connect(parts["prompt"], quiet)
        for name in (name for name in PROMPTS if name in parts):
            gr.on(
                [parts[name].change, parts["model"].change],
                self._count,
                [parts["model"], parts[name]],
                parts[f"{name}_tokens"],
                trigger_mode="always_last",
                **quiet,
            )

    def _count(self, choice: str, text: str) -> str:
        return token_line(self._page, split_choice(choice)[0], text)


def token_line(page: "Page", model: str, text: str | None) -> str:
    """Return the counter below a prompt as HTML, empty for a model that takes none.

    A prompt that cannot be read has the reason there.
    """
    try:
        tokenizer = page.shelf.tokenizer(model)
    except LapdrawError:  # a damaged tokenizer: the request will say so
        return ""
    if tokenizer is None:
        return ""
    try:
        tokenizer = counting_tokenizer(AdapterLibrary(page.data), tokenizer, text or "")
        chunks = read_chunks(tokenizer, text or "", "prompt")
    except InvalidRequest as fault:
        return _line(page.words(fault), over=True)
    room = len(chunks) * tokenizer.room
    counted = page.say("form.tokens", count=count_tokens(chunks, tokenizer), room=room)
    return _line(counted, over=False) + _parts_line(page, chunks, tokenizer)


def read_chunks(tokenizer: ClipTokenizer, text: str, name: str) -> tuple[Chunk, ...]:
    """Return a prompt in chunks; raises InvalidRequest for one that cannot be read."""
    parsed = parse_prompt(text, name)
    check_networks(parsed, name)
    return split_prompt(parsed, tokenizer, name)


def _parts_line(page: "Page", chunks: tuple[Chunk, ...], tokenizer: ClipTokenizer) -> str:
    """Say with which words each part but the last ends."""
    if len(chunks) == 1:
        return ""
    ends = [
        page.say("form.tokens_part", number=number, end=tokenizer.text(chunk.ids[-4:]) or "–")
        for number, chunk in enumerate(chunks[:-1][:PARTS_SHOWN], start=1)
    ]
    more = [page.say("form.tokens_more")] if len(chunks) - 1 > PARTS_SHOWN else []
    return _line(" · ".join([page.say("form.tokens_parts", count=len(chunks)), *ends, *more]), over=False)


def _line(words: str, *, over: bool) -> str:
    return f'<p class="ld-tokens" data-over="{str(over).lower()}">{escape(words)}</p>'
