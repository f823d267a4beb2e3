"""Pictures that are given to the page: who opens them, what is refused, what they say of themselves."""

from html import unescape
from pathlib import Path

import numpy as np
import pytest
from fake_engine import MakePage
from gradio.data_classes import FileData, ImageData
from gradio.exceptions import InvalidPathError
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from tab_driver import TabDriver

from tests.runtime import hostile_formats
from tests.runtime.hostile_pictures import Hostile, broken_png, cut, other_kinds
from tests.runtime.picture_writers import encoded
from ui.page.mask import MaskEditor, make_editor
from ui.page.picture_input import PictureFile
from ui.page.send import Sent

HOSTILE = [
    *(case for case in cut() if case.name.endswith(("at-0.5", "missing"))),
    *list(broken_png())[::9],
    *other_kinds(),
    *hostile_formats.several(),
    *list(hostile_formats.jpegs())[::4],
    *list(hostile_formats.tiffs())[::4],
]


def test_a_control_hands_over_the_file_unopened(tmp_path: Path) -> None:
    never = str(tmp_path / "never-there.png")
    assert PictureFile().preprocess(ImageData(path=never, orig_name="a.svg")) == never
    assert PictureFile().preprocess(None) is None
    assert PictureFile().preprocess(ImageData(url="data:image/png;base64,AAAA")) is None
    editor = make_editor()
    layer = FileData(path=never)
    data = editor.data_model(background=FileData(path="x"), layers=[layer], composite=FileData(path="y"))
    assert editor.preprocess(data) == never
    assert editor.preprocess(editor.data_model(background=FileData(path="x"))) is None


@pytest.mark.parametrize("kind", [PictureFile, MaskEditor])
def test_only_what_was_uploaded_is_taken(kind: type, tmp_path: Path) -> None:
    control = kind()
    inside = Path(control.GRADIO_CACHE) / "uploaded.png"
    assert control.move_resource_to_block_cache(str(inside)) == str(inside)
    outside = [
        "/etc/passwd",
        str(tmp_path / "a.png"),
        str(inside / ".." / ".." / "x"),
        "http://127.0.0.1/a.png",
    ]
    for path in outside:
        with pytest.raises(InvalidPathError, match="was not uploaded"):
            control.move_resource_to_block_cache(path)


def test_the_editor_keeps_no_strokes_in_memory() -> None:
    assert make_editor().accept_blobs is None
    assert "accept_blobs" not in make_editor().get_config().get("server_fns", [])


def test_drawing_these_controls_writes_no_file_beside_them() -> None:
    folder = Path(__file__).parents[3] / "ui" / "page"
    assert list(folder.rglob("*.pyi")) == []


@pytest.mark.parametrize("module", ["image_to_image", "depth"])
def test_odd_files_are_refused_with_one_sentence(make_page: MakePage, module: str, tmp_path: Path) -> None:
    tab = TabDriver(make_page(), module)
    name = "depth-map" if module == "depth" else "picture"
    refused = 0
    for case in HOSTILE:
        path = _written(case, tmp_path)
        if path is None:
            continue
        shown = tab.upload(name, path)
        said = unescape(shown[f"{name}-note"])
        if module == "depth" and 'class="ld-note"' in said:
            continue  # a flat map, or one of numbers, is a depth
        assert 'role="alert"' in said, case.name
        assert f">{path.name} " in said, case.name
        assert said.count("\n") == 0, case.name
        assert shown[name] is None, case.name
        refused += 1
    assert refused > 60


def test_what_a_picture_says_can_be_used(make_page: MakePage, tmp_path: Path) -> None:
    tab = TabDriver(make_page(), "image_to_image")
    said = PngInfo()
    line = "Steps: 9, Sampler: DPM++ 2M Karras, CFG scale: 4.5, Seed: 77, Size: 512x512"
    said.add_text("parameters", f"a {{boat}}\nNegative prompt: rain\n{line}, Denoising strength: 0.35")
    Image.new("RGB", (64, 72)).save(tmp_path / "boat.png", pnginfo=said)
    shown = tab.upload("picture", tmp_path / "boat.png")
    assert "64 × 72 pixels. This picture carries" in shown["picture-note"]
    assert shown["picture-use-settings"]["visible"] is True
    tab.take(tab.press("picture-use-settings"))
    tab.set({"prompt": "a boat"})
    spec, _ = tab.ask()
    fields = spec.body["fields"]
    assert (fields["negative_prompt"], fields["num_inference_steps"], fields["seed"]) == ("rain", 9, 77)
    assert (fields["sampler"], fields["schedule"], fields["strength"]) == ("DPM++ 2M", "Karras", 0.35)
    assert "width" not in fields
    Image.new("RGB", (64, 72)).save(tmp_path / "plain.png")
    shown = tab.upload("picture", tmp_path / "plain.png")
    assert shown["picture-use-settings"]["visible"] is False
    shown = tab.upload("picture", None)
    assert shown["picture-note"] == ""


def test_what_browsers_cannot_show_is_shown_as_png(make_page: MakePage, tmp_path: Path) -> None:
    pixels = np.random.default_rng(2).integers(0, 255, (70, 80, 3), np.uint8)
    path = tmp_path / "scan.tiff"
    path.write_bytes(encoded(Image.fromarray(pixels), "TIFF"))
    shown = TabDriver(make_page(), "image_to_image").upload("picture", path)
    assert (np.asarray(shown["picture"]) == pixels).all()


@pytest.mark.parametrize("module", ["image_to_image", "inpaint", "depth", "upscale"])
def test_a_picture_that_is_sent_brings_its_settings(make_page: MakePage, module: str, tmp_path: Path) -> None:
    tab = TabDriver(make_page(), module)
    picture = tab.page.outputs / "00001-5.png"
    Image.new("RGB", (72, 64), (9, 9, 9)).save(picture)
    fields = {"prompt": "a cat", "seed": 5, "num_inference_steps": 11, "width": 512, "height": 512}
    tab.send(
        Sent(picture=picture, fields={**fields, "strength": 0.45, "noise_level": 12}, model="demo-scenes")
    )
    tab.set({"way": "numbers"} if module == "inpaint" else {})
    spec, pictures = tab.ask()
    sent = spec.body["fields"]
    assert pictures["image"] == picture
    assert (sent["prompt"], sent["seed"], sent["num_inference_steps"]) == ("a cat", 5, 11)
    assert "width" not in sent
    assert sent.get("strength") == (None if module == "upscale" else 0.45)
    assert sent.get("noise_level") == (12 if module == "upscale" else None)


def test_a_picture_sent_for_outpainting_opens_that(make_page: MakePage) -> None:
    tab = TabDriver(make_page(), "inpaint")
    picture = tab.page.outputs / "00002-6.png"
    Image.new("RGB", (72, 64), (9, 9, 9)).save(picture)
    tab.send(Sent(picture=picture, fields={"prompt": "hills", "left": 16, "mask_blur": 2}))
    tab.set({"outpaint-right": 0})
    spec, _ = tab.ask()
    assert (spec.body["task"], spec.body["fields"]["left"]) == ("outpaint", 16)
    assert spec.body["fields"]["mask_blur"] == 2


def _written(case: Hostile, folder: Path) -> Path | None:
    content = case.make(folder)
    if not isinstance(content, bytes):
        return None
    path = folder / "given.png"
    path.write_bytes(content)
    return path
