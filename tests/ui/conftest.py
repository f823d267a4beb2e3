"""A data folder and a picture that the command line's tests share, and the command run in this process."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from runtime import TextToImage, open_pipeline
from runtime.image_files import save_png
from ui.cli import main

Generate = Callable[..., list[dict[str, Any]]]
PROMPT = "a red house on green hills under a night sky with a moon"


@pytest.fixture(scope="session")
def shared_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where compiled models are kept from one test to the next."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="session")
def house(shared_data: Path) -> Path:
    """A picture of the demo model, 128x128, with its text."""
    request = TextToImage(
        prompt=PROMPT, negative_prompt="fog", seed=1, num_inference_steps=6, sampler="DPM++ 2M Karras"
    )
    with open_pipeline("demo-scenes", device="cpu", data_dir=shared_data) as pipeline:
        (picture,) = pipeline.generate(request).result().pictures
    save_png(picture.image, shared_data / "house.png", picture.infotext)
    return shared_data / "house.png"


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    """The right half of a 128x128 picture in white."""
    image = Image.new("L", (128, 128))
    image.paste(255, (64, 0, 128, 128))
    image.save(tmp_path / "mask.png")
    return tmp_path / "mask.png"


@pytest.fixture
def generate(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> Generate:
    """Run `generate` with --json in this process; return the objects it prints."""

    def run(*arguments: str | int | float | Path) -> list[dict[str, Any]]:
        status = main(["generate", *map(str, arguments), "--json", "--data-dir", str(shared_data)])
        said = capsys.readouterr()
        assert status == 0, said.err
        return [json.loads(line) for line in said.out.splitlines()]

    return run


def pixels(path: Path | str) -> "np.typing.NDArray[np.int16]":
    """(H, W, 3) of a picture."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), np.int16)
