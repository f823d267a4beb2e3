"""Enlarging in tiles: the picture of one piece, in the memory of a tile."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from runtime import Upscale, open_pipeline
from runtime.pipeline import Pipeline
from tests.measures import psnr
from tests.models import exported
from tests.parity.task_requests import picture

WHOLE = 512  # more than the picture has
ROOT = Path(__file__).parents[2]
PEAK = r"""
import re, sys
from pathlib import Path
from PIL import Image
from runtime import Upscale, open_pipeline
folder, side, tile = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
with open_pipeline(folder, device="cpu", cache=False) as pipeline:
    asked = Upscale(image=Image.new("RGB", (side, side)), tile=tile, num_inference_steps=1, guidance_scale=1)
    assert pipeline.generate(asked).result().images[0].size == (4 * side, 4 * side)
print(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])
"""


@pytest.fixture(scope="module")
def upscaler() -> Iterator[Pipeline]:
    with open_pipeline(exported("tiny-upscale"), device="cpu", cache=False) as pipeline:
        yield pipeline


def enlarged(upscaler: Pipeline, tile: int, seed: int = 42) -> np.ndarray:
    asked = Upscale(image=picture((48, 40)), tile=tile, seed=seed, num_inference_steps=10, guidance_scale=1)
    return np.asarray(upscaler.generate(asked).result().images[0])


def test_tiles_give_nearly_the_picture_of_one_piece(upscaler: Pipeline) -> None:
    """The network is not local, it normalises over what it sees: the larger the tiles, the nearer."""
    whole = enlarged(upscaler, WHOLE)
    assert psnr(whole, enlarged(upscaler, WHOLE, seed=43)) < 12  # what another noise would give
    near = [psnr(whole, enlarged(upscaler, tile)) for tile in (64, 96, 128)]
    assert near == sorted(near)
    assert near[0] >= 17
    assert near[1] >= 22
    assert near[2] >= 27


def test_no_seam_is_seen_where_tiles_meet(upscaler: Pipeline) -> None:
    whole, tiled = (enlarged(upscaler, tile).astype(float) for tile in (WHOLE, 64))
    for axis in (0, 1):
        others = tuple({0, 1, 2} - {axis})
        jumps = [np.abs(np.diff(pixels, axis=axis)).mean(axis=others) for pixels in (whole, tiled)]
        assert jumps[1].max() <= 1.5 * jumps[0].max()


@pytest.mark.skipif(sys.platform != "linux", reason="reads a process's peak from /proc")
def test_memory_is_that_of_a_tile(upscaler: Pipeline) -> None:
    def peak(side: int, tile: int) -> int:
        command = [sys.executable, "-c", PEAK, str(exported("tiny-upscale")), str(side), str(tile)]
        return int(subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout)

    small, tiled, whole = peak(24, 96), peak(96, 96), peak(96, 384)
    assert tiled - small < (whole - small) / 3
