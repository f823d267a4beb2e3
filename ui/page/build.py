"""Draws the whole page in one language: heading, tabs, and what connects them."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.routes import App

from ui.page.look import facts_html, heading_html
from ui.page.page import Page
from ui.page.tabs import TABS
from ui.page.text import Language
from ui.settings import SettingsFile

if TYPE_CHECKING:
    from ui.jobs import JobEngine

UPLOAD_LOOK, UPLOAD_AGE = 3600, 86400  # every hour, what was uploaded a day ago is deleted
DEVICES_SECONDS = 60.0  # after the start, in which the worker may still find more than the CPU


def build_page(
    engine: "JobEngine", data: Path, settings: SettingsFile, language: Language, *, may_name_folders: bool
) -> Any:
    """Return the page as gr.Blocks, ready for gr.mount_gradio_app with `mount_options`.

    `may_name_folders` says whether a person at the page may name folders of this machine: only when the page
    is reached from this machine alone.
    """
    page = Page(engine, data, settings, language, may_name_folders=may_name_folders)
    page.outputs.mkdir(parents=True, exist_ok=True)
    gr.set_static_paths([page.outputs])
    with (
        _no_servers(),
        gr.Blocks(
            title=page.say("common.title"),
            analytics_enabled=False,
            fill_width=True,
            delete_cache=(UPLOAD_LOOK, UPLOAD_AGE),
        ) as demo,
    ):
        page.demo = demo
        page.facts = gr.HTML(facts_html(page), elem_id="page-facts", padding=False)
        gr.HTML(heading_html(page), elem_id="page-heading", padding=False)
        with gr.Tabs(elem_id="page-tabs") as page.tabs:
            for tab in TABS:
                if find_spec(tab.module) is None:
                    continue
                label = page.say(f"common.tab.{tab.id}")
                with gr.Tab(label, id=tab.id, elem_id=f"tab-{tab.id}") as page.tab:
                    import_module(tab.module).build(page)
        page.complete()
        _on_load(page)
    _show_no_progress(demo)
    return demo


def _show_no_progress(demo: gr.Blocks) -> None:
    """Have no event mark its outputs as busy: the panels tell what goes on, by themselves.

    Gradio's script marks, after each message of any event, all that were ever an output of one, and looks for
    each in the whole page: with a dozen tabs that is most of the time until the page can be used. It also
    asks each for its value; the editor would send its pictures.
    """
    for event in demo.fns.values():
        event.show_progress_on = []


@contextmanager
def _no_servers() -> Iterator[None]:
    """Spare the two servers that gr.Blocks makes for itself, a third of the time: mounting makes another."""
    real = App.__dict__["create_app"]
    App.create_app = staticmethod(lambda *_, **__: None)
    try:
        yield
    finally:
        App.create_app = real


def _on_load(page: Page) -> None:
    """What may have changed since the page was drawn: settings, installed models, devices."""
    pickers = [picker.component for picker in page.model_pickers]
    first = [picker.value for picker in pickers]
    drawn = time.monotonic()

    async def load(*chosen: str | None) -> AsyncIterator[list[Any]]:
        devices = page.engine.devices()
        # What nobody has chosen follows what is there now: a device or a model may have come since.
        kept = [None if now == then else now for now, then in zip(chosen, first, strict=True)]
        offered = page.refresh_models(*kept)
        for update, now in zip(offered, chosen, strict=True):
            if update["value"] == now:  # a person may choose another before this arrives
                del update["value"], update["info"]
        yield [facts_html(page), *offered]
        while time.monotonic() < drawn + DEVICES_SECONDS:
            await asyncio.sleep(1)
            if page.engine.devices() != devices:
                offered = page.refresh_models(*chosen)
                yield [
                    gr.skip(),
                    *({key: part for key, part in update.items() if key != "value"} for update in offered),
                ]  # no value: a person may have chosen meanwhile
                return
        yield [gr.skip() for _ in range(1 + len(pickers))]

    page.demo.load(
        load,
        pickers,
        [page.facts, *pickers],
        show_progress="hidden",
        api_visibility="private",
        concurrency_limit=None,
    )
