"""Versions of one picture, by what it says of itself."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.ui.conftest import PROMPT, Generate, pixels
from ui.cli import main


def test_a_picture_is_varied_by_its_own_text(generate: Generate, house: Path, tmp_path: Path) -> None:
    (made,) = generate("--image", house, "--variations", "--seed", 50, "-o", f"{tmp_path}/")
    request = made["request"]
    assert made["task"] == "image-to-image"
    assert [image["seed"] for image in made["images"]] == [50, 51, 52, 53]
    assert (request["prompt"], request["negative_prompt"]) == (PROMPT, "fog")
    assert (request["sampler"], request["schedule"]) == ("DPM++ 2M", "Karras")
    assert (request["num_inference_steps"], request["guidance_scale"]) == (6, 7.5)
    assert (request["strength"], request["count"]) == (0.5, 4)
    pictures = [pixels(image["path"]) for image in made["images"]]
    for number, picture in enumerate(pictures):
        assert 0 < np.abs(picture - pixels(house)).mean() < 40
        assert all((picture != other).any() for other in pictures[:number])


def test_the_command_line_goes_before_the_picture(generate: Generate, house: Path, tmp_path: Path) -> None:
    given = ("--steps", 2, "--sampler", "Euler a", "--guidance-scale", 2, "--count", 1, "--strength", 1)
    (made,) = generate("a tree", "--image", house, "--variations", *given, "-o", tmp_path / "a.png")
    request = made["request"]
    assert (request["prompt"], request["negative_prompt"]) == ("a tree", "fog")
    assert (request["sampler"], request["schedule"]) == ("Euler a", "Automatic")
    assert (request["num_inference_steps"], request["guidance_scale"], request["strength"]) == (2, 2, 1)
    assert made["images"][0]["path"] == str(tmp_path / "a.png")


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_picture_from_anywhere_is_varied_without_a_text(
    kind: str, generate: Generate, house: Path, tmp_path: Path
) -> None:
    with Image.open(house) as image:
        Image.fromarray(np.asarray(image)).resize((100, 76)).save(tmp_path / "photo", kind)
    (made,) = generate(
        "--image", tmp_path / "photo", "--variations", "--count", 1, "--steps", 4, "-o", tmp_path / "a.png"
    )
    assert made["request"]["prompt"] == ""
    assert pixels(tmp_path / "a.png").shape == (76, 100, 3)


def test_what_the_picture_says_and_we_cannot_do_is_left_out_with_a_note(
    house: Path, tmp_path: Path, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    info = PngInfo()
    info.add_text(
        "parameters",
        "a tree\nSteps: 9999, Sampler: Restart, Schedule type: Align Your Steps, CFG scale: 3, Seed: 1",
    )
    with Image.open(house) as image:
        image.save(tmp_path / "foreign.png", pnginfo=info)
    arguments = ("--variations", "--count", "1", "--steps", "2", "-o", str(tmp_path / "a.png"))
    options = ("--image", str(tmp_path / "foreign.png"), "--data-dir", str(shared_data))
    assert main(["generate", *options, *arguments]) == 0
    said = capsys.readouterr()
    assert said.out == f"{tmp_path / 'a.png'}\n"
    assert said.err.count("note: what the picture says of itself is left out") == 2
    assert "there is no sampler called 'Restart'" in said.err
    with Image.open(tmp_path / "a.png") as made:
        assert made.info["parameters"].startswith("a tree\nSteps: 2, Sampler: DDIM,")
        assert "CFG scale: 3," in made.info["parameters"]
