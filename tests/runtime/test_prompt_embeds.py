"""What the UNet is told of a prompt equals a plain PyTorch implementation of the same rule."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from runtime import TextToImage, open_pipeline
from runtime.arrays import Array
from runtime.backends.base import PromptEmbeds, Shape
from runtime.prompt import encode_prompt, plan_prompt
from tests.models import DEMO_MODEL, DEMO_SOURCE
from tests.parity.task_references import exported, source
from tests.runtime.plain_prompts import PlainEncoder, random_prompt

FEW, PROMPTS = 40, 200
LONGEST = 400  # tokens
WORDS = ["a", "red", "house", "on", "green", "hills", "under", "the", "night", "sky", "castle", "moon"]
# The same products, summed in another order: f32 keeps seven digits.
NEAR = 2e-5
# transformers' own tokenizers announce deprecations to their developers.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

Encode = Callable[[TextToImage], PromptEmbeds]


@contextmanager
def encoding(model: Path, device: str, clip_skip: int = 1) -> Iterator[Encode]:
    """Encode by the pipeline's own parts, without a picture."""
    with open_pipeline(model, device=device, cache=False) as pipeline:
        networks = pipeline.model.text_encoders
        shape = Shape(batch=1, height=128, width=128, guided=True, clip_skip=clip_skip)
        components = pipeline._backend.load(shape, (*networks, "unet") if device == "cpu" else networks)

        def encode(request: TextToImage) -> PromptEmbeds:
            zeroes = pipeline.model.zeroes_empty_prompt
            plan = plan_prompt(pipeline.tokenizers, request, zeroes_empty=zeroes, clip_skip=clip_skip)
            return encode_prompt(plan, components)

        yield encode


def apart(ours: Array, plain: Array) -> float:
    assert ours.shape == plain.shape
    return float(np.abs(ours - plain).max() / np.abs(plain).max())


def check(encode: Encode, encoders: list[PlainEncoder], prompts: int, clip_skip: int = 1) -> None:
    draw = random.Random(7)
    for _ in range(prompts):
        written, pieces = random_prompt(draw, WORDS, draw.randint(1, LONGEST))
        negative, negative_pieces = random_prompt(draw, WORDS, draw.randint(1, LONGEST))
        embeds = encode(TextToImage(prompt=written, negative_prompt=negative, guidance_scale=5.0))
        halves = (negative_pieces, pieces)
        count = max(len(encoder.chunks(half)) for encoder in encoders for half in halves)
        for row, half in enumerate(halves):
            sides = [encoder.encode(half, count, clip_skip) for encoder in encoders]
            plain = np.concatenate([side.numpy() for side, _ in sides], axis=-1)
            assert apart(embeds.hidden[row], plain) <= NEAR
            if sides[-1][1] is not None:
                assert embeds.pooled is not None
                assert apart(embeds.pooled[row], sides[-1][1].numpy()) <= NEAR


@pytest.mark.parametrize("clip_skip", [1, 2, 3])
def test_openvino_gives_the_embeddings_of_plain_pytorch(clip_skip: int) -> None:
    with encoding(DEMO_MODEL, "cpu", clip_skip) as encode:
        check(encode, [PlainEncoder(DEMO_SOURCE)], FEW if clip_skip == 1 else 5, clip_skip)


@pytest.mark.parametrize("clip_skip", [1, 2])
def test_the_pytorch_backend_gives_the_embeddings_of_plain_pytorch(clip_skip: int) -> None:
    with encoding(DEMO_SOURCE, "pytorch-cpu", clip_skip) as encode:
        check(encode, [PlainEncoder(DEMO_SOURCE)], 5, clip_skip)


def test_sdxl_takes_both_encoders_and_the_pooled_embeddings_of_the_first_chunk() -> None:
    folder = source("tiny-xl")
    encoders = [PlainEncoder(folder, number, penultimate=True) for number in (1, 2)]
    with encoding(folder, "pytorch-cpu") as encode:
        check(encode, encoders, 5)


@pytest.mark.campaign
@pytest.mark.parametrize("family", ["demo-scenes", "tiny", "tiny-v", "tiny-lcm", "tiny-xl"])
def test_every_family_gives_the_embeddings_of_plain_pytorch(family: str) -> None:
    folder = source(family)
    numbers = (1, 2) if "xl" in family else (1,)
    encoders = [PlainEncoder(folder, number, penultimate=len(numbers) > 1) for number in numbers]
    for model, device in ((exported(family), "cpu"), (folder, "pytorch-cpu")):
        with encoding(model, device) as encode:
            check(encode, encoders, PROMPTS)


def test_both_halves_are_equally_long_and_the_shorter_goes_on_with_nothing() -> None:
    with encoding(DEMO_MODEL, "cpu") as encode:
        long = encode(TextToImage(prompt="house, " * 100, guidance_scale=5.0)).hidden
        empty = encode(TextToImage(guidance_scale=5.0)).hidden
    assert long.shape == (2, 3 * 77, 128)
    for part in np.split(long[0], 3):
        assert np.array_equal(part, empty[0])


def test_a_short_prompt_without_syntax_is_what_the_encoder_gives() -> None:
    """Bit for bit: nothing is multiplied, and both halves go through the encoder together."""
    texts = ("night, snow", "a red house under a night sky")
    with open_pipeline(DEMO_MODEL, device="cpu", cache=False) as pipeline:
        (tokenizer,) = pipeline.tokenizers
        components = pipeline._backend.load(Shape(batch=1, height=128, width=128), ("text_encoder", "unet"))
        rows = np.stack([tokenizer.row(tokenizer.words(text)) for text in texts])
        plain = components.text_encoder(rows).hidden
        request = TextToImage(negative_prompt=texts[0], prompt=texts[1], guidance_scale=5.0)
        assert np.array_equal(encode_prompt(plan_prompt([tokenizer], request), components).hidden, plain)
