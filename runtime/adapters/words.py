"""Which embeddings a prompt names, found by the tokens of their names, as A1111 finds them."""

from collections.abc import Callable, Sequence

from runtime.adapters.embedding import read_embedding
from runtime.adapters.library import EMBEDDING, AdapterFile, AdapterLibrary
from runtime.errors import LapdrawError
from runtime.prompt_syntax import parse_prompt
from runtime.tokenizer import ClipTokenizer


def named_embeddings(
    library: AdapterLibrary, tokenizer: Callable[[], ClipTokenizer], texts: Sequence[str]
) -> list[AdapterFile]:
    """Return the files whose names stand in the texts; raises InvalidRequest for a text that cannot be read.

    Of names that begin alike the longest counts.
    """
    folded = [_folded(text) for text in texts]
    # Most names are in no prompt: that is seen without tokenizing them.
    possible = [
        file for file in library.files(EMBEDDING) if any(_folded(file.name) in text for text in folded)
    ]
    if not possible:
        return []
    plain = tokenizer()
    marks = {tuple(plain.words(file.name)): (-1 - number,) for number, file in enumerate(possible)}
    marks.pop((), None)
    marked = plain.with_words(marks)
    found = {
        word
        for text in texts
        for section in parse_prompt(text).sections
        for piece in section
        for word in marked.words(piece.text)
    }
    return [file for number, file in enumerate(possible) if -1 - number in found]


def counting_tokenizer(library: AdapterLibrary, tokenizer: ClipTokenizer, text: str) -> ClipTokenizer:
    """Return a tokenizer that counts the vectors of embeddings in place of the tokens of their names.

    A file that cannot be read counts as its name: the request will say what is wrong with it.
    """
    counts: dict[tuple[int, ...], tuple[int, ...]] = {}
    first = -1
    for file in named_embeddings(library, lambda: tokenizer, [text]):
        try:
            count = read_embedding(file.path).count
        except LapdrawError:
            continue
        counts[tuple(tokenizer.words(file.name))] = tuple(range(first, first - count, -1))
        first -= count
    return tokenizer.with_words(counts) if counts else tokenizer


def _folded(text: str) -> str:
    return "".join(text.replace("\\", "").split()).casefold()
