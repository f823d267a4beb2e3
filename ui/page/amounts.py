"""Sizes and times in words; headings, tables and lines of text as HTML that a screen reader can read."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr

if TYPE_CHECKING:
    from ui.page.page import Page


def size_words(size: float) -> str:
    """Return bytes as "84 MB" or "6.4 GB", in powers of ten as disks are sold; no line breaks in between."""
    return (
        f"{size / 1e9:.1f}\N{NO-BREAK SPACE}GB"
        if size >= 0.9995e9
        else f"{size / 1e6:.0f}\N{NO-BREAK SPACE}MB"
    )


def time_words(page: "Page", seconds: float) -> str:
    """Return a duration as nobody would say it more exactly."""
    if seconds < 50:
        return page.say("long_job.seconds", count=max(10, round(seconds / 10) * 10))
    if seconds < 90:
        return page.say("long_job.minute")
    return page.say("long_job.minutes", count=round(seconds / 60))


def bare_html(value: str = "", elem_id: str | None = None) -> Any:
    """Draw HTML that takes no room while it is empty; what it holds has classes that begin with "ld-"."""
    return gr.HTML(value, elem_id=elem_id, elem_classes="ld-bare", padding=False)


def section_html(text: str, hint: str = "") -> str:
    """Return the heading of a part of a tab, with a line below it."""
    line = f'<p class="ld-hint">{escape(hint)}</p>' if hint else ""
    return f'<h2 class="ld-section">{escape(text)}</h2>{line}'


def table_html(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, caption: str, element: str | None = None
) -> str:
    """Return a table whose first column names its rows; it scrolls by itself where the page is narrow."""
    named = f' id="{escape(element)}"' if element else ""
    columns = "".join(f'<th scope="col">{escape(text)}</th>' for text in head)
    heading = f"<thead><tr>{columns}</tr></thead>" if any(head) else ""
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>'
        + "".join(f"<td>{escape(text)}</td>" for text in rest)
        + "</tr>"
        for first, *rest in rows
    )
    return (
        f'<div class="ld-scroll" role="region" tabindex="0" aria-label="{escape(caption)}"{named}>'
        f'<table class="ld-table"><caption class="ld-hidden">{escape(caption)}</caption>'
        f"{heading}<tbody>{body}</tbody></table></div>"
    )


def note_html(text: str, kind: str = "hint") -> str:
    """Return a line of text: "hint", "good" or "bad"; what is bad is announced."""
    if not text:
        return ""
    role = ' role="alert"' if kind == "bad" else ' role="status"' if kind == "good" else ""
    return f'<p class="ld-note ld-note-{kind}"{role}>{escape(text)}</p>'
