"""A page without tabs, for what stands alone, and the whole page on an engine without a worker."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from fake_engine import CPU, IGPU, PYTORCH, FakeEngine, MakePage

from ui.page.page import Page
from ui.page.text import Language
from ui.settings import SettingsFile


@pytest.fixture(autouse=True)
def closed_loops(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close the event loops that gr.Blocks opens to make a lock, and forgets."""
    opened: list[asyncio.AbstractEventLoop] = []
    new_event_loop = asyncio.new_event_loop

    def remembered() -> asyncio.AbstractEventLoop:
        opened.append(new_event_loop())
        return opened[-1]

    monkeypatch.setattr(asyncio, "new_event_loop", remembered)
    yield
    asyncio.set_event_loop(None)
    for loop in opened:
        loop.close()


@pytest.fixture
def engine() -> FakeEngine:
    """One with a CPU, an integrated GPU and PyTorch."""
    return FakeEngine(devices=(CPU, IGPU, PYTORCH))


@pytest.fixture
def make_page(engine: FakeEngine, tmp_path: Path) -> Iterator[MakePage]:
    """Return a page of a language on the fake engine, inside a gr.Blocks that is being drawn."""
    with gr.Blocks(analytics_enabled=False) as demo:

        def make(language: Language = "en", **changes: Any) -> Page:
            page = Page(
                changes.get("engine", engine),  # type: ignore[arg-type]
                tmp_path,
                SettingsFile(tmp_path),
                language,
                may_name_folders=True,
            )
            page.demo = demo
            page.outputs.mkdir(exist_ok=True)
            return page

        yield make
