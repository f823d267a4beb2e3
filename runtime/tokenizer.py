"""CLIP tokenization without transformers: text to token ids, and those to the (77,) rows an encoder reads."""

import copy
import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import AddedToken, Regex, Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.normalizers import NFC, Lowercase, Replace
from tokenizers.normalizers import Sequence as NormalizerSequence
from tokenizers.pre_tokenizers import ByteLevel, Split
from tokenizers.pre_tokenizers import Sequence as PreSequence

from runtime.arrays import IntArray
from runtime.errors import ModelFolderError

START, END = "<|startoftext|>", "<|endoftext|>"
# The word pattern of CLIP (Radford et al. 2021): special tokens, contractions, letters, digits, the rest.
WORDS = r"""<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"""


class ClipTokenizer:
    """Reads `tokenizer.json`, or `vocab.json` and `merges.txt`, and equals transformers' CLIPTokenizer.

    Raises ModelFolderError when the folder holds neither, or the vocabulary does not fit the text encoder.
    """

    def __init__(self, folder: Path, *, max_length: int = 77, vocab_size: int | None = None) -> None:
        self.max_length = max_length
        self._named: dict[tuple[int, ...], tuple[int, ...]] = {}
        self._tokenizer = _read(folder)
        # Without registering them, text that contains "<|" is split differently from transformers.
        self._tokenizer.add_special_tokens(
            [AddedToken(token, normalized=False, special=True) for token in (START, END)]
        )
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        start, end = self._tokenizer.token_to_id(START), self._tokenizer.token_to_id(END)
        size = self._tokenizer.get_vocab_size()
        if vocab_size is not None and size > vocab_size:
            raise ModelFolderError(
                f"the tokenizer in {folder} has {size} tokens but the text encoder knows {vocab_size}: "
                "it belongs to another model; restore the model's own tokenizer folder"
            )
        self.start_id, self.end_id = int(start), int(end)
        self.pad_id = self._pad_id(folder)

    def _pad_id(self, folder: Path) -> int:
        """SD 1.x pads with the end token, SD 2.x with "!" (id 0): the configuration says which."""
        for name in ("tokenizer_config.json", "special_tokens_map.json"):
            token = _read_json(folder / name).get("pad_token") if (folder / name).is_file() else None
            if isinstance(token, dict):
                token = token.get("content")
            if isinstance(token, str):
                found = self._tokenizer.token_to_id(token)
                if found is None:
                    raise ModelFolderError(
                        f"{folder / name} names the pad token {token!r}, which the vocabulary does not hold: "
                        "restore the model's own tokenizer folder"
                    )
                return int(found)
        return self.end_id

    @property
    def room(self) -> int:
        """How many tokens of text the encoder reads at once: all but the start and the end."""
        return self.max_length - 2

    @cached_property
    def comma_id(self) -> int | None:
        """The token of a comma, None where the vocabulary has none."""
        found = self._tokenizer.token_to_id(",</w>")
        return None if found is None else int(found)

    def words(self, text: str) -> list[int]:
        """Return the token ids of a text, as many as it takes."""
        ids = list(self._tokenizer.encode(text, add_special_tokens=False).ids)
        return self._with_named(ids) if self._named else ids

    def with_words(self, named: Mapping[tuple[int, ...], tuple[int, ...]]) -> "ClipTokenizer":
        """Return a tokenizer that gives other ids where some stand in a row, of several the longest row."""
        other = copy.copy(self)
        other._named = dict(sorted(named.items(), key=lambda item: -len(item[0])))
        return other

    def _with_named(self, ids: list[int]) -> list[int]:
        given: list[int] = []
        at = 0
        while at < len(ids):
            word = next((word for word in self._named if tuple(ids[at : at + len(word)]) == word), None)
            given += ids[at : at + 1] if word is None else self._named[word]
            at += 1 if word is None else len(word)
        return given

    def text(self, ids: Sequence[int]) -> str:
        """Return what tokens say, in small letters as the model reads it."""
        owners = {own: word for word, owns in self._named.items() for own in owns}
        plain: list[int] = []
        for at, token in enumerate(ids):  # of an embedding, its name once
            word = owners.get(token)
            if word is None or at == 0 or owners.get(ids[at - 1]) != word:
                plain += (token,) if word is None else word
        said = self._tokenizer.decode(plain, skip_special_tokens=False)
        return str(said).replace("</w>", " ").replace(" ,", ",").strip()

    def row(self, words: Sequence[int]) -> IntArray:
        """Return (max_length,) int64 ids: start, at most `room` words, end, padding."""
        ids = [self.start_id, *words, self.end_id]
        return np.array(ids + [self.pad_id] * (self.max_length - len(ids)), dtype=np.int64)


def _read(folder: Path) -> Tokenizer:
    whole, vocab, merges = folder / "tokenizer.json", folder / "vocab.json", folder / "merges.txt"
    try:
        if whole.is_file():
            tokenizer = Tokenizer.from_str(whole.read_text(encoding="utf-8"))
            tokenizer.post_processor = None
        elif vocab.is_file() and merges.is_file():
            tokenizer = _build(_read_json(vocab), merges)
        else:
            raise ModelFolderError(
                f"{folder} holds neither tokenizer.json nor vocab.json with merges.txt: "
                "copy the tokenizer folder of the source model there"
            )
    except ModelFolderError:
        raise
    except (OSError, UnicodeDecodeError) as error:
        raise ModelFolderError(
            f"the tokenizer in {folder} cannot be read ({error}): optimize the model again"
        ) from error
    except Exception as error:  # tokenizers raises plain Exception for every malformed file
        raise ModelFolderError(
            f"the tokenizer in {folder} is damaged ({error}): optimize the model again"
        ) from error
    for token in (START, END):
        if tokenizer.token_to_id(token) is None:
            raise ModelFolderError(
                f"the tokenizer in {folder} has no {token} token, so it is not a CLIP tokenizer: "
                "restore the model's own tokenizer folder"
            )
    return tokenizer


def _build(vocab: dict[str, Any], merges: Path) -> Tokenizer:
    """The CLIP pipeline around a BPE vocabulary: NFC, white space folded, lower case, byte-level words."""
    lines = merges.read_text(encoding="utf-8").split("\n")
    pairs = [tuple(line.split(" ")) for line in lines if line and not line.startswith("#version")]
    bpe = BPE(
        vocab, pairs, unk_token=END, end_of_word_suffix="</w>", continuing_subword_prefix="", fuse_unk=False
    )
    tokenizer = Tokenizer(bpe)
    tokenizer.normalizer = NormalizerSequence([NFC(), Replace(Regex(r"\s+"), " "), Lowercase()])
    split = Split(Regex(WORDS), behavior="removed", invert=True)
    tokenizer.pre_tokenizer = PreSequence([split, ByteLevel(add_prefix_space=False, use_regex=True)])
    tokenizer.decoder = ByteLevelDecoder()
    return tokenizer


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelFolderError(f"{path} cannot be read ({error}): optimize the model again") from error
    if not isinstance(value, dict):
        raise ModelFolderError(f"{path} should hold a JSON object: optimize the model again")
    return value
