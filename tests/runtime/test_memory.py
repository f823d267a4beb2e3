"""A request that does not fit is refused before anything is loaded, with one that does."""

import re

import pytest

from runtime import InvalidRequest, TextToImage, open_pipeline
from runtime.backends.base import Shape
from runtime.memory import available_bytes, check_memory, estimate_bytes
from runtime.model_folder import ModelFolder
from tests.models import DEMO_MODEL

MODEL = ModelFolder(DEMO_MODEL)
NETWORKS = ("text_encoder", "unet", "vae_decoder")
LARGE = Shape(batch=4, height=2048, width=1024)


def test_this_machine_tells_its_free_memory() -> None:
    free = available_bytes()
    assert free is not None
    assert 2**28 < free < 2**44


def test_the_estimate_grows_with_the_picture_the_batch_and_the_precision() -> None:
    small = estimate_bytes(MODEL, Shape(batch=1, height=512, width=512), NETWORKS, 4)
    assert small < estimate_bytes(MODEL, Shape(batch=1, height=512, width=768), NETWORKS, 4)
    assert small < estimate_bytes(MODEL, Shape(batch=2, height=512, width=512), NETWORKS, 4)
    assert small > estimate_bytes(MODEL, Shape(batch=1, height=512, width=512), NETWORKS, 2)


def test_what_does_not_fit_is_refused_with_something_that_does() -> None:
    single = Shape(batch=1, height=LARGE.height, width=LARGE.width)
    with pytest.raises(InvalidRequest, match=r"make one picture at a time \(--batch-size 1\)"):
        check_memory(MODEL, LARGE, NETWORKS, 4, free=estimate_bytes(MODEL, single, NETWORKS, 4))
    free = estimate_bytes(MODEL, single, NETWORKS, 4) // 2
    with pytest.raises(InvalidRequest) as caught:
        check_memory(MODEL, LARGE, NETWORKS, 4, free=free)
    suggested = re.search(r"try (\d+)x(\d+)", str(caught.value))
    assert suggested
    width, height = map(int, suggested.groups())
    check_memory(MODEL, Shape(batch=1, height=height, width=width), NETWORKS, 4, free=free)
    with pytest.raises(InvalidRequest, match="GiB are free: close other programs"):
        check_memory(MODEL, LARGE, NETWORKS, 4, free=2**20)


def test_a_pipeline_refuses_before_it_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.memory.available_bytes", lambda: 2**20)
    with open_pipeline(device="cpu", cache=False) as pipeline:
        generation = pipeline.generate(TextToImage(prompt="a", width=512, height=512))
        with pytest.raises(InvalidRequest, match="512x512 needs about"):
            generation.result()
        assert generation.timings.compile == {}
