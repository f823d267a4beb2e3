"""What a checkpoint says of itself is cleaned and cut, whatever it is, and the manifest holds it."""

import json
import os
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.card_sources import card_of_file, card_of_metadata
from runtime.errors import ModelFolderError
from runtime.manifest import Manifest, Source
from runtime.model_card import LONGEST, LONGEST_WORDS, MOST, ModelCard, plain_text
from runtime.safetensors_header import read_header
from tests.safetensors_files import header_of, write_header

MARKUP = re.compile(r"<[A-Za-z/!?]")
KEYS = [
    f"modelspec.{name}" for name in ("title", "author", "license", "date", "trigger_phrase", "usage_hint")
]
KEYS += ["modelspec.description", "ss_output_name", "ss_sd_model_name", "ss_tag_frequency"]
ODD = st.text(st.characters(codec=None), max_size=50) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        "&lt;img src=x&gt;",
        "<<b>script>",
        "\x1b[31mred\x1b[0m",
        "\u202etxt",
        "\ud800",
    ]
)
TABLES = st.dictionaries(
    ODD, st.dictionaries(ODD, st.integers() | st.none() | ODD, max_size=5) | ODD, max_size=3
)


def sealed(card: ModelCard) -> bytes:
    return manifest_of(card).to_bytes()


def manifest_of(card: ModelCard) -> Manifest:
    source = Source(location="../x.safetensors", card=card)
    return Manifest(source=source, precision="fp16", tools={}, created="now", errors={}, files={})


def file_with(folder: Path, metadata: dict[str, str]) -> Path:
    return write_header(folder / "x.safetensors", header_of({"w": (2,)}, metadata=metadata))


def card_of(path: Path) -> ModelCard:
    return card_of_file(read_header(path))


def test_what_a_file_says_of_itself_is_read(tmp_path: Path) -> None:
    tags = {"10_a": {"1girl": 9, " sky": 3, "": 99, "bad": "5"}, "5_b": {"sky": 4, "cat": 7}, "c": 5}
    path = file_with(
        tmp_path,
        {
            "modelspec.title": "Dream &amp; Shape",
            "modelspec.author": "a\tb\n c",
            "modelspec.license": "None",
            "modelspec.trigger_phrase": "sks, (dog:1.2)",
            "modelspec.thumbnail": "data:image/jpeg;base64," + "A" * 10**6,
            "ss_tag_frequency": json.dumps(tags),
            "ss_sd_model_name": "v1-5.safetensors",
        },
    )
    assert card_of(path).to_dict() == {
        "title": "Dream & Shape",
        "author": "a b c",
        "trained_from": "v1-5.safetensors",
        "trigger_words": ["sks, (dog:1.2)"],
        "tags": ["1girl", "cat", "sky"],
    }


def test_files_that_a1111_keeps_beside_it_add_to_that(tmp_path: Path) -> None:
    path = file_with(tmp_path, {"modelspec.trigger_phrase": "sks"})
    version = {"name": "v2", "model": {"name": "Dream"}, "baseModel": "SD 1.5", "description": "<p>Hi</p>"}
    (tmp_path / "x.civitai.info").write_text(
        json.dumps(version | {"trainedWords": ["SKS", "dog", 5]}), "utf-8"
    )
    (tmp_path / "x.json").write_text('{"activation text": "a cat", "description": "mine"}', "utf-8-sig")
    assert card_of(path) == ModelCard(
        title="Dream v2", description="Hi", trained_from="SD 1.5", trigger_words=("sks", "dog", "a cat")
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"activation text": 7, "trainedWords": {"a": 1}, "model": [], "name": null}',
        b'{"activation text": "' + b"a" * (1 << 20) + b'"}',
    ],
)
def test_a_side_file_that_is_none_says_nothing(tmp_path: Path, content: bytes) -> None:
    path = file_with(tmp_path, {})
    for name in ("x.civitai.info", "x.json"):
        (tmp_path / name).write_bytes(content)
    assert card_of(path) == ModelCard()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    path = file_with(tmp_path, {})
    os.mkfifo(tmp_path / "x.json")  # opening it would wait for ever
    (tmp_path / "x.civitai.info").mkdir()
    assert card_of(path) == ModelCard()


def test_a_megabyte_of_everything_stays_small() -> None:
    metadata = dict.fromkeys(KEYS, "<b>&amp;\x00word, " * 60_000)
    metadata["ss_tag_frequency"] = json.dumps({"a": {f"{i} {'t' * 99}": i for i in range(20_000)}})
    card = card_of_metadata(metadata)
    assert len(card.tags) == MOST["tags"]
    assert card.tags[0] == f"19999 {'t' * 74}"
    assert len(sealed(card)) < 12_000
    assert Manifest.from_bytes(sealed(card), "it").source.card == card


@given(st.dictionaries(st.sampled_from(KEYS), ODD), TABLES)
def test_no_metadata_breaks_a_manifest(metadata: dict[str, str], tables: dict[str, object]) -> None:
    card = card_of_metadata(metadata | {"ss_tag_frequency": json.dumps(tables)})
    texts = [text for name in LONGEST if (text := getattr(card, name))]
    for text in (*texts, *card.trigger_words, *card.tags):
        assert not MARKUP.search(text)
        assert not [letter for letter in text if unicodedata.category(letter).startswith("C")]
        assert text == text.strip() != ""
    assert Manifest.from_bytes(sealed(card), "it") == manifest_of(card)
    assert ("card" in json.loads(sealed(card))["source"]) == (card != ModelCard())


@given(st.text(st.characters(codec=None)), st.integers(1, 30))
def test_a_text_is_cut_and_cleaning_it_again_leaves_no_more(text: str, longest: int) -> None:
    once = plain_text(text, longest)
    assert len(once) <= longest
    if "&" not in once:
        assert plain_text(once, longest) == once


def test_a_model_without_a_card_is_written_as_before() -> None:
    assert set(json.loads(sealed(ModelCard()))["source"]) == {"location", "revision", "sha256"}


@pytest.mark.parametrize(
    ("card", "wrong"),
    [
        ({"title": ""}, "title"),
        ({"title": 5}, "title"),
        ({"title": "x" * (LONGEST["title"] + 1)}, "title"),
        ({"colour": "red"}, "colour"),
        ({"tags": []}, "tags"),
        ({"tags": "sky"}, "tags"),
        ({"tags": ["x"] * (MOST["tags"] + 1)}, "tags"),
        ({"trigger_words": ["x" * (LONGEST_WORDS["trigger_words"] + 1)]}, "trigger_words"),
        ([], "source.card"),
    ],
)
def test_a_card_that_was_not_written_here_is_refused(card: object, wrong: str) -> None:
    body = json.loads(sealed(ModelCard(title="x")))
    body["source"]["card"] = card
    with pytest.raises(
        ModelFolderError, match=rf"it: source\.card.*{wrong}|it: source\.card must be"
    ) as caught:
        Manifest.from_bytes(json.dumps(body).encode(), "it")
    assert "\n" not in str(caught.value)
