"""Thumbnails: made once, kept while there is room, a sign for what is no picture."""

import os
from pathlib import Path

import pytest
from PIL import Image

from ui.thumbnails import SIDE, UNREADABLE, Thumbnails


@pytest.fixture
def thumbnails(tmp_path: Path) -> Thumbnails:
    return Thumbnails(tmp_path / "thumbnails")


def picture(path: Path, size: tuple[int, int] = (600, 300)) -> Path:
    Image.new("RGB", size, (200, 30, 30)).save(path)
    return path


def test_a_thumbnail_is_made_once_for_each_version(tmp_path: Path, thumbnails: Thumbnails) -> None:
    path = picture(tmp_path / "a.png")
    small = thumbnails.of(path, "1")
    with Image.open(small) as image:
        assert image.size == (SIDE, SIDE // 2)
        assert image.getpixel((10, 10)) == pytest.approx((200, 30, 30), abs=4)
    before = small.stat()
    assert thumbnails.of(path, "1") == small
    assert Thumbnails(thumbnails.folder).of(path, "1") == small
    assert small.stat().st_mtime_ns == before.st_mtime_ns
    assert thumbnails.of(path, "2") != small


def test_a_small_picture_is_not_enlarged(tmp_path: Path, thumbnails: Thumbnails) -> None:
    with Image.open(thumbnails.of(picture(tmp_path / "a.png", (40, 30)), "1")) as image:
        assert image.size == (40, 30)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n half"])
def test_what_is_no_picture_has_a_sign(tmp_path: Path, thumbnails: Thumbnails, content: bytes) -> None:
    (tmp_path / "a.png").write_bytes(content)
    sign = thumbnails.of(tmp_path / "a.png", "1")
    assert sign == thumbnails.folder / UNREADABLE
    with Image.open(sign) as image:
        assert image.size == (SIDE, SIDE)
    assert thumbnails.of(tmp_path / "absent.png", "1") == sign
    # Whole at last, and so of another version.
    assert thumbnails.of(picture(tmp_path / "a.png"), "2") != sign


def test_the_oldest_go_when_there_is_no_room(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.png")
    size = Thumbnails(tmp_path / "measured").of(path, "x").stat().st_size
    thumbnails = Thumbnails(tmp_path / "thumbnails", room=10 * size)
    made = []
    for number in range(25):
        made.append(thumbnails.of(path, str(number)))
        os.utime(made[-1], ns=(number, number))
        assert made[-1].is_file()
    kept = [place for place in made if place.is_file()]
    assert 7 <= len(kept) <= 11
    assert kept == made[-len(kept) :]
    assert sum(place.stat().st_size for place in kept) <= 11 * size


def test_without_a_place_the_picture_itself_is_shown(tmp_path: Path) -> None:
    (tmp_path / "thumbnails").write_text("a file where the folder should be")
    path = picture(tmp_path / "a.png")
    assert Thumbnails(tmp_path / "thumbnails").of(path, "1") == path
    (tmp_path / "b.png").write_text("no picture")
    assert Thumbnails(tmp_path / "thumbnails").of(tmp_path / "b.png", "1") == tmp_path / "b.png"
