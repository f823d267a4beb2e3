"""Our tokenizer equals transformers' CLIPTokenizer, from either form of the vocabulary."""

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import CLIPTokenizer

from runtime.errors import ModelFolderError
from runtime.pipeline import BUNDLED_MODELS
from runtime.tokenizer import ClipTokenizer

FOLDER = BUNDLED_MODELS / "demo-scenes" / "tokenizer"
PIECES = st.sampled_from(
    [
        "a red house",
        "hills",
        "<|startoftext|>",
        "<|endoftext|>",
        "<|",
        "|>",
        "'s",
        "É",
        "ß",
        "İ",
        "½",
        "中文",
        "e\u0301",
        *("🎉", "\u00a0", "\u3000", "\t\n", "  ", "12", "...", "\x00", "_-"),
    ]
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=6)), max_size=12).map(" ".join) | st.text(max_size=40)


@pytest.fixture(scope="module")
def reference() -> CLIPTokenizer:
    return CLIPTokenizer.from_pretrained(FOLDER)


@pytest.fixture(scope="module")
def from_parts(tmp_path_factory: pytest.TempPathFactory) -> ClipTokenizer:
    folder = tmp_path_factory.mktemp("parts")
    for name in ("vocab.json", "merges.txt"):
        shutil.copy(FOLDER / name, folder)
    return ClipTokenizer(folder)


WHOLE = ClipTokenizer(FOLDER)


@settings(max_examples=1500, deadline=None)
@given(text=TEXTS)
def test_any_text_gives_the_ids_of_transformers(
    text: str, reference: CLIPTokenizer, from_parts: ClipTokenizer
) -> None:
    expected = reference(text, padding="max_length", max_length=77)["input_ids"]
    for tokenizer in (WHOLE, from_parts):
        words = tokenizer.words(text)
        assert [tokenizer.start_id, *words, tokenizer.end_id] == expected[: len(words) + 2]
        assert len(words) > tokenizer.room or list(tokenizer.row(words)) == expected


def test_the_pad_token_is_read_from_the_configuration(tmp_path: Path) -> None:
    """SD 2 pads with another token than the end token."""
    shutil.copytree(FOLDER, tmp_path / "t")
    config = json.loads((FOLDER / "tokenizer_config.json").read_text())
    (tmp_path / "t" / "tokenizer_config.json").write_text(json.dumps(config | {"pad_token": "!"}))
    vocabulary = json.loads((FOLDER / "vocab.json").read_text())
    assert list(ClipTokenizer(tmp_path / "t").row([]))[-1] == vocabulary["!"]
    assert list(WHOLE.row([]))[-1] == vocabulary["<|endoftext|>"]


def test_a_tokenizer_of_a_larger_model_is_refused() -> None:
    with pytest.raises(ModelFolderError, match="belongs to another model"):
        ClipTokenizer(FOLDER, vocab_size=100)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b'{"model": {"type": "BPE"}}'])
def test_a_damaged_tokenizer_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "tokenizer.json").write_bytes(content)
    with pytest.raises(ModelFolderError, match="tokenizer"):
        ClipTokenizer(tmp_path)


def test_an_empty_folder_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelFolderError, match=r"neither tokenizer\.json nor vocab\.json"):
        ClipTokenizer(tmp_path)
