"""Every text exists in both languages, is used, and takes the same values in both."""

import re
import string
from importlib import import_module
from pathlib import Path

import pytest

from ui.generate_options import SIDES
from ui.page.mask_controls import NUMBERS
from ui.page.text import LANGUAGES, Texts
from ui.task_choice import TASKS

ROOT = Path(__file__).resolve().parents[3]
MODULES = sorted(path.stem for path in (ROOT / "ui/page/texts").glob("*.py") if path.stem != "__init__")
SOURCES = [
    path
    for folder in ("ui/page", "ui/web")
    for path in (ROOT / folder).rglob("*.py")
    if "texts" not in path.parts
]


def _tables() -> dict[str, dict[str, tuple[str, str]]]:
    return {name: import_module(f"ui.page.texts.{name}").TEXTS for name in MODULES}


def _named() -> list[tuple[str, str]]:
    """File and text of every string that begins as a key does; what an f-string fills in is in braces."""
    return [
        (path.name, found)
        for path in SOURCES
        for found in re.findall(
            rf"[\"']((?:{'|'.join(MODULES)}|\{{[\w.]+\}})\.[^\"'\n]+)[\"']", path.read_text(encoding="utf-8")
        )
    ]


@pytest.mark.parametrize("module", MODULES)
def test_every_text_says_something_in_both_languages(module: str) -> None:
    for key, texts in _tables()[module].items():
        assert len(texts) == len(LANGUAGES), key
        assert all(text.strip() == text and text for text in texts), key


@pytest.mark.parametrize("module", MODULES)
def test_both_languages_take_the_same_values(module: str) -> None:
    for key, texts in _tables()[module].items():
        english, chinese = (
            {name for _, name, _, _ in string.Formatter().parse(text) if name} for text in texts
        )
        assert english == chinese, key


def test_no_text_is_unused() -> None:
    """A name with some text in it counts for what it fits, one of variables alone for nothing."""
    named = [text for _, text in _named() if not re.fullmatch(r"\{[^}]*\}(\.\{[^}]*\})*", text)]
    patterns = [re.compile(re.sub(r"\\\{.*?\\\}", ".+", re.escape(text))) for text in named]
    code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    controls = {*re.findall(r"\.(?:slider|number|tick|choice)\(\s*\"(\w+)\"", code), *SIDES, *NUMBERS}
    unused = [
        f"{module}.{key}"
        for module, table in _tables().items()
        for key in table
        if not any(pattern.fullmatch(f"{module}.{key}") for pattern in patterns)
        and key.split(".")[0].removesuffix("_info") not in controls
    ]
    assert unused == []


def test_every_text_that_is_named_exists() -> None:
    known = {f"{module}.{key}" for module, table in _tables().items() for key in table}
    assert [(file, text) for file, text in _named() if "{" not in text and text not in known] == []


def test_a_text_takes_its_values_and_an_unknown_key_is_a_fault() -> None:
    texts = Texts("zh")
    assert texts.say("form.tokens", count=3, room=75) == "3 / 75 个词元"
    assert not texts.knows("form.nothing")
    with pytest.raises(KeyError):
        texts.say("form.nothing")


def test_every_task_and_phase_of_a_picture_has_words() -> None:
    texts = Texts("en")
    for phase in (
        "starting",
        "loading",
        "compiling",
        "encoding the prompt",
        "denoising",
        "decoding",
        "saving",
    ):
        assert texts.knows(f"panel.phase.{phase}")
    assert len(TASKS) == 7
