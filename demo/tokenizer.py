"""Trains a CLIP-format byte-pair tokenizer on captions and writes it in every form that programs read."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from demo.captions import random_caption
from demo.scenes import random_scenes

START, END = "<|startoftext|>", "<|endoftext|>"
LENGTH = 77
_WORDS = r"""'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"""


def train_tokenizer(captions: list[str], most_entries: int = 900) -> Tokenizer:
    """Return CLIP's tokenizer (lower case, byte level, `</w>` ends a word), merges learned from captions."""
    tokenizer = Tokenizer(
        models.BPE(continuing_subword_prefix="", end_of_word_suffix="</w>", unk_token=END, fuse_unk=False)
    )
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_WORDS), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    # CLIP's vocabulary begins with the 256 bytes and the same 256 ending a word, so that any text has tokens.
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    learner = trainers.BpeTrainer(
        vocab_size=most_entries,
        initial_alphabet=letters,
        end_of_word_suffix="</w>",
        min_frequency=2,
        show_progress=False,
        special_tokens=[],
    )
    tokenizer.train_from_iterator(captions, learner)
    learned = json.loads(tokenizer.to_str())["model"]
    merges = [tuple(merge) for merge in learned["merges"]]
    vocabulary = {token: i for i, token in enumerate([*letters, *(f"{letter}</w>" for letter in letters)])}
    for first, second in merges:
        vocabulary.setdefault(first + second, len(vocabulary))
    for token in (START, END):
        vocabulary[token] = len(vocabulary)
    tokenizer.model = models.BPE(
        vocabulary,
        merges,
        continuing_subword_prefix="",
        end_of_word_suffix="</w>",
        unk_token=END,
        fuse_unk=False,
    )
    tokenizer.add_special_tokens([START, END])
    tokenizer.post_processor = processors.RobertaProcessing(
        sep=(END, vocabulary[END]), cls=(START, vocabulary[START]), trim_offsets=False, add_prefix_space=False
    )
    return tokenizer


def write_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """Write tokenizer.json, vocab.json, merges.txt and the two configurations of a CLIPTokenizer folder."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    model = json.loads(tokenizer.to_str())["model"]
    (folder / "vocab.json").write_text(json.dumps(model["vocab"], ensure_ascii=False), encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(merge) for merge in model["merges"])]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    special = {"bos_token": START, "eos_token": END, "unk_token": END, "pad_token": END}
    (folder / "special_tokens_map.json").write_text(json.dumps(special, indent=2) + "\n", encoding="utf-8")
    settings = {
        **special,
        "add_prefix_space": False,
        "do_lower_case": True,
        "errors": "replace",
        "model_max_length": LENGTH,
        "tokenizer_class": "CLIPTokenizer",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def token_ids(tokenizer: Tokenizer, captions: list[str]) -> np.ndarray:
    """Return (n, 77) int64 ids, padded with the end token as CLIP does."""
    end = tokenizer.token_to_id(END)
    ids = np.full((len(captions), LENGTH), end, np.int64)
    for row, encoded in zip(ids, tokenizer.encode_batch(captions), strict=True):
        row[: len(encoded.ids)] = encoded.ids[:LENGTH]
        row[LENGTH - 1] = end
    return ids


def main() -> None:
    """Train on captions of random scenes and write the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "work" / "tokenizer")
    parser.add_argument("--captions", type=int, default=20000)
    arguments = parser.parse_args()
    rng = np.random.default_rng(7)
    scenes = random_scenes(arguments.captions, 7, keep_out=False)
    tokenizer = train_tokenizer([random_caption(scene, rng) for scene in scenes])
    write_tokenizer(tokenizer, arguments.out)
    print(f"{tokenizer.get_vocab_size()} entries in {arguments.out}")


if __name__ == "__main__":
    main()
