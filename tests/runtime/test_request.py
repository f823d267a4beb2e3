"""Requests are checked when they are made, and say what is wrong and what to do."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime import InvalidRequest, TextToImage
from runtime.request import MAX_SEED


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"width": 500}, "width must be a multiple of 8, got 500: try 496 or 504"),
        ({"height": 56}, "height must be a whole number from 64 to 4096, got 56"),
        ({"width": 4104}, "width must be a whole number from 64 to 4096, got 4104"),
        ({"num_inference_steps": 0}, "num_inference_steps must be a whole number from 1 to 1000, got 0"),
        ({"num_inference_steps": 2.5}, "num_inference_steps must be a whole number from 1 to 1000, got 2.5"),
        (
            {"num_inference_steps": True},
            "num_inference_steps must be a whole number from 1 to 1000, got True",
        ),
        ({"guidance_scale": float("nan")}, "guidance_scale must be a number from 0 to 50, got nan"),
        ({"guidance_scale": 51}, "guidance_scale must be a number from 0 to 50, got 51"),
        ({"seed": 2**53 + 1}, f"seed must be a whole number from -1 to {2**53}, got {2**53 + 1}"),
        ({"count": 101}, "count must be a whole number from 1 to 100, got 101"),
        ({"prompt": None}, "prompt must be text, got NoneType"),
        ({"prompt": "a \ud800 house"}, "prompt holds a broken character at position 2: type it again"),
        (
            {"seed": MAX_SEED, "count": 3},
            f"seed {MAX_SEED} leaves no room for 3 pictures: use a seed up to {MAX_SEED - 2}",
        ),
    ],
)
def test_a_bad_value_is_named_with_its_remedy(fields: dict[str, object], sentence: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        TextToImage(**fields)  # type: ignore[arg-type]
    assert str(caught.value) == sentence


def test_a_request_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        TextToImage().seed = 3  # type: ignore[misc]


@given(st.integers(1, 100))
def test_a_drawn_seed_is_reported_and_leaves_room_for_every_picture(count: int) -> None:
    drawn = TextToImage(count=count).resolved(width=128, height=192)
    assert 0 <= drawn.seed <= MAX_SEED - count
    assert (drawn.width, drawn.height) == (128, 192)
    assert drawn.resolved(width=64, height=64) == drawn


def test_the_largest_seed_makes_one_picture() -> None:
    assert TextToImage(seed=MAX_SEED).resolved(width=64, height=64).seed == MAX_SEED


def test_a_negative_prompt_without_guidance_is_warned_about() -> None:
    (warning,) = TextToImage(prompt="a", negative_prompt="b", guidance_scale=1).warnings
    assert "no effect at guidance_scale 1" in warning
    assert TextToImage(prompt="a", negative_prompt="b", guidance_scale=1.1).warnings == ()
