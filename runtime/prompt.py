"""From prompt text of any length to the embeddings the UNet takes, both halves of guidance equally long."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from runtime.arrays import Array
from runtime.backends.base import PromptEmbeds, TextEncoder
from runtime.errors import NonFiniteError
from runtime.prompt_chunks import Chunk, count_tokens, pad_chunks, split_prompt
from runtime.prompt_syntax import parse_prompt
from runtime.request import Request
from runtime.tokenizer import ClipTokenizer


class Encoders(Protocol):
    """The text encoders of a model; one that has only the first is never asked for the second."""

    @property
    def text_encoder(self) -> TextEncoder:
        """The first."""
        ...

    @property
    def text_encoder_2(self) -> TextEncoder:
        """SDXL's second, which gives the pooled embeddings."""
        ...


@dataclass(frozen=True, kw_only=True)
class PromptPlan:
    """What is to be encoded for a request: [encoder][half][chunk], the unconditional half first if guided.

    All have equally many chunks. `zeroed` says that the unconditional half is zeros, whatever is encoded.
    """

    tokenizers: tuple[ClipTokenizer, ...]
    chunks: tuple[tuple[tuple[Chunk, ...], ...], ...]
    clip_skip: int
    zeroed: bool
    notes: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many chunks a half has."""
        return len(self.chunks[0][0])

    @cached_property
    def key(self) -> Hashable:
        """Equal for what gives equal embeddings with the same encoders."""
        return self.chunks, self.clip_skip, self.zeroed


def plan_prompt(
    tokenizers: Sequence[ClipTokenizer],
    request: Request,
    *,
    zeroes_empty: bool = False,
    clip_skip: int = 1,
) -> PromptPlan:
    """Return how the prompts of a request are read; raises InvalidRequest for one that cannot be.

    With `zeroes_empty` an empty negative prompt is all zeros.
    """
    texts = {"negative prompt": request.negative_prompt, "prompt": request.prompt}
    if not request.guided:
        del texts["negative prompt"]
    parsed = {name: parse_prompt(text, name) for name, text in texts.items()}
    split = [
        [split_prompt(prompt, tokenizer, name) for name, prompt in parsed.items()] for tokenizer in tokenizers
    ]
    most = max(len(chunks) for halves in split for chunks in halves)
    return PromptPlan(
        tokenizers=tuple(tokenizers),
        chunks=tuple(tuple(pad_chunks(chunks, most) for chunks in halves) for halves in split),
        clip_skip=clip_skip,
        zeroed=zeroes_empty and request.guided and not request.negative_prompt,
        notes=tuple(
            note
            for name, chunks in zip(parsed, split[0], strict=True)
            for note in _notes(name, chunks, tokenizers[0])
        ),
    )


def encode_prompt(plan: PromptPlan, encoders: Encoders) -> PromptEmbeds:
    """Return embeddings of 1 or 2 rows, (77 * chunks, D) each; with guidance the negative prompt comes first.

    Those of several encoders stand side by side; the pooled embeddings are those of the first chunk, as they
    are. Raises NonFiniteError.
    """
    sides, pooled = [], None
    for number, (tokenizer, halves) in enumerate(zip(plan.tokenizers, plan.chunks, strict=True)):
        encoder = encoders.text_encoder if number == 0 else encoders.text_encoder_2
        parts = []
        for rows in zip(*halves, strict=True):  # the same chunk of each half
            encoded = encoder(np.stack([chunk.row(tokenizer) for chunk in rows]))
            parts.append(_weighted(encoded.hidden, rows))
            pooled = encoded.pooled if len(parts) == 1 else pooled
        sides.append(np.concatenate(parts, axis=1))
    hidden = np.concatenate(sides, axis=-1)
    if not (np.isfinite(hidden).all() and (pooled is None or np.isfinite(pooled).all())):
        raise NonFiniteError(
            "the text encoder gave values that are not numbers: try --execution-precision f32"
        )
    if plan.zeroed:
        hidden[0] = 0
        pooled = None if pooled is None else np.concatenate([np.zeros_like(pooled[:1]), pooled[1:]])
    return PromptEmbeds(hidden=hidden, pooled=pooled)


def _weighted(hidden: Array, rows: Sequence[Chunk]) -> Array:
    """Multiply each token's embedding (B, T, D) by its weight and give each row back the mean that it had."""
    weighted = np.array(hidden, dtype=np.float32)
    for number, chunk in enumerate(rows):
        if any(weight != 1 for weight in chunk.weights):
            before = weighted[number].mean(dtype=np.float64)
            weighted[number] *= chunk.weight_row(hidden.shape[1])[:, None]
            after = weighted[number].mean(dtype=np.float64)
            if after != 0:  # else there is nothing to scale
                weighted[number] *= np.float32(before / after)
    return weighted


def _notes(name: str, chunks: Sequence[Chunk], tokenizer: ClipTokenizer) -> tuple[str, ...]:
    """Say that a prompt is read in parts, and where the first ends."""
    if len(chunks) == 1:
        return ()
    return (
        f"the {name} has {count_tokens(chunks, tokenizer)} tokens and is read in {len(chunks)} parts of at "
        f"most {tokenizer.room}; the first ends with {end_of(chunks[0], tokenizer)!r}",
    )


def end_of(chunk: Chunk, tokenizer: ClipTokenizer, words: int = 4) -> str:
    """Return the last few tokens of a chunk as text."""
    return tokenizer.text(chunk.ids[-words:])
