"""Prompts of any length in chunks of 75 tokens, by the comma rule of A1111."""

import pytest

from runtime import InvalidRequest
from runtime.prompt_chunks import MOST_CHUNKS, count_tokens, split_prompt
from runtime.prompt_syntax import parse_prompt
from tests.runtime.fake_networks import TOKENIZER

HOUSE, COMMA = TOKENIZER.words("house")[0], TOKENIZER.words("house,")[1]


def lengths(prompt: str) -> list[int]:
    return [len(chunk.ids) for chunk in split_prompt(parse_prompt(prompt), TOKENIZER)]


def houses(count: int) -> str:
    return " ".join(["house"] * count)


def test_the_words_of_these_tests_are_a_token_each() -> None:
    assert TOKENIZER.words(houses(3) + ", house") == [HOUSE, HOUSE, HOUSE, COMMA, HOUSE]
    assert TOKENIZER.comma_id == COMMA


@pytest.mark.parametrize(
    ("prompt", "found"),
    [
        ("", [0]),
        (houses(75), [75]),
        (houses(76), [75, 1]),
        (houses(200), [75, 75, 50]),
        (houses(60) + ", " + houses(30), [61, 30]),  # after its last comma, within 20 of the end
        (houses(55) + ", " + houses(30), [56, 30]),
        (houses(54) + ", " + houses(30), [75, 10]),  # a token too far away
        (houses(74) + ", " + houses(3), [75, 3]),  # the comma is the 75th
        (houses(75) + ", " + houses(3), [75, 4]),  # and here it begins the next chunk
        (houses(60) + ", house, " + houses(70), [63, 70]),
        (houses(60) + ", " + houses(60) + ", " + houses(60), [61, 61, 60]),
        ("house BREAK house", [1, 1]),
        ("BREAK house", [0, 1]),
        ("house BREAK", [1]),
        ("house BREAK BREAK house", [1, 0, 1]),
        (houses(80) + " BREAK " + houses(2), [75, 5, 2]),
        ("(" + houses(40) + ", " + houses(40) + ":1.2) " + houses(2), [75, 8]),
    ],
)
def test_chunks_end_where_those_of_a1111_end(prompt: str, found: list[int]) -> None:
    assert lengths(prompt) == found


def test_a_weight_stays_with_its_token_across_chunks() -> None:
    chunks = split_prompt(parse_prompt(f"{houses(74)} (house house:1.5) house"), TOKENIZER)
    assert chunks[0].weights == (1.0,) * 74 + (1.5,)
    assert chunks[1].weights == (1.5, 1.0)
    row = chunks[1].weight_row(77)
    assert row[:4].tolist() == [1.0, 1.5, 1.0, 1.0]
    assert row.sum() == 77.5


def test_tokens_are_counted_with_the_chunks_before_them_whole() -> None:
    chunks = split_prompt(parse_prompt(f"{houses(3)} BREAK {houses(4)}"), TOKENIZER)
    assert count_tokens(chunks, TOKENIZER) == 75 + 4


def test_a_prompt_without_end_is_refused_with_its_length() -> None:
    most = MOST_CHUNKS * 75
    assert len(lengths(houses(most))) == MOST_CHUNKS
    with pytest.raises(InvalidRequest, match=rf"has {most + 1} tokens and at most {most} are read"):
        lengths(houses(most + 1))
