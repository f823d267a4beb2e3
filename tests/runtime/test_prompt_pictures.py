"""Prompts on their way through a pipeline: encoded once for all seeds, of any length, read at any layer."""

import numpy as np
import pytest

from runtime import InvalidRequest, TextToImage, open_pipeline
from runtime.adapters.changes import NOTHING
from runtime.adapters.choice import Choice
from runtime.backends.base import PromptEmbeds
from runtime.generation import Generation, Loaded
from runtime.infotext_reader import read_infotext
from runtime.prompt_cache import PromptCache
from runtime.schedulers import choose_sampler
from tests.measures import psnr
from tests.models import DEMO_MODEL, DEMO_SOURCE
from tests.runtime.fake_networks import DEMO, TOKENIZER, FakeBackend

LONG = "a (red:1.2) house, " + "green hills, " * 60 + "BREAK a night sky"  # four chunks


def pictures(prompts: list[str], *, clip_skip: int = 1) -> tuple[FakeBackend, list[Generation]]:
    """Make a picture of each prompt over networks of one line, in one pipeline."""
    backend, cache = FakeBackend(), PromptCache()
    choice = Choice(adapters=NOTHING, tokenizers=(TOKENIZER,))
    loaded = Loaded(model=DEMO, backend=backend, choice=choice, verified=lambda: None, prompts=cache)
    made = []
    for seed, prompt in enumerate(prompts):
        request = TextToImage(prompt=prompt, seed=seed, num_inference_steps=1, clip_skip=clip_skip)
        sampler = choose_sampler(None, None, DEMO.scheduler_config)
        made.append(Generation(loaded, DEMO.resolve(request), sampler, lambda phase: None))
        made[-1].result()
    return backend, made


def test_another_seed_neither_encodes_nor_loads_the_encoder() -> None:
    backend, made = pictures(["a house", "a house", "a boat", "a house"])
    assert ["text_encoder" in networks for networks in backend.networks] == [True, False, True, False]
    assert [generation.timings.text_encoder > 0 for generation in made] == [True, False, True, False]
    rows = [components.conditioning[0].encoder_hidden_states for components in backend.made]
    assert np.array_equal(rows[0], rows[1])


def test_what_is_unused_for_longest_is_forgotten() -> None:
    cache, embeds = PromptCache(2), PromptEmbeds(hidden=np.zeros((1, 77, 1), np.float32))
    cache.put("a", embeds)
    cache.put("b", embeds)
    assert cache.get("a") is embeds
    cache.put("c", embeds)
    assert (cache.get("a"), cache.get("b")) == (embeds, None)
    cache.clear()
    assert cache.get("a") is None


def test_the_networks_are_prepared_for_as_many_chunks_as_the_longer_prompt_has() -> None:
    backend, made = pictures([LONG, "a house"], clip_skip=2)
    assert [components.shape.chunks for components in backend.made] == [4, 1]
    assert {components.shape.clip_skip for components in backend.made} == {2}
    assert [len(generation.notes) for generation in made] == [1, 0]
    assert "is read in 4 parts of at most 75; the first ends with" in made[0].notes[0]


def test_long_weighted_prompts_give_one_picture_on_both_backends() -> None:
    request = TextToImage(
        prompt=LONG, negative_prompt="(snow:1.3)", seed=5, num_inference_steps=4, clip_skip=2
    )
    images = []
    for model, device in ((DEMO_MODEL, "cpu"), (DEMO_SOURCE, "pytorch-cpu")):
        with open_pipeline(model, device=device, execution_precision="f32", cache=False) as pipeline:
            pipeline.prepare(request)
            result = pipeline.generate(request).result()
            images.append(np.asarray(result.images[0]))
            assert read_infotext(result.pictures[0].infotext).fields["clip_skip"] == 2
            if device == "cpu":  # prepared for a flexible number of tokens, and for nothing else
                assert [
                    key.shapes[-1][1][1] for key in pipeline._backend._compiled if key.component == "unet"
                ] == [-1]
    assert psnr(*images) >= 45  # the IR is stored in FP16


def test_clip_skip_changes_the_picture_and_a_text_without_it_says_nothing() -> None:
    images = {}
    with open_pipeline(DEMO_MODEL, device="cpu", cache=False) as pipeline:
        for clip_skip in (1, 2, 3):
            request = TextToImage(prompt="a red house", seed=5, num_inference_steps=2, clip_skip=clip_skip)
            (picture,) = pipeline.generate(request).result().pictures
            images[clip_skip] = picture.image.tobytes()
            assert ("Clip skip" in picture.infotext) == (clip_skip > 1)
        with pytest.raises(
            InvalidRequest, match="clip_skip 4 skips every layer of demo-scenes's text encoder"
        ):
            pipeline.generate(TextToImage(prompt="a", clip_skip=4))
    assert len(set(images.values())) == 3


def test_models_that_always_read_the_same_layer_say_that_clip_skip_has_no_effect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(DEMO._configs["text_encoder"], "hidden_act", "gelu")  # as SD 2.x has it
    backend, made = pictures(["a house"], clip_skip=2)
    assert backend.made[0].shape.clip_skip == 1
    assert "clip_skip 2 has no effect on this model" in made[0].result().warnings[0]


def test_where_memory_holds_one_unet_a_short_prompt_takes_that_of_the_long_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So that a change of length waits once, and never again."""
    with open_pipeline(DEMO_MODEL, device="cpu", cache=False) as pipeline:

        def unets(prompt: str) -> list[int]:
            request = TextToImage(prompt=prompt, seed=5, num_inference_steps=1)
            assert not pipeline.generate(request).result().cancelled
            return [key.shapes[-1][1][1] for key in pipeline._backend._compiled if key.component == "unet"]

        def check(*arguments: object) -> None:
            if any(key.component == "unet" for key in pipeline._backend._compiled):
                raise InvalidRequest("one and no more")

        assert unets("a house") == [77]
        monkeypatch.setattr("runtime.backends.openvino.check_memory", check)
        assert unets(LONG) == [-1]
        assert unets("a house") == [-1]
        monkeypatch.undo()
        assert unets("a house") == [-1, 77]
