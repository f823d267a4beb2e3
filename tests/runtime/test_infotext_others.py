"""Texts of other programs, and where JPEG and WebP carry them."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from infotext_samples import SAMPLES, Sample
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from runtime.infotext_exif import decode_comment
from runtime.infotext_reader import keywords_of, parameters_of, read_infotext

TEXT = "a red house\nNegative prompt: fog\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1"
CHINESE = f"夜空下的红房子 🎉\n{TEXT}"
USER_COMMENT = 0x9286


@pytest.mark.parametrize("name", SAMPLES)
def test_what_other_programs_wrote_is_understood(name: str) -> None:
    sample: Sample = SAMPLES[name]
    read = read_infotext(sample.text)
    assert read.prompt == sample.prompt
    assert read.negative_prompt == sample.negative_prompt
    assert {key: read.fields.get(key) for key in sample.fields} == sample.fields
    assert not set(sample.absent) & set(read.fields)
    assert {key: read.values.get(key) for key in sample.values} == sample.values


def test_keys_are_found_in_any_case() -> None:
    read = read_infotext("a\nSteps: 1, model HASH: ab, cfg Scale: 3")
    assert read.value("Model hash") == "ab"
    assert read.fields["guidance_scale"] == 3
    assert read.value("Version") is None


def picture(path: Path, comment: bytes | None, *, big_endian: bool = True) -> Path:
    """Write a JPEG or WebP with an EXIF comment, as piexif lays it out (its blocks are big-endian)."""
    exif = Image.Exif()
    exif.endian = ">" if big_endian else "<"
    if comment is not None:
        exif.get_ifd(0x8769)[USER_COMMENT] = comment
    exif[0x010E] = "something else"
    Image.new("RGB", (8, 8)).save(path, exif=exif)
    return path


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
@pytest.mark.parametrize("text", [TEXT, CHINESE])
@pytest.mark.parametrize(
    "comment",
    [
        lambda text: b"UNICODE\0" + text.encode("utf-16-be"),
        lambda text: b"UNICODE\0" + text.encode("utf-16-le"),
        lambda text: b"UNICODE\0" + text.encode("utf-16"),
        lambda text: b"ASCII\0\0\0" + text.encode(),
        lambda text: bytes(8) + text.encode() + b"\0\0",
    ],
)
def test_the_comment_of_a_jpeg_or_webp_is_read(
    tmp_path: Path, suffix: str, text: str, comment: Callable[[str], bytes]
) -> None:
    for big_endian in (True, False):
        path = picture(tmp_path / f"a{big_endian}{suffix}", comment(text), big_endian=big_endian)
        assert parameters_of(path) == text


@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60))
def test_any_text_with_settings_survives_the_comment(text: str) -> None:
    whole = f"{text}\n{TEXT}"
    for order in ("utf-16-be", "utf-16-le"):
        assert decode_comment(b"UNICODE\0" + whole.encode(order)) == whole


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
@pytest.mark.parametrize("comment", [None, b"", b"UNICODE\0", b"JIS\0\0\0\0\0abc"])
def test_pictures_without_a_comment_have_no_text(tmp_path: Path, suffix: str, comment: bytes | None) -> None:
    assert parameters_of(picture(tmp_path / f"a{suffix}", comment)) is None


@settings(max_examples=40)
@given(cut=st.integers(0, 400), at=st.integers(0, 400), value=st.integers(0, 255), webp=st.booleans())
def test_damaged_pictures_are_no_error(
    tmp_path_factory: pytest.TempPathFactory, cut: int, at: int, value: int, webp: bool
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    path = picture(folder / f"a{'.webp' if webp else '.jpg'}", b"UNICODE\0" + TEXT.encode("utf-16-be"))
    content = bytearray(path.read_bytes())
    content[at % len(content)] = value
    path.write_bytes(content[: max(0, len(content) - cut)])
    parameters_of(path)


def test_an_exif_block_that_points_outside_itself_is_no_text(tmp_path: Path) -> None:
    entry = struct.pack(">HHII", 0x8769, 4, 1, 4_000_000_000)
    block = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 1) + entry + bytes(4)
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff\xe1" + struct.pack(">H", len(block) + 2) + block)
    assert parameters_of(tmp_path / "a.jpg") is None


def test_texts_of_a_png_are_named(tmp_path: Path) -> None:
    info = PngInfo()
    info.add_text("prompt", "{}")
    info.add_text("workflow", "{}")
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png", pnginfo=info)
    Image.new("RGB", (4, 4)).save(tmp_path / "a.jpg")
    assert keywords_of(tmp_path / "a.png") == ("prompt", "workflow")
    assert parameters_of(tmp_path / "a.png") is None
    assert keywords_of(tmp_path / "a.jpg") == ()
    assert keywords_of(tmp_path / "absent.png") == ()
