"""Both halves of guidance in a batch, in turn, side by side, on two devices: the same picture each time."""

import atexit
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest

from runtime import InvalidRequest, TextToImage, open_pipeline
from runtime.backends.base import Shape
from runtime.backends.openvino_guidance import runs_in_halves, split, streams
from runtime.generation import Result
from runtime.placement import Placement
from tests.measures import psnr
from tests.runtime.broken_device import BrokenCore, installed
from tests.runtime.test_placement import device

REQUEST = TextToImage(prompt="a red house", seed=3, num_inference_steps=4)
APART = "unet=cpu,unet_unconditional=cpu"
MODES = (("cpu", "sequential"), ("cpu", "parallel"), (APART, None))


@cache
def data() -> Path:
    """Return a data folder for the session: what one test compiled the next one loads."""
    folder = Path(mkdtemp(prefix="lapdraw-guidance-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def made(place: str, guidance: str | None, request: TextToImage = REQUEST) -> tuple[Result, BrokenCore]:
    with (
        installed(BrokenCore()) as core,
        open_pipeline(device=place, guidance=guidance, data_dir=data()) as pipeline,
    ):
        return pipeline.generate(request).result(), core


def overlaps(core: BrokenCore) -> list[bool]:
    """Return of each two inferences of the UNet whether one began before the other had ended."""
    spans = [span for span in core.spans if span[0] == "unet"]
    return [
        max(first[1], second[1]) < min(first[2], second[2])
        for first, second in zip(spans[::2], spans[1::2], strict=True)
    ]


def test_every_mode_gives_the_picture_of_the_batch() -> None:
    request = TextToImage(prompt="a red house", seed=3, num_inference_steps=4, count=2, batch_size=2)
    right, core = made("cpu", "batch", request)
    assert len(core.spans) == 4 + 2
    for place, mode in MODES:
        result, core = made(place, mode, request)
        for image, other in zip(result.images, right.images, strict=True):
            assert psnr(np.asarray(image), np.asarray(other)) >= 70
        assert len(overlaps(core)) == 4
        assert result.timings.unet_calls == 4


def test_halves_side_by_side_really_overlap() -> None:
    request = TextToImage(prompt="a", seed=3, num_inference_steps=6, width=256, height=256)
    for place, mode in MODES[1:]:
        assert sum(overlaps(made(place, mode, request)[1])) >= 4  # of 6: a busy machine may delay one
    assert not any(overlaps(made("cpu", "sequential", request)[1]))


def test_what_executed_lists_both_halves() -> None:
    result, _ = made("unet=igpu,unet_unconditional=cpu", None)
    placed = {slot: (executed.device, executed.precision) for slot, executed in result.placement.items()}
    assert placed["unet"] == ("igpu", "f16")
    assert placed["unet_unconditional"] == ("cpu", "f32")
    assert "Device: igpu+cpu, Precision: f16+f32" in result.pictures[0].infotext
    assert set(result.timings.compile) == {"text_encoder", "unet", "unet_unconditional", "vae_decoder"}


def test_without_guidance_there_is_one_half() -> None:
    plain = TextToImage(prompt="a red house", seed=3, num_inference_steps=2, guidance_scale=1)
    right, _ = made("cpu", None, plain)
    for place, mode in MODES:
        result, core = made(place, mode, plain)
        assert "unet_unconditional" not in result.placement
        assert [span[0] for span in core.spans].count("unet") == 2
        assert result.images[0].tobytes() == right.images[0].tobytes()


def test_halves_are_split_by_rows_and_share_the_timestep() -> None:
    rows = np.arange(8, dtype=np.float32).reshape(4, 2)
    unconditional, conditional = split({"sample": rows, "timestep": np.ones(1), "class_labels": rows[:, 0]})
    assert unconditional["sample"].tolist() == rows[:2].tolist()
    assert conditional["class_labels"].tolist() == rows[2:, 0].tolist()
    assert conditional["timestep"] is unconditional["timestep"]


def test_a_mode_that_would_do_nothing_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="guidance 'parallel' is for halves that share a device"):
        open_pipeline(device=APART, guidance="parallel")


def test_which_modes_split() -> None:
    guided, plain = (Shape(batch=1, height=64, width=64, guided=guided) for guided in (True, False))
    cpu = device("cpu")
    parallel = Placement(devices={"unet": cpu}, guidance="parallel")
    assert runs_in_halves(parallel, guided)
    assert not runs_in_halves(parallel, plain)
    assert (streams(parallel, guided), streams(parallel, plain)) == (2, 1)
    assert not runs_in_halves(Placement(devices={"unet": cpu}), guided)
    apart = Placement(devices={"unet": cpu, "unet_unconditional": cpu}, guidance="parallel")
    assert runs_in_halves(apart, guided)
    assert streams(apart, guided) == 1
