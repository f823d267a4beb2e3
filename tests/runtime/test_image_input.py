import os
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from runtime.arrays import AnyArray
from runtime.errors import InvalidRequest
from runtime.image_input import read_depth, read_image, read_mask
from runtime.image_limits import MAX_PIXELS
from tests.runtime.odd_formats import valid_pictures
from tests.runtime.odd_pictures import Odd, noise, rgb
from tests.runtime.picture_writers import COLOUR, COLOUR_ALPHA, GREY, chunk, encoded, exif, png, tiff

COLOURS = noise(70, 8, 6, 3)


@cache
def odd() -> list[Odd]:
    return valid_pictures()


def wrong(case: Odd) -> str:
    """Say how the picture differs from what it must be; nothing where it does not."""
    got = read_image(case.source)
    pixels = np.asarray(got)
    if got.mode != "RGB" or pixels.shape != case.expected.shape:
        return f"{case.name}: {got.mode} {pixels.shape} instead of {case.expected.shape}"
    differing = int((pixels != case.expected).any(axis=2).sum())
    return f"{case.name}: {differing} pixels differ" if differing else ""


def test_every_odd_picture_becomes_exactly_its_rgb_pixels() -> None:
    assert len({case.name for case in odd()}) == len(odd()) >= 200
    assert [text for text in map(wrong, odd()) if text] == []


def test_collection_would_notice_a_wrong_level() -> None:
    case = next(case for case in odd() if case.name == "tiff-rgb8-<")
    shifted = Odd(name=case.name, source=case.source, expected=case.expected ^ 1)
    assert wrong(shifted).endswith("35 pixels differ")


@pytest.mark.parametrize(
    "name",
    [
        "cat.png",
        "a cat on a mat.png",
        "кот 猫 🐈.png",
        "wrong.jpg",
        "no-ending",
        "UPPER.PNG",
        "x" * 200 + ".png",
    ],
)
def test_any_file_name_is_read_and_the_content_decides(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(png(COLOURS, bits=8, colour=COLOUR))
    for source in (path, str(path), path.read_bytes()):
        assert (np.asarray(read_image(source)) == COLOURS).all()


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_link_to_a_picture_is_followed(tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(png(COLOURS, bits=8, colour=COLOUR))
    (tmp_path / "link.png").symlink_to("cat.png")
    assert (np.asarray(read_image(tmp_path / "link.png")) == COLOURS).all()


def test_sixteen_bits_keep_all_their_levels() -> None:
    every = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    levels = np.asarray(read_image(png(every[..., None], bits=16, colour=GREY)))[..., 0]
    assert sorted(set(levels.flat)) == list(range(256))
    assert (levels == np.rint(every / 257)).all()


def test_place_and_profile_do_not_go_on() -> None:
    place = Image.Exif()
    place[0x8825] = {1: "N", 2: (48.0, 8.0, 14.0)}
    photograph = encoded(Image.fromarray(COLOURS), "JPEG", exif=place, icc_profile=b"profile")
    result = read_image(photograph)
    assert result.info == {}
    assert dict(result.getexif()) == {}


def test_given_picture_is_left_as_it_is() -> None:
    indices = noise(71, 5, 5)
    given = Image.fromarray(indices)
    given.putpalette(noise(72, 256, 3).tobytes())
    given.info["transparency"] = bytes(range(256))
    before = given.copy()
    read_image(given)
    assert (given.mode, given.info, given.getpalette()) == (before.mode, before.info, before.getpalette())
    assert given.palette is not None
    assert given.palette.mode == "RGB"
    plain = Image.fromarray(COLOURS)
    read_image(plain).putpixel((0, 0), (1, 2, 3))
    assert (np.asarray(plain) == COLOURS).all()


def test_mask_is_white_where_it_is_painted_and_transparent_parts_are_kept() -> None:
    samples = np.zeros((1, 5, 4), np.uint16)
    samples[0] = [
        (255, 255, 255, 255),  # painted
        (255, 255, 255, 0),  # transparent
        (0, 0, 0, 255),  # black
        (255, 255, 255, 100),  # painted lightly
        (255, 0, 0, 255),  # red: its luminance
    ]
    mask = read_mask(png(samples, bits=8, colour=COLOUR_ALPHA))
    assert mask.mode == "L"
    assert np.asarray(mask).tolist() == [[255, 0, 0, 100, 76]]
    assert np.asarray(read_mask(Image.fromarray(np.array([[True, False]])))).tolist() == [[255, 0]]
    deep = noise(73, 4, 4, top=65536, dtype=np.uint16)
    assert (np.asarray(read_mask(tiff(deep))) == np.rint(deep / 257)).all()


def test_mask_turns_as_its_picture_does() -> None:
    grey = noise(74, 4, 7)
    data = png(grey[..., None], bits=8, colour=GREY, before=[chunk(b"eXIf", exif(6))])
    assert (np.asarray(read_mask(data)) == np.rot90(grey, -1)).all()
    assert (read_depth(data) == np.rot90(grey, -1)).all()


def depth_sources() -> list[tuple[str, bytes, AnyArray]]:
    deep = noise(75, 6, 9, top=65536, dtype=np.uint16)
    grey = noise(76, 6, 9)
    floats = np.random.default_rng(77).normal(0, 1000, (6, 9)).astype(np.float32)
    keyed = [chunk(b"tRNS", int(deep[0, 0]).to_bytes(2, "big"))]
    return [
        ("png16", png(deep[..., None], bits=16, colour=GREY), deep),
        (
            "png16-keyed",
            png(deep[..., None], bits=16, colour=GREY, before=keyed),
            deep * (deep != deep[0, 0]),
        ),
        ("tiff16", tiff(deep), deep),
        ("tiff16-big-endian", tiff(deep, order=">"), deep),
        ("tiff-float", tiff(floats, sample_format=3), floats),
        ("pfm", b"Pf 9 6 -1\n" + floats[::-1].tobytes(), floats),
        ("pgm16", b"P5 9 6 65535\n" + deep.astype(">u2").tobytes(), deep),
        ("png8", png(grey[..., None], bits=8, colour=GREY), grey),
        ("grey-as-rgb", png(rgb(grey), bits=8, colour=COLOUR), grey),
        ("constant", png(np.full((6, 9, 1), 7), bits=16, colour=GREY), np.full((6, 9), 7)),
    ]


@pytest.mark.parametrize(
    ("data", "expected"), [c[1:] for c in depth_sources()], ids=[c[0] for c in depth_sources()]
)
def test_depth_keeps_every_bit(data: bytes, expected: AnyArray) -> None:
    depth = read_depth(data)
    assert depth.dtype == np.float32
    assert depth.flags["C_CONTIGUOUS"]
    assert (depth == expected).all()


def test_depth_with_holes_is_refused() -> None:
    holes = np.array([[1.0, np.nan], [np.inf, 2.0]], np.float32)
    with pytest.raises(InvalidRequest, match="the picture holds 2 values that are not finite numbers: fill"):
        read_depth(tiff(holes, sample_format=3))


def test_largest_picture_is_read_and_one_pixel_more_is_not() -> None:
    assert MAX_PIXELS == 64_000_000
    largest = encoded(Image.fromarray(np.zeros((64, 1_000_000), np.bool_)), "PNG")
    assert read_image(largest).size == (1_000_000, 64)
    more = encoded(Image.fromarray(np.zeros((65, 1_000_000), np.bool_)), "PNG")
    with pytest.raises(InvalidRequest, match="1000000x65 pixels, more than the 64 megapixels"):
        read_image(more)


def test_picture_opened_by_another_program_stays_open() -> None:
    opened = Image.open(BytesIO(png(COLOURS, bits=8, colour=COLOUR)))
    assert (np.asarray(read_image(opened)) == COLOURS).all()
    assert opened.getpixel((0, 0)) == tuple(COLOURS[0, 0])
