"""What the page tells of an installed model: all of it as text, whatever strangers wrote."""

import re
from pathlib import Path

import gradio as gr
import pytest
from fake_engine import FakeEngine, MakePage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from models_driver import EVIL, driver, handler
from tab_driver import TabDriver

from runtime.model_card import LONGEST, LONGEST_WORDS, MOST, ModelCard
from tests.runtime.model_folders import write_ir, write_manifest
from tests.ui.fetched_folders import put_model, put_source
from ui.jobs import JobSpec
from ui.page.model_details import details_html, with_words
from ui.page.tabs import text_to_image

DIGEST = "6ce0161689b3853acaa03779ec93eafe75a02f4ced659bee03f50797806fa2fa"
CARD = ModelCard(title="Dream", license="openrail", trigger_words=("sks dog", "red hat"), tags=("sky",))
OURS = {"div", "table", "caption", "thead", "tbody", "tr", "th", "td", "h3", "h4", "details", "summary", "p"}


@pytest.fixture(autouse=True)
def no_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "no-hub"))


def put(data: Path, name: str = "mine", card: ModelCard = CARD, **source: object) -> Path:
    folder = write_ir(data / "models" / name)
    given = {"location": "../../webui/dream.safetensors", "sha256": {"dream.safetensors": DIGEST}} | source
    write_manifest(folder, card=card, **given)
    return folder


def tags_of(shown: str) -> set[str]:
    return set(re.findall(r"<([^\s/>]+)", shown))


def choose(tab: TabDriver, name: str) -> dict[str, object]:
    tab.set({"model": name})
    model = tab._find("model")
    (event,) = [e for e in tab.page.demo.fns.values() if (model._id, "change") in e.targets]
    answers = event.fn(name)
    return {
        part.elem_id.removeprefix("optimize-"): value
        for part, value in zip(event.outputs, answers, strict=True)
    }


def test_choosing_a_model_shows_what_is_known_of_it(make_page: MakePage, tmp_path: Path) -> None:
    put(tmp_path)
    shown = choose(driver(make_page, "optimize"), "mine")
    table = str(shown["details"])
    for text in (
        "About mine",
        "Dream",
        "openrail",
        DIGEST,
        DIGEST[:10],
        "file dream.safetensors",
        "FP16",
        "0.02 %",
    ):
        assert text in table
    assert str(tmp_path) not in table
    assert shown["words"]["value"] == "sks dog, red hat"  # type: ignore[index]
    assert (shown["words-use"]["visible"], shown["page"]["visible"]) == (True, False)  # type: ignore[index]
    assert tags_of(table) <= OURS


def test_a_model_of_the_hub_has_its_page_to_copy_and_no_link(make_page: MakePage, tmp_path: Path) -> None:
    put_model(tmp_path, "mine", put_source(tmp_path))
    shown = choose(driver(make_page, "optimize"), "mine")
    assert shown["page"]["value"] == f"https://huggingface.co/ORG/NAME/tree/{'c' * 40}"  # type: ignore[index]
    assert "Hugging Face Hub: ORG/NAME" in str(shown["details"])
    assert "0\N{NO-BREAK SPACE}MB in cache/hub" in str(shown["details"])
    assert "href" not in str(shown)
    assert not shown["words"]["visible"]  # type: ignore[index]


def test_tags_are_offered_where_the_maker_names_no_words(make_page: MakePage, tmp_path: Path) -> None:
    put(tmp_path, card=ModelCard(tags=("sky", "sea")))
    words = choose(driver(make_page, "optimize"), "mine")["words"]
    assert words["value"] == "sky, sea"  # type: ignore[index]
    assert "most frequent tags" in words["info"]  # type: ignore[index]


def test_the_details_speak_chinese(make_page: MakePage, tmp_path: Path) -> None:
    put(tmp_path)
    table = str(choose(driver(make_page, "optimize", language="zh"), "mine")["details"])
    assert "关于 mine" in table
    assert "许可证" in table


@pytest.mark.parametrize(
    "text", [EVIL, "x" * 10**6, EVIL * 20_000, '" onmouseover="alert(1)', "\x00\x1b[31m"]
)
def test_what_strangers_wrote_is_text_and_of_bounded_length(
    make_page: MakePage, tmp_path: Path, text: str
) -> None:
    card = ModelCard(
        **{name: text[:longest] for name, longest in LONGEST.items()},
        trigger_words=(text[: LONGEST_WORDS["trigger_words"]],) * MOST["trigger_words"],
        tags=(text[: LONGEST_WORDS["tags"]],) * MOST["tags"],
    )
    tab = driver(make_page, "optimize")
    for number, source in enumerate(
        ({"revision": None}, {"revision": text}, {"location": text + ".safetensors"})
    ):
        put(tmp_path, f"m{number}", card, **({"location": text, "notes": (text[:1000],) * 300} | source))
        shown = choose(tab, f"m{number}")
        table = str(shown["details"])
        assert tags_of(table) <= OURS
        assert "About m" in table
        assert 'onmouseover="' not in table
        assert len(table) < 200_000
        assert not shown["page"]["visible"]  # type: ignore[index]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(LONGEST)), st.text(max_size=60)), st.text(max_size=60))
def test_no_text_becomes_markup(make_page: MakePage, texts: dict[str, str], name: str) -> None:
    facts = {
        "name": name,
        "source": {"kind": "file", "name": name, "revision": name, "sha256": name, "short_hash": name},
        "card": texts | {"tags": [name]},
        "precision": name,
        "prediction_type": name,
        "component_bytes": {name: 1},
        "errors": {name: {"fp16": 1e-3}},
        "quantization": None,
        "files": {"in_manifest": 1, "known_unchanged": 0},
        "notes": [name],
        "created": name,
    }
    facts["source"] |= {"notes": [], "file_sha256": {name: name}, "fetched": []}  # type: ignore[operator]
    assert tags_of(details_html(make_page(), facts)) <= OURS


def test_words_are_added_to_the_prompt_of_the_form_once(make_page: MakePage, tmp_path: Path) -> None:
    put(tmp_path)
    page = make_page()
    page.facts = gr.HTML()
    with gr.Tabs() as page.tabs:
        with gr.Tab("pictures"):
            text_to_image.build(page)
        with gr.Tab("models"):
            tab = TabDriver(page, "optimize")
    page.complete()
    update = handler(tab, "words-use")("mine", "sks dog, red hat", "a cat,")
    prompt = next(part for part in update if part.elem_id == "text-to-image-prompt")
    assert update[prompt]["value"] == "a cat, sks dog, red hat"
    assert update[page.tabs].selected == "text-to-image"
    model = next(part for part in update if part.elem_id == "text-to-image-model")
    assert update[model]["value"].startswith("mine|")
    assert with_words("a cat, sks dog, red hat", "sks dog, red hat") == "a cat, sks dog, red hat"
    assert (with_words("", "sks"), with_words("a", "")) == ("sks", "a")


def test_deleting_offers_what_was_fetched_for_the_model_alone(
    make_page: MakePage, tmp_path: Path, engine: FakeEngine
) -> None:
    source = put_source(tmp_path, size=3_000_000)
    for name in ("mine", "others"):
        put_model(tmp_path, name, source)
    tab = driver(make_page, "optimize")
    tab.set({"model": "mine"})
    *_, question, _, _, offered = tab.press("delete")
    assert not offered["visible"]
    assert "they are also the source of others" in question
    remove = handler(tab, "delete-yes")
    assert "mine was deleted" in remove("mine", True)[2]
    assert source.is_dir()
    tab.set({"model": "others"})
    *_, offered = tab.press("delete")
    assert (offered["visible"], offered["value"]) == (True, False)
    assert "3\N{NO-BREAK SPACE}MB that were fetched" in offered["label"]
    job = engine.submit(JobSpec(kind="optimize", title="", body={"source": str(source.resolve())}))
    engine.tell(job.id, state="running")
    assert "needed by a job" in remove("others", True)[2]
    engine.tell(job.id, state="done")
    assert "others was deleted: 3\N{NO-BREAK SPACE}MB are free again" in remove("others", True)[2]
    assert not source.exists()


def loaded(tab: TabDriver, chosen: str) -> dict[str, dict[str, object]]:
    """What the page's loading changes, where `chosen` was chosen when it began."""
    (event,) = [
        event
        for event in tab.page.demo.fns.values()
        if (tab.page.demo._id, "load") in event.targets and tab._find("model") in event.outputs
    ]
    names = [part.elem_id.removeprefix("optimize-") for part in event.outputs]
    return dict(zip(names, event.fn(chosen), strict=True))


def test_loading_ends_late_and_takes_back_nothing_that_was_chosen_meanwhile(
    make_page: MakePage, tmp_path: Path
) -> None:
    put(tmp_path)
    tab = driver(make_page, "optimize")
    first = tab._find("model").value
    put(tmp_path, "newer")
    found = loaded(tab, first)
    assert "newer" in str(found["model"]["choices"])
    assert "newer" in str(found["models"])
    assert "value" not in found["model"]
    assert {name for name, update in found.items() if update == gr.skip()} == {
        "words",
        "words-use",
        "page",
        "details",
    }
    gone = loaded(tab, "gone")
    assert gone["model"]["value"] == first
    assert gone["details"] != gr.skip()
