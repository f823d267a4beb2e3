"""The Optimize tab: what it asks for, what it refuses, what it shows of a job."""

import asyncio
import shutil
import time
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from fake_engine import FakeEngine, MakePage
from models_driver import DEMO, EVIL, driver, optimized

from runtime.places import BUNDLED_SOURCES
from tests.runtime.model_folders import write_ir, write_source
from ui.jobs import Progress
from ui.page.tabs.optimize import errors_html, phase_words


@pytest.fixture(autouse=True)
def no_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "no-hub"))


def test_what_is_chosen_becomes_a_job(make_page: MakePage) -> None:
    tab = driver(make_page, "optimize")
    tab.set({"source": DEMO, "precision": "fp32", "name": " mine "})
    spec, _ = tab.ask("start")
    assert spec.kind == "optimize"
    assert spec.body == {
        "source": str((BUNDLED_SOURCES / "demo-scenes").resolve()),
        "precision": "fp32",
        "name": "mine",
    }


def test_a_folder_on_disk_is_taken_instead_of_the_list(make_page: MakePage, tmp_path: Path) -> None:
    tab = driver(make_page, "optimize")
    folder = write_source(tmp_path / "elsewhere")
    tab.set({"source": DEMO, "folder": f" {folder} ", "name": "mine"})
    assert tab.ask("start")[0].body["source"] == str(folder.resolve())


def test_a_page_for_others_takes_no_folder_whatever_they_send(make_page: MakePage, tmp_path: Path) -> None:
    tab = driver(make_page, "optimize", may_name_folders=False)
    tab.set({"source": DEMO, "folder": str(write_source(tmp_path / "elsewhere")), "name": "mine"})
    assert tab.ask("start")[0].body["source"] == str((BUNDLED_SOURCES / "demo-scenes").resolve())
    tab.set({"source": str(tmp_path / "elsewhere")})
    assert "not there any more" in tab.refusal("start")
    assert not tab._find("folder").visible


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"source": None}, "Choose a model to optimize first"),
        ({"folder": "/nowhere/at/all"}, "no model folder"),
        ({"name": "../x"}, "cannot be a model&#x27;s name"),
        ({"name": None}, "cannot be a model&#x27;s name"),
        ({"name": "taken"}, "There is a model taken already"),
        ({"precision": "int4"}, "precision must be one of fp32, fp16, int8, int8-weights"),
    ],
)
def test_what_cannot_be_optimized_is_refused_in_a_sentence(
    make_page: MakePage, tmp_path: Path, values: dict[str, Any], words: str
) -> None:
    tab = driver(make_page, "optimize")
    write_ir(tmp_path / "models" / "taken")
    tab.set({"source": DEMO, "name": "mine", **values})
    assert words in tab.refusal("start")


def test_nothing_starts_in_an_environment_that_the_next_start_makes_anew(
    make_page: MakePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = driver(make_page, "optimize")
    monkeypatch.setattr("ui.page.optimize_source.is_setup_unfinished", lambda: True)
    tab.set({"source": DEMO, "name": "mine"})
    assert "An installation was interrupted" in tab.refusal("start")


def test_without_pytorch_the_start_says_so_and_asks_for_the_smaller_one(
    make_page: MakePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = {True: (1700 * 10**6, 620 * 10**6), False: (5800 * 10**6, 3070 * 10**6)}
    monkeypatch.setattr("ui.page.optimize_source.brings_cuda", lambda group: True)
    for module in ("ui.page.optimize_source", "ui.optimize_forecast"):
        monkeypatch.setattr(f"{module}.install_bytes", lambda group, cpu_pytorch: sizes[cpu_pytorch])
    tab = driver(make_page, "optimize")
    assert tab._find("cpu-pytorch").visible
    tab.set({"source": DEMO, "name": "mine"})
    answer = tab.press("source", "input")
    assert "1.7\N{NO-BREAK SPACE}GB" in answer[2]
    assert "only the conversion uses them" in answer[2]
    assert answer[3]["value"] == "Install what it needs and optimize"
    assert tab.ask("start")[0].body["cpu_pytorch"] is True
    tab.set({"cpu-pytorch": False, "name": "other"})
    assert "5.8\N{NO-BREAK SPACE}GB" in tab.press("source", "input")[2]
    assert "cpu_pytorch" not in tab.ask("start")[0].body


def test_the_name_follows_what_is_chosen_until_somebody_writes_one(make_page: MakePage) -> None:
    tab = driver(make_page, "optimize")
    tab.set({"source": DEMO, "precision": "fp32"})
    assert tab.press("source", "input")[:2] == ["demo-scenes-fp32"] * 2
    tab.set({"name": "my own"})
    assert tab.press("source", "input")[0] == "my own"


def test_what_does_not_fit_is_said_in_red_before_the_start(
    make_page: MakePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = driver(make_page, "optimize")
    tab.set({"source": DEMO})
    assert "ld-note-bad" not in tab.press("source", "input")[2]
    monkeypatch.setattr("ui.optimize_forecast.available_bytes", lambda: 10**8)
    shown = tab.press("source", "input")[2]
    assert "Memory is short: about 1.4\N{NO-BREAK SPACE}GB are needed" in shown
    assert "ld-note-bad" in shown


def test_a_job_done_here_tells_how_fast_this_machine_is(make_page: MakePage, engine: FakeEngine) -> None:
    tab = driver(make_page, "optimize")
    tab.set({"source": DEMO})
    assert "where it was measured" in tab.press("source", "input")[2]
    optimized(engine, tab.page, "one", seconds=600.0)
    shown = tab.press("source", "input")[2]
    assert "by earlier optimizations here" in shown
    assert "10 minutes" in shown


def test_refresh_finds_a_source_that_was_put_there(make_page: MakePage, tmp_path: Path) -> None:
    tab = driver(make_page, "optimize")
    write_source(tmp_path / "sources" / "new")
    damaged = write_source(tmp_path / "sources" / "damaged")
    shutil.rmtree(damaged / "unet")
    source, unusable = tab.press("refresh")
    assert [key for _, key in source["choices"]] == ["data:new", DEMO]
    assert "damaged" in unusable
    assert "lacks its unet" in unusable


def test_phases_are_said_in_both_languages(make_page: MakePage) -> None:
    english, chinese = make_page("en"), make_page("zh")
    assert phase_words(english, "exporting unet") == "converting unet"
    assert phase_words(chinese, "exporting unet") == "转换 unet"
    assert phase_words(chinese, "writing manifest") == "写入清单"
    assert phase_words(english, "a phase of tomorrow") == "a phase of tomorrow"


def test_the_measured_errors_are_shown_and_nothing_in_them_is_markup(
    make_page: MakePage, engine: FakeEngine
) -> None:
    page = make_page()
    shown = errors_html(page, optimized(engine, page, "mine"))
    assert "0.04 %" in shown
    assert shown.count("&lt; 0.001 %") == 3
    evil = optimized(engine, page, EVIL, errors={EVIL: {"fp16": 1e-3}}, path=EVIL)
    assert "<script" not in errors_html(page, evil)
    assert "<img" not in errors_html(page, evil)
    assert errors_html(page, None) == ""


def test_progress_is_told_in_words_with_a_bar(make_page: MakePage, engine: FakeEngine) -> None:
    tab = driver(make_page, "optimize")
    tab.set({"source": DEMO, "name": "mine"})
    tab.ask("start")
    job = engine.jobs()[0]
    resume = next(e.fn for e in tab.page.demo.fns.values() if e.fn and e.fn.__name__ == "_resume")
    engine.tell(job.id, Progress(phase="optimize"), state="running", started=1.0)
    shown = {component.elem_id: value for component, value in asyncio.run(_first(resume)).items()}
    assert "Starting" in shown["optimize-live"]
    engine.tell(job.id, Progress(phase="[3/14] exporting unet"))
    shown = {component.elem_id: value for component, value in asyncio.run(_first(resume)).items()}
    assert 'aria-valuenow="14"' in shown["optimize-live"]
    assert "Step 3 of 14: converting unet" in shown["optimize-live"]
    assert shown["optimize-cancel"]["interactive"]
    engine.tell(job.id, state="failed", reason="no room: free some", report="trace", finished=time.time())
    shown = {component.elem_id: value for component, value in asyncio.run(_first(resume)).items()}
    assert "no room: free some" in shown["optimize-error"]
    assert (shown["optimize-report"]["value"], shown["optimize-report"]["visible"]) == ("trace", True)


async def _first(resume: Any) -> Any:
    updates = resume(gr.Request(session_hash="session"))
    first = await updates.__anext__()
    await updates.aclose()
    return first
