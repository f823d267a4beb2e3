"""Masks: painted, uploaded and in numbers, at the picture's own pixels."""

from pathlib import Path

import numpy as np
import pytest
from fake_engine import MakePage
from PIL import Image
from tab_driver import TabDriver

from runtime import InvalidRequest
from tests.runtime.hostile_pictures import good_files
from ui.page.mask import MaskChoice, to_paint_on
from ui.page.text import Texts

SAY = Texts("en").say


def layer(path: Path, size: tuple[int, int], box: tuple[int, int, int, int]) -> str:
    """Save what the editor in a browser sends: white paint of some opacity on nothing."""
    image = Image.new("RGBA", size)
    image.paste((255, 255, 255, 255), box)
    image.putpixel((box[0] - 1, box[1]), (255, 255, 255, 90))  # the soft edge of a brush
    image.save(path)
    return str(path)


def painted(path: str) -> MaskChoice:
    return MaskChoice(way="painted", painted=path)


def marked(mask: Image.Image) -> "np.typing.NDArray[np.bool_]":
    levels = np.asarray(mask)
    assert set(np.unique(levels)) <= {0, 255}
    assert mask.mode == "L"
    return levels == 255


@pytest.mark.parametrize(("size", "scale"), [((128, 96), 4), ((512, 384), 1), ((1024, 768), 0.5)])
def test_paint_is_brought_to_the_pixels_of_the_picture(
    tmp_path: Path, size: tuple[int, int], scale: float
) -> None:
    found = marked(painted(layer(tmp_path / "layer.png", (512, 384), (64, 32, 256, 128))).mask(size, SAY))
    left, top, right, bottom = (int(side / scale) for side in (64, 32, 256, 128))
    expected = np.zeros((size[1], size[0]), bool)
    expected[top:bottom, left:right] = True
    assert (found == expected).mean() > (0.999 if scale < 1 else 1 - 1e-9)


def test_numbers_are_pixels_and_end_at_the_edge() -> None:
    choice = MaskChoice(way="numbers", left=90, top=10, width=50, height=5)
    found = marked(choice.mask((100, 40), SAY))
    assert found.sum() == 10 * 5
    assert found[10:15, 90:].all()
    beside = MaskChoice(way="numbers", left=100, top=0, width=9, height=9)
    with pytest.raises(InvalidRequest, match=r"9 × 9 pixels at 100, 0 covers nothing .* within 100 × 40"):
        beside.mask((100, 40), SAY)


def test_a_mask_picture_is_scaled_as_a_request_would(tmp_path: Path) -> None:
    mask = Image.new("LA", (64, 64))  # transparent is kept, whatever lies below
    mask.paste((255, 255), (0, 0, 32, 64))
    mask.paste((255, 0), (32, 0, 64, 64))
    mask.save(tmp_path / "mask.png")
    found = marked(MaskChoice(way="picture", picture=str(tmp_path / "mask.png")).mask((128, 32), SAY))
    assert found[:, :64].all()
    assert not found[:, 64:].any()


@pytest.mark.parametrize("way", ["painted", "picture"])
def test_what_is_missing_is_said(tmp_path: Path, way: str) -> None:
    with pytest.raises(InvalidRequest, match="yet"):
        MaskChoice(way=way).mask((64, 64), SAY)
    Image.new("RGBA", (64, 64)).save(tmp_path / "nothing.png")
    if way == "painted":
        with pytest.raises(InvalidRequest, match="Nothing is painted yet"):
            painted(str(tmp_path / "nothing.png")).mask((64, 64), SAY)


def test_a_damaged_layer_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "layer_0.png"
    path.write_bytes(good_files()["png"][:-99])
    with pytest.raises(InvalidRequest, match=r"^layer_0\.png is cut off"):
        painted(str(path)).mask((64, 64), SAY)


@pytest.mark.parametrize(
    ("size", "shown"), [((128, 96), (512, 384)), ((600, 800), (600, 800)), ((3000, 1500), (1024, 512))]
)
def test_a_picture_is_painted_on_at_a_size_that_a_hand_can_hit(
    tmp_path: Path, size: tuple[int, int], shown: tuple[int, int]
) -> None:
    Image.new("RGB", size).save(tmp_path / "picture.png")
    assert to_paint_on(str(tmp_path / "picture.png"))["background"].size == shown


def test_what_is_painted_on_is_written_once(make_page: MakePage, tmp_path: Path) -> None:
    """A browser may be reading it when the same picture comes again."""
    path = tmp_path / "picture.png"
    Image.new("RGB", (600, 400), "teal").save(path)
    editor = TabDriver(make_page(), "inpaint")._find("editor")
    first, again = (editor.postprocess(to_paint_on(str(path))).background.path for _ in range(2))
    written = Path(first).stat().st_mtime_ns, Path(first).stat().st_ino
    assert first == again
    editor.postprocess(to_paint_on(str(path)))
    assert (Path(first).stat().st_mtime_ns, Path(first).stat().st_ino) == written


def test_a_picture_is_painted_on_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned to the right
    Image.new("RGB", (600, 800)).save(tmp_path / "photo.jpg", exif=exif)
    assert to_paint_on(str(tmp_path / "photo.jpg"))["background"].size == (800, 600)


def test_every_way_is_kept_while_another_one_counts(make_page: MakePage, tmp_path: Path) -> None:
    tab = TabDriver(make_page(), "inpaint")
    Image.new("RGB", (128, 96), (1, 2, 3)).save(tmp_path / "picture.png")
    shown = tab.upload("picture", tmp_path / "picture.png")
    numbers = [shown[f"mask-{name}"] for name in ("left", "top", "width", "height")]
    assert numbers == [32, 24, 64, 48]  # the middle, to begin with
    mask = Image.new("L", (128, 96))
    mask.paste(255, (0, 0, 10, 96))
    mask.save(tmp_path / "mask.png")
    tab.upload("mask", tmp_path / "mask.png")
    tab.set({"editor": layer(tmp_path / "layer.png", (512, 384), (400, 0, 512, 40))})
    areas = {"numbers": 64 * 48, "picture": 10 * 96, "painted": 28 * 10}
    for way in ("painted", "numbers", "picture", "painted", "numbers"):
        tab.set({"way": way})
        _, pictures = tab.ask()
        assert marked(pictures["mask"]).sum() == areas[way]
