"""What the host does around the networks: words to numbers, noise, pixels, files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runtime.image_files import save_png
from runtime.latents import to_images, to_pixels
from runtime.model_folder import ModelFolder
from runtime.noise import NoiseSource
from runtime.tokenizer import ClipTokenizer

PROMPT = "a red house on green hills under a night sky with a moon, a blue castle in the mountains"
SIDE = 512  # pixels
Benchmark = Callable[..., Any]

pytestmark = pytest.mark.benchmark(group="host")


def _decoded() -> Any:
    """(1, 3, 512, 512) in [-1, 1] and a little beyond: smooth, with the grain of a photograph."""
    ramp = np.linspace(-1, 1, SIDE, dtype=np.float32)
    grain = 0.05 * NoiseSource(3).standard_normal((1, 3, SIDE, SIDE))
    return (ramp[:, None] * ramp[None, :] + grain).astype(np.float32)


def test_reading_the_tokenizer(benchmark: Benchmark, model: ModelFolder) -> None:
    """From its files, once for each process."""
    assert benchmark(ClipTokenizer, model.tokenizer_dir).max_length == 77


def test_tokenizing(benchmark: Benchmark, model: ModelFolder) -> None:
    """One prompt."""
    tokenizer = ClipTokenizer(model.tokenizer_dir)
    assert benchmark(lambda: tokenizer.row(tokenizer.words(PROMPT))).shape == (77,)


def test_noise(benchmark: Benchmark) -> None:
    """The first latents of a picture of 512x512."""
    drawn = benchmark(lambda: NoiseSource(42).standard_normal((1, 4, SIDE // 8, SIDE // 8)))
    assert 0.9 < drawn.std() < 1.1


def test_pixels(benchmark: Benchmark) -> None:
    """What the decoder says as a picture of 512x512."""
    decoded = _decoded()
    assert benchmark(lambda: to_images(to_pixels(decoded)))[0].size == (SIDE, SIDE)


def test_writing_a_png(benchmark: Benchmark, tmp_path: Path) -> None:
    """A picture of 512x512, brought to the disk."""
    image, path = to_images(to_pixels(_decoded()))[0], tmp_path / "picture.png"
    benchmark(save_png, image, path, PROMPT)
    assert path.stat().st_size > 1000
