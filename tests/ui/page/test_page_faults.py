"""Sentences of other parts of the program, on the Chinese page."""

import re
from pathlib import Path

import pytest
from fake_engine import CPU, MakePage

from runtime import TextToImage
from runtime.errors import LapdrawError
from runtime.file_lock import drop_lock, take_lock
from runtime.model_folder import ModelFolder
from runtime.models import find_model
from runtime.placement import find_device
from tests.runtime.model_folders import write_manifest
from tests.ui.fetched_folders import put_model, put_source
from ui.fetched_sources import remove_fetched
from ui.jobs.failure import of_crash, of_exit, of_silence, twice
from ui.model_store import remove_model
from ui.page.faults import translated
from ui.page.text import Texts
from ui.page.texts.faults import TEXTS

ZH, EN = Texts("zh"), Texts("en")
ENGLISH = re.compile(r"[A-Za-z]+ [a-z]+ [a-z]+")  # three words: no name, no unit


def _raised(call: object, *arguments: object) -> str:
    with pytest.raises(LapdrawError) as caught:
        call(*arguments)  # type: ignore[operator]
    return str(caught.value)


def test_how_a_job_ended_is_told_in_chinese() -> None:
    reasons = [
        of_exit(-9),
        of_exit(-11),
        of_exit(3),
        of_crash("MemoryError"),
        of_crash("KeyError"),
        of_silence(60),
    ]
    for reason in [*reasons, *map(twice, reasons)]:
        told = translated(ZH, reason)
        assert not ENGLISH.search(told), told
        assert translated(EN, reason) == reason


def test_what_the_runtime_says_is_told_in_chinese(tmp_path: Path) -> None:
    said = [
        _raised(find_model, "nowhere", tmp_path, tmp_path),
        _raised(find_device, "igpu", [CPU]),
        *TextToImage(prompt="a", negative_prompt="b", guidance_scale=1).warnings,
    ]
    for sentence in said:
        assert not ENGLISH.search(translated(ZH, sentence)), sentence


def test_what_is_said_of_deleting_a_model_is_told_in_chinese(tmp_path: Path) -> None:
    source = put_source(tmp_path)
    folder = put_model(tmp_path, "mine", source)
    sums = {"dream.safetensors": "0" * 64}
    notes = ("recognised as SDXL", "with the VAE of v.safetensors")
    write_manifest(folder, "dream.safetensors", sha256=sums, notes=notes)
    by_hand = ModelFolder(put_model(tmp_path, "by-hand", None))
    held = take_lock(source.parent / "lock")
    said = [
        _raised(remove_model, "mine", tmp_path, {"mine"}),
        _raised(remove_fetched, "ORG/NAME", tmp_path, {str(source)}),
        _raised(remove_fetched, "ORG/NAME", tmp_path),
        *ModelFolder(folder).manifest.source.notes,  # type: ignore[union-attr]
        *by_hand.notes,
    ]
    drop_lock(held, source.parent / "lock")
    for sentence in said:
        assert not ENGLISH.search(translated(ZH, sentence)), sentence


def test_a_sentence_that_is_not_known_stays(make_page: MakePage) -> None:
    page = make_page("zh")
    assert page.words("the moon is made of cheese: bring bread") == "the moon is made of cheese: bring bread"
    assert page.words("a" * 100_000) == "a" * 100_000


def test_every_sentence_is_found_by_its_own_pattern() -> None:
    for key, (english, chinese) in TEXTS.items():
        names = re.findall(r"\{(\w+)\}", english)
        values = {name: f"<{name}>" for name in names}
        assert translated(ZH, english.format(**values)) == chinese.format(**values), key
