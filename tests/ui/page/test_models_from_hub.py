"""A model of the Hub in the Optimize tab: its token, what is known before, progress, faults and remedies."""

import asyncio
import re
import time
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from fake_engine import FakeEngine, MakePage
from models_driver import DEMO, EVIL, driver
from tab_driver import TabDriver

from runtime.places import CHECKOUT
from ui.jobs import Progress
from ui.page.remedies import remedy_html
from ui.page.tabs.optimize import phase_words
from ui.starter_models import STARTERS

TOKEN = "hf_aToKeNoFnObOdY"
READY, CONVERTED = STARTERS[0], STARTERS[-1]


@pytest.fixture(autouse=True)
def no_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "no-hub"))


def from_hub(make_page: MakePage, **changes: Any) -> TabDriver:
    tab = driver(make_page, "optimize", **changes)
    tab.set({"origin": "hub", "name": "mine"})
    return tab


def look(tab: TabDriver) -> Any:
    """Name, proposal and needs, as any choice shows them."""
    return tab.press("source", "input")


def test_a_model_of_the_hub_becomes_a_job_and_the_token_goes_beside_it(
    make_page: MakePage, engine: FakeEngine
) -> None:
    tab = from_hub(make_page)
    tab.set({"hub": " somebody/painter ", "token": f" {TOKEN} ", "precision": "int8"})
    spec, _ = tab.ask("start")
    assert spec.body == {
        "origin": "hub",
        "source": "somebody/painter",
        "precision": "int8",
        "name": "mine",
    }
    job = engine.jobs()[0]
    assert engine.tokens[job.id] == TOKEN
    assert TOKEN not in repr(job)
    tab.set({"revision": "v1.5", "variant": "fp16", "token": "", "name": "other"})
    spec, _ = tab.ask("start")
    assert (spec.body["revision"], spec.body["variant"]) == ("v1.5", "fp16")
    assert engine.tokens[engine.jobs()[0].id] == ""


def test_the_token_is_given_to_the_start_alone_and_never_comes_back(make_page: MakePage) -> None:
    tab = from_hub(make_page)
    field = tab._find("token")
    assert field.type == "password"
    assert field.html_attributes.autocomplete == "off"
    events = tab.page.demo.fns.values()
    (taken,) = [event for event in events if field in event.inputs]
    assert taken.targets[0] == (tab._find("start")._id, "click")
    assert not [event for event in events if field in event.outputs]
    assert "not encrypted" not in field.info


def test_over_a_network_the_page_says_that_a_token_is_not_encrypted_on_its_way(make_page: MakePage) -> None:
    tab = from_hub(make_page, may_name_folders=False)
    assert "This page is not encrypted on its way to you" in tab._find("token").info


def test_a_token_that_was_typed_before_another_origin_was_chosen_is_not_used(
    make_page: MakePage, engine: FakeEngine
) -> None:
    tab = driver(make_page, "optimize")
    tab.set({"origin": "folder", "source": DEMO, "token": TOKEN, "name": "mine"})
    assert "origin" not in tab.ask("start")[0].body
    assert engine.tokens[engine.jobs()[0].id] == ""


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"hub": None}, "Write the id of a model first"),
        ({"hub": "painter"}, "is no id of the Hugging Face Hub"),
        ({"hub": EVIL}, "is no id of the Hugging Face Hub"),
        ({"hub": "a/b", "revision": "--json"}, "cannot be a revision"),
        ({"hub": "a/b", "token": "two words"}, "what was typed as the token is none"),
    ],
)
def test_what_cannot_be_fetched_is_refused_in_a_sentence(
    make_page: MakePage, values: dict[str, Any], words: str
) -> None:
    tab = from_hub(make_page)
    tab.set(values)
    shown = tab.refusal("start")
    assert words in shown
    assert "<script" not in shown
    assert "two words" not in shown


def test_what_is_known_of_a_model_is_shown_and_nothing_is_asked_before_the_start(make_page: MakePage) -> None:
    tab = from_hub(make_page)
    tab.set({"hub": READY.id, "name": ""})
    name, proposal, needs, start, _ = look(tab)
    assert name == proposal == READY.id.split("/")[1]
    assert READY.license in needs
    assert "2.1\N{NO-BREAK SPACE}GB" in needs
    assert "Nothing is asked of the Hub before you press the button" in needs
    assert start["value"] == "Download and optimize"
    tab.set({"precision": "int8"})
    assert look(tab)[1] == f"{proposal}-int8"
    tab.set({"hub": CONVERTED.id, "precision": "fp16"})
    assert look(tab)[0] == "stable-diffusion-v1-5-fp16"
    tab.set({"hub": "somebody/painter"})
    _, proposal, needs, *_ = look(tab)
    assert proposal == "painter-fp16"
    assert "checked first" in needs
    assert "Licence" not in needs


def test_a_model_of_the_list_brings_its_variant_along(make_page: MakePage) -> None:
    tab = from_hub(make_page)
    assert [value for _, value in tab._find("hub").choices] == [row.id for row in STARTERS]
    tab.set({"hub": CONVERTED.id})
    assert tab.press("hub", "input") == "fp16"
    tab.set({"hub": READY.id})
    assert tab.press("hub", "input") == ""


def test_the_list_is_that_of_the_docs() -> None:
    text = (
        (CHECKOUT / "docs" / "models.md").read_text(encoding="utf-8").partition("## Models to begin with")[2]
    )
    rows = [
        tuple(cell.strip() for cell in line.split("|")[1:-1]) for line in text.splitlines() if "| `" in line
    ]
    assert len(rows) == len(STARTERS)
    for row, (name, what, licence, download, memory) in zip(STARTERS, rows, strict=True):
        assert name == f"`{row.id}`"
        assert ("ready-made" in what, "few steps" in what) == (row.is_ready, row.is_quick)
        assert ("--variant fp16" in what) == (row.variant == "fp16")
        assert ("-int8" in name) == row.is_int8
        assert licence == row.license
        assert download == f"{row.gigabytes} GB"
        told = [float(size) for size in re.findall(r"([\d.]+) GB", memory)]
        assert told == [size for size in (row.memory_gigabytes, row.converting_gigabytes) if size is not None]


# What came of it


def test_a_download_moves_the_bar_and_is_told_in_both_languages(
    make_page: MakePage, engine: FakeEngine
) -> None:
    tab = from_hub(make_page)
    tab.ask("start")
    job = engine.jobs()[0]
    phase = "[42%] fetching unet: 8.4 of 20.0 MB, 3.1 MB/s, 4 s left"
    shown = _shown(tab, engine, job.id, Progress(phase=phase), state="running", started=time.time())
    assert 'aria-valuenow="42"' in shown["optimize-live"]
    assert "42 %: fetching unet: 8.4 of 20.0 MB, 3.1 MB/s, 4 s left" in shown["optimize-live"]
    chinese = make_page("zh")
    assert phase_words(chinese, phase[6:]) == "下载 unet：8.4 / 20.0 MB，3.1 MB/s，剩余 4 秒"
    assert phase_words(chinese, "checking the model") == "检查模型"
    shown = _shown(tab, engine, job.id, state="cancelled", finished=time.time())
    assert "what was downloaded is kept" in shown["optimize-live"]


def test_a_failure_of_the_hub_comes_with_the_page_to_visit(make_page: MakePage, engine: FakeEngine) -> None:
    tab = from_hub(make_page)
    tab.ask("start")
    page = "https://huggingface.co/somebody/painter"
    reason = (
        f"somebody/painter is gated: visit {page}, accept its terms, and give a token of that account "
        "(--token-file FILE, a token.txt beside launch.py, HF_TOKEN, or `hf auth login`)"
    )
    job = engine.jobs()[0].id
    shown = _shown(tab, engine, job, state="failed", reason=reason, finished=time.time())["optimize-error"]
    assert f"is gated: visit {page}" in shown
    assert f'<a href="{page}" target="_blank" rel="noopener noreferrer">{page}</a>' in shown
    assert "type the token of that account above" in shown


def test_what_the_hub_says_is_no_markup_and_no_other_link(make_page: MakePage) -> None:
    page = make_page()
    for address in ("javascript:alert(1)", 'https://x/"><script>alert(1)</script>'):
        reason = (
            "there is no a/b on the Hub, or the account of the token from the page may not see it "
            f"({address}), and no folder of that name here: check the spelling"
        )
        shown = remedy_html(page, reason)
        assert shown
        assert "<script" not in shown
        assert "javascript:" not in shown
    assert remedy_html(page, "no room: free some") == ""


def _shown(tab: TabDriver, engine: FakeEngine, job: str, *told: Any, **changes: Any) -> dict[str, Any]:
    engine.tell(job, *told, **changes)
    resume = next(e.fn for e in tab.page.demo.fns.values() if e.fn and e.fn.__name__ == "_resume")

    async def first() -> Any:
        updates = resume(gr.Request(session_hash="session"))
        found = await updates.__anext__()
        await updates.aclose()
        return found

    return {component.elem_id: value for component, value in asyncio.run(first()).items()}
