"""Every task of an ordinary model from the command line, judged by its pixels and its report."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from runtime.infotext_reader import parameters_of, read_infotext
from tests.ui.conftest import PROMPT, Generate, pixels

SCENES = ("--model", "demo-scenes", "--steps", 4, "--seed", 3)


def test_image_to_image_keeps_more_of_the_picture_the_lower_the_strength(
    generate: Generate, house: Path, tmp_path: Path
) -> None:
    distance = {}
    for strength in (0.25, 1.0):
        place = tmp_path / f"{strength}.png"
        (made,) = generate(PROMPT, "--image", house, "--strength", strength, *SCENES, "-o", place)
        assert made["task"] == "image-to-image"
        assert made["model"] == "demo-scenes"
        assert made["request"]["image"] == str(house)
        assert len(made["timings"]["steps"]) == 4 * strength
        distance[strength] = np.abs(pixels(place) - pixels(house)).mean()
    assert 0 < distance[0.25] < distance[1.0]
    assert f"Denoising strength: {0.25}" in (parameters_of(tmp_path / "0.25.png") or "")


def test_a_picture_meets_the_size_asked_for_as_it_was_told(generate: Generate, tmp_path: Path) -> None:
    """A ramp from black to white, 256 wide: cropped to the middle it begins and ends at grey."""
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 64, axis=0).repeat(3, axis=2)
    Image.fromarray(ramp).save(tmp_path / "ramp.png")
    contrast = {}
    for resize in ("crop", "stretch"):
        size = ("--width", 65, "--height", 67, "--resize", resize, "--strength", 0.25)
        generate("--image", tmp_path / "ramp.png", *SCENES, *size, "-o", tmp_path / "a.png")
        made = pixels(tmp_path / "a.png")
        assert made.shape == (67, 65, 3)
        contrast[resize] = made[:, -8:].mean() - made[:, :8].mean()
    assert contrast["stretch"] > contrast["crop"] + 50


def test_inpainting_repaints_what_is_white_and_nothing_else(
    generate: Generate, house: Path, mask: Path, tmp_path: Path
) -> None:
    given = ("a green tree", "--image", house, "--mask", mask, *SCENES)
    generate(*given, "-o", tmp_path / "right.png")
    generate(*given, "--invert-mask", "--mask-blur", 0, "-o", tmp_path / "left.png")
    before = pixels(house)
    halves = {"right": (np.s_[:, :64], np.s_[:, 72:]), "left": (np.s_[:, 64:], np.s_[:, :64])}
    for name, (kept, painted) in halves.items():
        after = pixels(tmp_path / f"{name}.png")
        assert (after[kept] == before[kept]).all()
        assert np.abs(after[painted] - before[painted]).mean() > 3


def test_only_the_masked_area_is_worked_on(generate: Generate, house: Path, tmp_path: Path) -> None:
    small = Image.new("L", (128, 128))
    small.paste(255, (80, 70, 112, 102))
    small.save(tmp_path / "small.png")
    given = ("a tree", "--image", house, "--mask", tmp_path / "small.png", *SCENES)
    generate(*given, "--only-masked", "--padding", 8, "-o", tmp_path / "area.png")
    changed = (pixels(tmp_path / "area.png") != pixels(house)).any(axis=2)
    assert changed[70:102, 80:112].mean() > 0.5
    changed[70:102, 80:112] = False
    assert not changed.any()
    values = read_infotext(parameters_of(tmp_path / "area.png") or "").values
    assert (values["Inpaint area"], values["Masked area padding"]) == ("Only masked", "8")


def test_outpainting_paints_around_the_picture_in_as_many_pieces_as_it_takes(
    generate: Generate, house: Path, tmp_path: Path
) -> None:
    place = tmp_path / "wide.png"
    sides = "left=40, top=9 ,right=100"
    (made,) = generate(PROMPT, "--image", house, "--extend", sides, *SCENES, "-o", place)
    wide = pixels(place)
    assert (made["task"], wide.shape) == ("outpaint", (137, 268, 3))
    assert (wide[9:, 40:168] == pixels(house)).all()
    assert (wide[:, :40].std(), wide[:, 168:].std()) > (2, 2)
    steps = made["timings"]["steps"]
    assert len(steps) > 4
    assert len(steps) % 4 == 0
    assert "Extended: left 40 right 100 top 9" in (parameters_of(place) or "")


def test_plain_enlarging_is_lanczos_and_opens_no_model(
    generate: Generate, house: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.generate_command.open_pipeline", None)
    (made,) = generate("--model", "lanczos", "--image", house, "-o", tmp_path / "big.png")
    with Image.open(house) as small, Image.open(tmp_path / "big.png") as big:
        assert big.size == (512, 512)
        assert (np.asarray(big) == np.asarray(small.resize((512, 512), Image.Resampling.LANCZOS))).all()
    assert (made["task"], made["model"], made["placement"]) == ("upscale", "lanczos", {})
    assert "Postprocess upscaler: Lanczos" in (parameters_of(tmp_path / "big.png") or "")
    (numbered,) = generate("--model", "lanczos", "--image", house, "--task", "upscale")
    assert Path(numbered["images"][0]["path"]).match("upscale-images/*/00000-lanczos.png")


def test_lines_name_their_tasks_and_pictures(
    generate: Generate, house: Path, mask: Path, tmp_path: Path
) -> None:
    """Pictures are named relative to the file, whatever the current folder is."""
    (tmp_path / "house.png").write_bytes(house.read_bytes())
    lines = [
        "a boat on the sea",
        {"prompt": "a tree", "image": "house.png", "strength": 0.5, "seed": 9},
        {"task": "inpaint", "image": "house.png", "mask": mask.name, "strength": 0.5},
        {"prompt": "hills", "image": "house.png", "left": 32},
    ]
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    (tmp_path / "lines.txt").write_text(f"# four\n{text}\n")
    made = generate("--prompts", tmp_path / "lines.txt", *SCENES, "-o", tmp_path / "a.png")
    assert [one["task"] for one in made] == ["text-to-image", "image-to-image", "inpaint", "outpaint"]
    assert [one["request"]["seed"] for one in made] == [3, 9, 3, 3]
    names = [Path(one["images"][0]["path"]).name for one in made]
    assert names == ["a-3.png", "a-9.png", "a-3-2.png", "a-3-3.png"]
    assert pixels(tmp_path / "a-3-3.png").shape == (128, 160, 3)


def test_a_picture_given_for_all_lines_is_varied_by_each_prompt(
    generate: Generate, house: Path, tmp_path: Path
) -> None:
    (tmp_path / "lines.txt").write_text("a tree\na boat\n")
    given = ("--prompts", tmp_path / "lines.txt", "--image", house, "--strength", 0.5)
    made = generate(*given, *SCENES, "-o", f"{tmp_path}/o/")
    assert [one["request"]["strength"] for one in made] == [0.5, 0.5]
    first, second = (pixels(one["images"][0]["path"]) for one in made)
    assert (first != second).any()
