"""The whole page, drawn in both languages."""

import asyncio
import shutil
import time
from collections import Counter
from pathlib import Path

import gradio as gr
import pytest
from fake_engine import FakeEngine

from runtime.places import BUNDLED_MODELS
from ui.page import build_page, mount_options
from ui.page.tabs import TABS
from ui.page.text import Language, Texts
from ui.settings import Settings, SettingsFile

CONTROLS = ("textbox", "dropdown", "slider", "number", "button", "checkbox", "radio")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_is_drawn(language: Language, engine: FakeEngine, tmp_path: Path) -> None:
    began = time.perf_counter()
    page = build_page(engine, tmp_path, SettingsFile(tmp_path), language, may_name_folders=True)  # type: ignore[arg-type]
    print(f"drawn in {time.perf_counter() - began:.2f} s: {len(page.blocks)} parts, {len(page.fns)} events")
    tabs = [block for block in page.blocks.values() if isinstance(block, gr.Tab)]
    texts = Texts(language)
    drawn = {tab.id: tab.label for tab in tabs if tab.elem_id == f"tab-{tab.id}"}
    assert drawn == {tab.id: texts.say(f"common.tab.{tab.id}") for tab in TABS if tab.id in drawn}
    assert {"text-to-image", "unconditional"} <= set(drawn)


def test_every_control_has_a_label_and_a_name_of_its_own(engine: FakeEngine, tmp_path: Path) -> None:
    page = build_page(engine, tmp_path, SettingsFile(tmp_path), "en", may_name_folders=True)  # type: ignore[arg-type]
    names = [block.elem_id for block in page.blocks.values() if block.elem_id]
    assert [name for name, count in Counter(names).items() if count > 1] == []
    for block in page.blocks.values():
        if block.get_block_name() in CONTROLS:
            label = block.value if isinstance(block, gr.Button) else block.label
            assert any(letter.isalpha() for letter in label or ""), block.elem_id
            assert block.elem_id, label


def test_no_event_is_offered_to_programs(engine: FakeEngine, tmp_path: Path) -> None:
    """What a program may ask for is the business of the APIs; the page's own events are private."""
    page = build_page(engine, tmp_path, SettingsFile(tmp_path), "en", may_name_folders=True)  # type: ignore[arg-type]
    public = [
        event.api_name
        for event in page.fns.values()
        if event.api_visibility == "public" and event.fn is not None
    ]
    assert public == []


def test_nothing_is_fetched_from_elsewhere(tmp_path: Path) -> None:
    settings = SettingsFile(tmp_path)
    settings.write(Settings(theme="dark"))
    options = mount_options(settings)
    assert "//" not in options["css"].replace("/*", "")
    assert "http" not in options["head"]
    assert 'lapdrawTheme="dark"' in options["head"]
    assert options["theme"]._stylesheets == []
    assert options["footer_links"] == []


def test_loading_chooses_a_model_of_ones_own_where_nobody_chose_and_nothing_else(
    engine: FakeEngine, tmp_path: Path
) -> None:
    """It ends late on a slow machine: what is sent although it is what was chosen would undo a choice."""
    page = build_page(engine, tmp_path, SettingsFile(tmp_path), "en", may_name_folders=True)  # type: ignore[arg-type]
    (event,) = [event for event in page.fns.values() if getattr(event.fn, "__name__", "") == "load"]
    names = [part.elem_id for part in event.inputs]

    def loaded() -> dict[str, dict[str, object]]:
        async def first() -> list[dict[str, object]]:
            generator = event.fn(*(part.value for part in event.inputs))
            try:
                return await anext(generator)
            finally:
                await generator.aclose()

        return dict(zip(names, asyncio.run(first())[1:], strict=True))

    assert all(not {"value", "info"} & update.keys() for update in loaded().values())
    shutil.copytree(BUNDLED_MODELS / "demo-scenes", tmp_path / "models" / "mine")
    found = loaded()
    assert str(found["text-to-image-model"]["value"]).startswith("mine|")
    assert "value" not in found["upscale-model"]
