"""Prompts of any length in chunks that a text encoder reads one by one, with a weight for every token.

The rule is A1111's: chunks of 75 tokens between start and end; a chunk that is full ends after its last
comma, where that is among its last 20 tokens; the shorter of two prompts goes on with empty chunks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from runtime.arrays import Array, IntArray
from runtime.errors import InvalidRequest
from runtime.prompt_syntax import ParsedPrompt, Piece
from runtime.tokenizer import ClipTokenizer

COMMA_REACH = 20  # tokens from the end of a full chunk within which a comma ends it
MOST_CHUNKS = 40


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """At most as many tokens as the encoder reads at once, and what each is multiplied by."""

    ids: tuple[int, ...] = ()
    weights: tuple[float, ...] = ()

    def row(self, tokenizer: ClipTokenizer) -> IntArray:
        """Return (T,) ids with start, end and padding."""
        return tokenizer.row(self.ids)

    def weight_row(self, length: int) -> Array:
        """Return (T,) weights; 1 for start, end and padding."""
        row = np.ones(length, np.float32)
        row[1 : 1 + len(self.weights)] = self.weights
        return row


def split_prompt(prompt: ParsedPrompt, tokenizer: ClipTokenizer, name: str = "prompt") -> tuple[Chunk, ...]:
    """Return the chunks of a prompt, at least one; raises InvalidRequest for more than MOST_CHUNKS."""
    chunks = tuple(chunk for section in prompt.sections for chunk in _chunks(section, tokenizer))
    if len(chunks) > 1 and not chunks[-1].ids:  # nothing follows the last BREAK
        chunks = chunks[:-1]
    if len(chunks) > MOST_CHUNKS:
        raise InvalidRequest(
            f"the {name} has {count_tokens(chunks, tokenizer)} tokens and at most "
            f"{MOST_CHUNKS * tokenizer.room} are read: shorten it"
        )
    return chunks


def pad_chunks(chunks: Sequence[Chunk], count: int) -> tuple[Chunk, ...]:
    """Return `count` chunks, the last ones empty where there are fewer."""
    return (*chunks, *(Chunk() for _ in range(count - len(chunks))))


def count_tokens(chunks: Sequence[Chunk], tokenizer: ClipTokenizer) -> int:
    """Return the tokens up to the last one; chunks before it count whole, as A1111 counts them."""
    return (len(chunks) - 1) * tokenizer.room + len(chunks[-1].ids)


def _chunks(section: Sequence[Piece], tokenizer: ClipTokenizer) -> Iterator[Chunk]:
    """Yield the chunks of what stands between two BREAKs; the last one may be empty."""
    tokens = [(word, piece.weight) for piece in section for word in tokenizer.words(piece.text)]
    first = 0
    while len(tokens) - first > tokenizer.room:
        end = _end(tokens, first, tokenizer)
        yield _chunk(tokens[first:end])
        first = end
    yield _chunk(tokens[first:])


def _end(tokens: Sequence[tuple[int, float]], first: int, tokenizer: ClipTokenizer) -> int:
    """Return where a chunk ends that begins at `first` and that more tokens follow."""
    full = first + tokenizer.room
    if tokens[full][0] == tokenizer.comma_id:  # it will begin the next chunk, and nothing is moved
        return full
    for comma in range(full - 1, full - 1 - COMMA_REACH, -1):
        if tokens[comma][0] == tokenizer.comma_id:
            return comma + 1
    return full


def _chunk(tokens: Sequence[tuple[int, float]]) -> Chunk:
    return Chunk(ids=tuple(word for word, _ in tokens), weights=tuple(weight for _, weight in tokens))
