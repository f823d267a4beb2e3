"""Grids: which combinations, which files, and what the sheet shows where."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFont

from runtime import TextToImage
from runtime.infotext_reader import parameters_of, read_infotext
from tests.ui.conftest import Generate, pixels
from ui.grid import Grid, read_grid
from ui.grid_sheet import FAINT, PAPER, GridSheet, wrap

SCENES = ("--model", "demo-scenes", "--steps", 2)


def test_values_keep_their_spelling_and_become_fields() -> None:
    grid = read_grid(["guidance=1.1, 8,12", 'sampler=DPM++ 2M Karras,"Euler a"'], {})
    assert grid.columns.labels == ("1.1", "8", "12")
    assert grid.rows is not None
    assert grid.rows.labels == ("DPM++ 2M Karras", "Euler a")
    cells = grid.cells
    assert [(cell.row, cell.column) for cell in cells] == [(r, c) for r in range(2) for c in range(3)]
    assert cells[0].fields == {"guidance_scale": 1.1, "sampler": "DPM++ 2M Karras"}
    assert cells[5].labels == {"guidance": "12", "sampler": "Euler a"}
    assert cells[0].slug == "guidance-1.1-sampler-DPM++_2M_Karras"


def test_every_axis_sets_its_fields() -> None:
    wanted = {
        "seed=7": {"seed": 7},
        "steps=5": {"num_inference_steps": 5},
        "schedule=Karras": {"schedule": "Karras"},
        "strength=0.5": {"strength": 0.5},
        "noise_level=20": {"noise_level": 20},
        "SIZE=192x128": {"width": 192, "height": 128},
        'prompt="a house, red"': {"prompt": "a house, red"},
    }
    assert {text: read_grid([text], {}).cells[0].fields for text in wanted} == wanted


def test_without_a_seed_axis_all_pictures_have_one_seed() -> None:
    first = TextToImage(prompt="a")
    assert len({r.seed for r in read_grid(["steps=1,2,3"], {}).requests(first)}) == 1
    assert [r.seed for r in read_grid(["seed=4,2"], {}).requests(first)] == [4, 2]


def sheet_of(cell: tuple[int, int], grid: Grid, prompt: str = "a house") -> "np.typing.NDArray[np.int16]":
    sheet = GridSheet(grid, [cell] * len(grid.cells), prompt)
    for number, each in enumerate(grid.cells):
        sheet.place(each, Image.new("RGB", cell, (0, 255 - number, 0)))
    return np.asarray(sheet.image, np.int16)


@pytest.mark.parametrize("side", [64, 128, 512])
def test_headings_stand_over_their_column_and_beside_their_row(side: int) -> None:
    grid = read_grid(["guidance=1.1,8,12", "sampler=DPM++ 2M SDE Karras,Euler a"], {})
    sheet = sheet_of((side, side), grid)
    ink = np.abs(sheet - np.array(PAPER)).sum(axis=2) > 100
    for number in range(6):
        found = np.argwhere((sheet == (0, 255 - number, 0)).all(axis=2))
        (top, left), (bottom, right) = found.min(axis=0), found.max(axis=0)
        assert (bottom - top + 1, right - left + 1) == (side, side)
        assert len(found) == side * side
        first_row = number < 3
        if first_row:
            assert ink[:top, left : right + 1].any()
        if number % 3 == 0:
            heading = ink[top : bottom + 1, :left]
            assert heading.any()
            assert not heading[:, -1].any()  # it ends before the picture
        ink[top : bottom + 1, left : right + 1] = False
    rows_with_text = np.flatnonzero(ink.any(axis=1))
    assert rows_with_text[-1] > bottom  # the prompt
    assert not ink[:, -1].any()
    assert not ink[-1].any()


def test_long_texts_are_broken_and_never_leave_their_place() -> None:
    font = ImageFont.load_default(12)
    text = "several words " * 5 + "W" * 60
    lines = wrap(text, font, 100)
    assert all(font.getlength(line) <= 100 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    grid = read_grid([f"prompt={text},b", f"sampler={'DPM ' * 60},Euler"], {})
    sheet = sheet_of((64, 64), grid, prompt=text)
    first = np.argwhere((sheet == (0, 255, 0)).all(axis=2))
    second = np.argwhere((sheet == (0, 253, 0)).all(axis=2))
    between = sheet[first.max(axis=0)[0] + 1 : second.min(axis=0)[0], : first.min(axis=0)[1]]
    assert (between == PAPER).all()  # the first row's heading ends where the row does


def test_a_sheet_of_large_pictures_is_made_smaller() -> None:
    grid = read_grid(["seed=1,2,3,4,5,6,7,8"], {})
    sheet = GridSheet(grid, [(4096, 4096)] * 8, "")
    sheet.place(grid.cells[0], Image.new("RGB", (4096, 4096), FAINT))
    assert 40e6 < sheet.image.width * sheet.image.height < 64e6


def test_a_grid_is_every_picture_and_one_sheet(generate: Generate, tmp_path: Path) -> None:
    axes = ("--grid", "guidance=1.1,8", "--grid", "sampler=DPM++ 2M Karras,Euler a,DDIM")
    *single, last = generate("a red house", *SCENES, *axes, "-o", tmp_path / "g.png")
    assert len(single) == 6
    assert len({one["images"][0]["seed"] for one in single}) == 1
    assert [one["request"]["guidance_scale"] for one in single] == [1.1, 8] * 3
    assert [one["request"]["sampler"] for one in single[::2]] == ["DPM++ 2M", "Euler a", "DDIM"]
    assert last["grid"] == {
        "path": str(tmp_path / "g.png"),
        "axes": [
            {"name": "guidance", "values": ["1.1", "8"]},
            {"name": "sampler", "values": ["DPM++ 2M Karras", "Euler a", "DDIM"]},
        ],
    }
    paths = [Path(image["path"]) for image in last["images"]]
    assert [str(path) for path in paths] == [one["images"][0]["path"] for one in single]
    assert paths[3].name == "g-4-guidance-8-sampler-Euler_a.png"
    assert {path.name for path in tmp_path.iterdir()} == {"g.png", *(path.name for path in paths)}
    sheet = pixels(tmp_path / "g.png")
    for path in paths:
        picture = pixels(path)
        corners = np.argwhere((sheet == picture[0, 0]).all(axis=2))
        places = [(y, x) for y, x in corners if (sheet[y : y + 128, x : x + 128] == picture).all()]
        assert len(places) == 1
    values = read_infotext(parameters_of(tmp_path / "g.png") or "").values
    assert (values["X Type"], values["X Values"]) == ("guidance", "1.1, 8")
    assert (values["Y Type"], values["Y Values"]) == ("sampler", "DPM++ 2M Karras, Euler a, DDIM")


def test_one_axis_of_sizes_goes_into_a_folder(generate: Generate, tmp_path: Path) -> None:
    made = generate("a", *SCENES, "--grid", "size=64x64,128x72", "--seed", 5, "-o", f"{tmp_path}/out/")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "00000-5.png",
        "00001-5.png",
        "00002-grid.png",
    ]
    assert made[-1]["grid"]["path"] == str(tmp_path / "out" / "00002-grid.png")
    assert pixels(tmp_path / "out" / "00001-5.png").shape == (72, 128, 3)


def test_strengths_of_one_picture_side_by_side(generate: Generate, house: Path, tmp_path: Path) -> None:
    made = generate("a tree", "--image", house, *SCENES, "--grid", "strength=0.5,1", "-o", tmp_path / "s.png")
    assert [one["request"].get("strength") for one in made[:-1]] == [0.5, 1.0]
    assert len(made) == 3
