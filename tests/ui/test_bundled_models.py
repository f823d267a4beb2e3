"""Each task on the bundled model that was made for it, which is chosen without being named."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from runtime.infotext_reader import parameters_of, read_infotext
from runtime.pipeline import BUNDLED_MODELS
from tests.ui.conftest import PROMPT, Generate, pixels
from ui.cli import main
from ui.task_choice import TASKS

STEPS = ("--steps", 4, "--seed", 3)


def model_of(path: Path | str) -> str:
    """The model that a picture says it was made by."""
    return read_infotext(parameters_of(Path(path)) or "").values["Model"]


@pytest.fixture
def small(house: Path, tmp_path: Path) -> Path:
    """A picture of 40x32 pixels."""
    with Image.open(house) as image:
        image.resize((40, 32), Image.Resampling.LANCZOS).save(tmp_path / "small.png")
    return tmp_path / "small.png"


@pytest.mark.parametrize("task", TASKS)
def test_the_model_of_every_task_is_bundled(task: str) -> None:
    assert (BUNDLED_MODELS / TASKS[task].model / "manifest.json").is_file()


def test_inpainting(generate: Generate, house: Path, mask: Path, tmp_path: Path) -> None:
    (made,) = generate(
        "a green tree on green hills", "--image", house, "--mask", mask, *STEPS, "-o", tmp_path / "a.png"
    )
    assert (made["task"], made["model"], model_of(tmp_path / "a.png")) == ("inpaint", *["demo-inpaint"] * 2)
    before, after = pixels(house), pixels(tmp_path / "a.png")
    assert (after[:, :64] == before[:, :64]).all()
    assert np.abs(after[:, 72:] - before[:, 72:]).mean() > 3


def test_outpainting(generate: Generate, house: Path, tmp_path: Path) -> None:
    place = tmp_path / "a.png"
    (made,) = generate(PROMPT, "--image", house, "--extend", "left=64,bottom=20", *STEPS, "-o", place)
    assert (made["task"], made["model"]) == ("outpaint", "demo-inpaint")
    wide = pixels(place)
    assert wide.shape == (148, 192, 3)
    assert (wide[:128, 64:] == pixels(house)).all()


@pytest.mark.parametrize("bits", [8, 16])
def test_a_given_depth(bits: int, generate: Generate, tmp_path: Path) -> None:
    """A near square before a far ground is another picture than a flat ground."""
    depth = np.full((128, 128), 40 << (bits - 8), np.uint8 if bits == 8 else np.uint16)
    Image.fromarray(depth).save(tmp_path / "flat.png")
    depth[40:100, 40:90] = 220 << (bits - 8)
    Image.fromarray(depth).save(tmp_path / "square.png")
    for name in ("flat", "square"):
        place = tmp_path / f"{name}-made.png"
        (made,) = generate("a red house", "--depth", tmp_path / f"{name}.png", *STEPS, "-o", place)
        assert (made["task"], made["model"]) == ("depth-to-image", "demo-depth")
    assert np.abs(pixels(tmp_path / "flat-made.png") - pixels(tmp_path / "square-made.png")).mean() > 2


def test_a_depth_and_a_picture(generate: Generate, house: Path, tmp_path: Path) -> None:
    Image.linear_gradient("L").resize((128, 128)).save(tmp_path / "depth.png")
    given = ("--image", house, "--depth", tmp_path / "depth.png", "--strength", 0.5)
    (made,) = generate("a tree", *given, *STEPS, "-o", tmp_path / "a.png")
    assert made["task"] == "depth-to-image"
    assert len(made["timings"]["steps"]) == 2


def test_upscaling_without_a_prompt_in_tiles_and_whole(
    generate: Generate, small: Path, tmp_path: Path
) -> None:
    given = ("--task", "upscale", "--image", small, *STEPS)
    (whole,) = generate(*given, "-o", tmp_path / "whole.png")
    (tiled,) = generate(*given, "--tile", 96, "--noise-level", 0, "-o", tmp_path / "tiled.png")
    assert (whole["model"], whole["request"]["noise_level"]) == ("demo-upscale", 20)
    assert (tiled["request"]["tile"], tiled["request"]["noise_level"]) == (96, 0)
    assert tiled["timings"]["unet_calls"] > whole["timings"]["unet_calls"]
    assert len(tiled["timings"]["steps"]) == len(whole["timings"]["steps"]) == 4
    with Image.open(small) as image:
        plain = np.asarray(image.resize((160, 128), Image.Resampling.LANCZOS), np.int16)
    for name in ("whole", "tiled"):
        upscaled = pixels(tmp_path / f"{name}.png")
        assert upscaled.shape == (128, 160, 3)
        assert np.abs(upscaled - plain).mean() < 40


def test_unconditional_pictures(generate: Generate, tmp_path: Path) -> None:
    (made,) = generate("--task", "unconditional", "--count", 2, *STEPS, "-o", f"{tmp_path}/out/")
    assert (made["task"], made["model"]) == ("unconditional", "demo-butterflies")
    first, second = (pixels(image["path"]) for image in made["images"])
    assert (first != second).any()
    (named,) = generate("--model", "demo-butterflies", *STEPS, "--save-steps", 4, "-o", tmp_path / "b.png")
    assert named["task"] == "unconditional"
    assert (pixels(tmp_path / "b.png") == first).all()
    assert pixels(tmp_path / "b-step004-latent.png").shape == first.shape


def test_a_grid_of_noise_levels(generate: Generate, small: Path, tmp_path: Path) -> None:
    grid = ("--grid", "noise-level=0,300")
    *made, last = generate(
        "--model", "demo-upscale", "--image", small, *STEPS, *grid, "-o", tmp_path / "g.png"
    )
    assert [one["request"]["noise_level"] for one in made] == [0, 300]
    assert [image["values"] for image in last["images"]] == [{"noise-level": "0"}, {"noise-level": "300"}]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            "--model demo-inpaint --image p.png",
            "inpaint takes a mask, white where to repaint: give --mask FILE",
        ),
        (
            "a --model demo-inpaint --task text-to-image",
            "demo-inpaint cannot do text-to-image: it can do inpaint",
        ),
        ("a --model demo-depth", "there is no depth: give depth (--depth FILE)"),
        ("a --model demo-depth --depth p.png --strength 0.5", "--strength goes with a picture: give --image"),
        (
            "a --model demo-upscale",
            "upscale starts from a picture: give --image FILE (demo-upscale can do upscale",
        ),
        ("--model demo-upscale --image p.png --width 64", "--width does not go with upscale"),
        (
            "--model demo-upscale --image p.png --mask p.png",
            "demo-upscale cannot do inpaint: it can do upscale",
        ),
        (
            "--model demo-upscale --image p.png --noise-level 400",
            "noise_level must be at most 350 for demo-upscale",
        ),
        ("a --model demo-butterflies", "a model without a text encoder takes no prompt: leave it out"),
        ("--task unconditional --guidance-scale 3", "--guidance-scale does not go with unconditional"),
        ("--model demo-butterflies --image p.png", "--image does not go with unconditional, only with"),
    ],
)
def test_what_these_models_cannot_do_is_refused(
    arguments: str,
    sentence: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Image.new("RGB", (40, 32), (90, 140, 60)).save(tmp_path / "p.png")
    monkeypatch.chdir(tmp_path)
    assert main(["generate", *arguments.split(), "--data-dir", "data"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert sentence in said.err
    assert [path.name for path in tmp_path.rglob("*.png")] == ["p.png"]
