"""Pictures on disk and the text they carry."""

from datetime import date
from pathlib import Path

import pytest
from PIL import Image

from runtime import InvalidRequest, TextToImage
from runtime.image_files import next_path, save_png
from runtime.infotext import infotext

IMAGE = Image.new("RGB", (8, 8), (10, 200, 30))


def text_of(request: TextToImage, **extra: str) -> str:
    return infotext(
        request,
        seed=7,
        size=(request.width or 128, request.height or 128),
        sampler="DPM++ 2M",
        schedule="Karras",
        model_name="demo-scenes",
        model_hash="6ce0161689",
        extra=extra,
    )


def test_the_text_has_the_layout_other_programs_read() -> None:
    request = TextToImage(
        prompt="a red house", negative_prompt="fog", seed=7, width=192, height=128, guidance_scale=7
    )
    assert text_of(request, Device="cpu") == (
        "a red house\nNegative prompt: fog\n"
        "Steps: 25, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, Seed: 7, Size: 192x128, "
        "Model hash: 6ce0161689, Model: demo-scenes, RNG: CPU, Device: cpu, Version: Lapdraw 0.1.0"
    )


def test_values_that_hold_separators_are_quoted_and_the_negative_line_is_left_out() -> None:
    text = text_of(TextToImage(prompt="a"), Note='x, "y": z')
    assert 'Note: "x, \\"y\\": z"' in text
    assert "Negative prompt" not in text


@pytest.mark.parametrize("prompt", ["plain", "中文 ünïcode 🎉", "two\nlines", ""])
def test_a_saved_picture_gives_its_text_back(tmp_path: Path, prompt: str) -> None:
    text = text_of(TextToImage(prompt=prompt))
    save_png(IMAGE, tmp_path / "a" / "b.png", text)
    with Image.open(tmp_path / "a" / "b.png") as read:
        assert read.info["parameters"] == text
        assert read.getpixel((3, 3)) == (10, 200, 30)
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b.png"]


def test_an_old_picture_stays_when_the_new_one_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_png(IMAGE, tmp_path / "a.png", "old")

    def full(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(InvalidRequest, match="No space left on device"):
        save_png(IMAGE, tmp_path / "a.png", "new")
    monkeypatch.undo()
    with Image.open(tmp_path / "a.png") as read:
        assert read.info["parameters"] == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_a_place_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidRequest, match="cannot write"):
        save_png(IMAGE, tmp_path / "file" / "a.png", "")


def test_pictures_are_numbered_after_those_that_are_there(tmp_path: Path) -> None:
    today = tmp_path / "text-to-image-images" / date.today().isoformat()
    assert next_path(tmp_path, "text-to-image", 42) == today / "00000-42.png"
    today.mkdir(parents=True)
    for name in ("00000-42.png", "00007-1.png", "notes.txt"):
        (today / name).touch()
    assert next_path(tmp_path, "text-to-image", 42) == today / "00008-42.png"
