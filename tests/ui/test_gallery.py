"""The index of the outputs folder: newest first, by page, by words, and whatever happens to the files."""

import os
import sqlite3
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.errors import InvalidRequest
from ui.gallery import BATCH, Gallery, fold
from ui.gallery_files import DEEPEST

MINUTE = 60 * 10**9
Write = Callable[..., Path]


def png(prompt: str, seed: int = 1) -> bytes:
    """A PNG of one pixel with a text."""
    text = f"{prompt}\nSteps: 20, Sampler: DDIM, CFG scale: 7, Seed: {seed}".encode()
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    chunks = (
        (b"IHDR", header),
        (b"iTXt", b"parameters\0\0\0\0\0" + text),
        (b"IDAT", zlib.compress(bytes(4))),
        (b"IEND", b""),
    )
    parts = [struct.pack(">I", len(c)) + k + c + struct.pack(">I", zlib.crc32(k + c)) for k, c in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    (tmp_path / "outputs").mkdir()
    return tmp_path / "outputs"


@pytest.fixture
def write(outputs: Path) -> Write:
    """Write a picture that was made so many minutes after the epoch."""

    def do(name: str, prompt: str = "a house", minute: int = 0) -> Path:
        path = outputs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(prompt))
        os.utime(path, ns=(minute * MINUTE, minute * MINUTE))
        return path

    return do


@pytest.fixture
def gallery(outputs: Path, tmp_path: Path) -> Iterator[Gallery]:
    gallery = Gallery(outputs, tmp_path / "cache")
    yield gallery
    gallery.close()


def names(gallery: Gallery, **question: object) -> list[str]:
    """Refresh, and return the names on a page."""
    gallery.refresh()
    return [entry.name for entry in gallery.page(**question).entries]  # type: ignore[arg-type]


def test_an_empty_folder_and_none_at_all_have_no_pictures(outputs: Path, gallery: Gallery) -> None:
    assert names(gallery) == []
    outputs.rmdir()
    assert names(gallery) == []
    page = gallery.page()
    assert (page.number, page.pages, page.found) == (1, 1, 0)
    assert gallery.days() == []
    assert gallery.tasks() == []


def test_thousands_of_pictures_come_newest_first_and_by_page(write: Write, gallery: Gallery) -> None:
    count = 2 * BATCH + 100
    for number in range(count):
        write(f"text-to-image-images/2026-01-{1 + number // 100:02d}/{number:05d}-7.png", minute=number)
    assert gallery.refresh() == count
    assert gallery.refresh() == 0
    seen = []
    for number in range(1, 12):
        page = gallery.page(number=number, size=100)
        assert (page.number, page.pages, page.found) == (number, 11, count)
        seen += [int(entry.path.name[:5]) for entry in page.entries]
    assert seen == list(range(count - 1, -1, -1))
    assert gallery.page(number=99, size=100).number == 11
    assert gallery.page(number=-1, size=100).number == 1
    assert gallery.days()[0] == ("2026-01-11", 100)


def test_the_day_of_the_folder_comes_before_the_time_of_the_file(write: Write, gallery: Gallery) -> None:
    """Copying a data folder may change the times of all files."""
    write("text-to-image-images/2026-01-02/00000-1.png", minute=1)
    write("inpaint-images/2026-01-01/00000-1.png", minute=2)
    write("inpaint-images/2026-01-02/00000-1.png", minute=0)
    assert names(gallery) == [
        "text-to-image-images/2026-01-02/00000-1.png",
        "inpaint-images/2026-01-02/00000-1.png",
        "inpaint-images/2026-01-01/00000-1.png",
    ]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", "abcd"),
        ("house", "ab"),
        ("HOUSE red", "a"),
        ("red house night", ""),
        ("红", "c"),
        ("ＲＥＤ", "a"),  # wide letters, as Chinese keyboards write them
        ("straße", "d"),
        ("STRASSE", "d"),
        ("100%", "d"),
        ("_", ""),
        ("'; DROP TABLE pictures; --", ""),
        ("Steps", ""),  # the settings are no part of the prompt
    ],
)
def test_all_words_must_be_in_the_prompt(write: Write, gallery: Gallery, search: str, found: str) -> None:
    for name, prompt in {
        "a": "a RED house\nby day",
        "b": "a blue house",
        "c": "夜空下的红房子",
        "d": "a Straße at 100%",
    }.items():
        write(f"{name}.png", prompt)
    assert sorted(names(gallery, search=search)) == [f"{name}.png" for name in found]


def test_task_and_day_narrow_the_list(write: Write, gallery: Gallery) -> None:
    write("text-to-image-images/2026-01-02/00000-1.png", "a house")
    write("upscale-images/2026-01-02/00000-1.png", "a house")
    write("upscale-images/2026-01-01/00000-1.png", "a boat")
    write("elsewhere.png")
    gallery.refresh()
    assert gallery.tasks() == [("text-to-image", 1), ("upscale", 2)]
    assert names(gallery, task="upscale", day="2026-01-02") == ["upscale-images/2026-01-02/00000-1.png"]
    assert names(gallery, task="upscale", search="boat") == ["upscale-images/2026-01-01/00000-1.png"]
    assert len(names(gallery)) == 4
    assert gallery.page(search="elsewhere").found == 0


def test_what_changes_on_disk_is_taken_in(write: Write, gallery: Gallery) -> None:
    path = write("a.png", "a house")
    write("b.png", "a boat")
    assert gallery.refresh() == 2
    write("a.png", "a castle", minute=5)
    (path.parent / "b.png").unlink()
    write("c.png", "a tower")
    assert gallery.refresh() == 3
    assert names(gallery, search="castle") == ["a.png"]
    assert sorted(names(gallery)) == ["a.png", "c.png"]


def test_foreign_hidden_and_half_written_files_do_no_harm(
    outputs: Path, write: Write, gallery: Gallery
) -> None:
    whole = write("whole.png").read_bytes()
    (outputs / ".partial-1.png").write_bytes(whole)
    (outputs / "notes.txt").write_text("no picture")
    (outputs / "empty.png").touch()
    (outputs / "web page.png").write_text("<html>")
    (outputs / "folder.png").mkdir()
    (outputs / "half.png").write_bytes(whole[:50])
    (outputs / "plain.jpg").write_bytes(b"\xff\xd8\xff\xe0\0\x04ab\xff\xd9")
    (outputs / "link.png").symlink_to(outputs / "whole.png")
    (outputs / "loop").symlink_to(outputs, target_is_directory=True)
    (outputs / os.fsdecode(b"not utf-8 \xff.png")).write_bytes(whole)
    deep = "/".join("deep" for _ in range(DEEPEST + 2))
    write(f"{deep}/too deep.png")
    assert sorted(names(gallery)) == ["half.png", "plain.jpg", "whole.png"]
    half = gallery.find("half.png")
    assert half is not None
    assert half.prompt == ""
    (outputs / "half.png").write_bytes(whole)
    assert len(names(gallery, search="house")) == 2


def test_a_folder_that_cannot_be_read_hides_only_itself(
    outputs: Path, write: Write, gallery: Gallery
) -> None:
    write("shut/a.png")
    write("open/b.png")
    (outputs / "shut").chmod(0)
    try:
        found = names(gallery)
    finally:
        (outputs / "shut").chmod(0o700)
    assert "open/b.png" in found


def test_only_what_the_index_names_is_found_or_deleted(
    outputs: Path, tmp_path: Path, write: Write, gallery: Gallery
) -> None:
    (tmp_path / "secret.png").write_bytes(png("a secret"))
    write("a.png")
    gallery.refresh()
    for name in ("../secret.png", str(tmp_path / "secret.png"), "", ".", "a.png/..", "b.png"):
        assert gallery.find(name) is None
        assert not gallery.delete(name)
    assert (tmp_path / "secret.png").is_file()
    assert gallery.delete("a.png")
    assert not (outputs / "a.png").exists()
    assert gallery.page().found == 0


def test_a_picture_that_is_gone_is_not_found_and_can_be_deleted(
    outputs: Path, write: Write, gallery: Gallery
) -> None:
    write("a.png")
    gallery.refresh()
    (outputs / "a.png").unlink()
    assert gallery.find("a.png") is None
    assert not gallery.delete("a.png")
    assert gallery.page().found == 0


def test_a_picture_that_the_system_holds_is_said(
    write: Write, gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a.png")
    gallery.refresh()

    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(InvalidRequest, match=r"a\.png cannot be deleted \(Permission denied\)"):
        gallery.delete("a.png")
    assert gallery.page().found == 1


@pytest.mark.parametrize("damage", [b"", b"no database", b"SQLite format 3\0" + bytes(4000)])
def test_a_damaged_index_is_made_again(write: Write, outputs: Path, tmp_path: Path, damage: bytes) -> None:
    write("a.png")
    first = Gallery(outputs, tmp_path / "cache")
    first.refresh()
    first.close()
    (tmp_path / "cache" / "gallery.sqlite").write_bytes(damage)
    again = Gallery(outputs, tmp_path / "cache")
    assert names(again) == ["a.png"]
    again.close()


def test_an_index_of_another_version_is_made_again(write: Write, outputs: Path, tmp_path: Path) -> None:
    write("a.png")
    (tmp_path / "cache").mkdir()
    with sqlite3.connect(tmp_path / "cache" / "gallery.sqlite") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    again = Gallery(outputs, tmp_path / "cache")
    assert again.page().found == 1  # it has looked by itself: what was remembered is lost
    again.close()


def test_without_a_place_for_the_index_it_lives_in_memory(
    write: Write, outputs: Path, tmp_path: Path
) -> None:
    write("a.png")
    (tmp_path / "cache").write_text("a file where the folder should be")
    gallery = Gallery(outputs, tmp_path / "cache")
    assert names(gallery) == ["a.png"]
    assert names(gallery, search="boat") == []
    gallery.close()


def test_two_galleries_on_one_folder_agree(write: Write, outputs: Path, tmp_path: Path) -> None:
    """The page has one in each language."""
    first, second = (Gallery(outputs, tmp_path / "cache") for _ in range(2))
    write("a.png")
    assert names(first) == names(second) == ["a.png"]
    first.delete("a.png")
    assert second.page().found == 0
    first.close()
    second.close()


@given(text=st.text(max_size=40))
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)
