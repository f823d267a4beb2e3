"""PNG info: from any picture to the form of any tab, and the same request again."""

from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from fake_engine import MakePage
from infotext_samples import SAMPLES
from PIL import Image

from runtime import InvalidRequest, TextToImage
from runtime.image_files import save_png
from runtime.infotext import infotext
from ui.page.form import GenerationForm
from ui.page.page import Page
from ui.page.send import Sent
from ui.page.tabs.png_info import PngInfo

ASKED = TextToImage(
    prompt='a red house, "at night":\nsecond line {{x}}',
    negative_prompt="fog,\nrain",
    num_inference_steps=37,
    guidance_scale=3.5,
    width=192,
    height=128,
    sampler="DPM++ 2M SDE",
    schedule="Karras",
    seed=2**53 - 1,
)


def text_of(request: TextToImage) -> str:
    return infotext(
        request,
        seed=request.seed,
        size=request.size,
        sampler=request.sampler or "",
        schedule=request.schedule or "",
        model_name="demo-scenes",
        model_hash=None,
        extra={"Device": "cpu"},
    )


@pytest.fixture
def home(make_page: MakePage) -> Page:
    home = make_page()
    home.tabs, home.tab = gr.Tabs(), gr.Tab()
    return home


@pytest.fixture
def info(home: Page) -> PngInfo:
    """The tab, drawn."""
    info = PngInfo(home)
    info.draw()
    return info


def filled(form: GenerationForm, sent: Sent) -> dict[str, Any]:
    """Return the fields that a form gives after it has received something."""
    updates = form.receive(sent.fields, sent.model)
    values = []
    for part in form.components:
        update = updates.get(part, part.value)
        values.append(update.get("value", part.value) if isinstance(update, dict) else update)
    return form.fields(values)


def test_our_own_picture_gives_the_same_request_again(home: Page, info: PngInfo, tmp_path: Path) -> None:
    form = GenerationForm(home, "text-to-image", "text-to-image")
    form.prompts()
    form.settings()
    path = tmp_path / "ours.png"
    save_png(Image.new("RGB", ASKED.size), path, text_of(ASKED))
    raw, line, prompt, negative, table = info._read(str(path))
    assert raw == text_of(ASKED)
    assert "192 × 128 pixels" in line
    assert (prompt["value"], negative["value"]) == (ASKED.prompt, ASKED.negative_prompt)
    assert "Not taken over" not in table
    sent = info._sent(str(path), raw)
    assert sent is not None
    assert sent.picture == path
    assert TextToImage(**filled(form, sent)) == ASKED


def test_what_others_wrote_fills_a_form_that_can_be_sent(home: Page, info: PngInfo) -> None:
    form = GenerationForm(home, "text-to-image", "text-to-image")
    form.prompts()
    form.settings()
    for name, sample in SAMPLES.items():
        sent = info._sent(None, sample.text)
        assert sent is not None, name
        assert sent.picture is None, name
        if "<lora:" in sample.prompt:  # it is said before anything is made
            with pytest.raises(InvalidRequest, match=r"asks for '<lora:ink:0\.8>'"):
                filled(form, sent)
            continue
        fields = filled(form, sent)
        assert fields["prompt"] == sample.prompt, name
        assert fields["negative_prompt"] == sample.negative_prompt, name
        TextToImage(**fields)


def test_a_text_without_prompts_leaves_those_of_the_form(info: PngInfo) -> None:
    sent = info._sent(None, SAMPLES["only a line of settings"].text)
    assert sent is not None
    assert not {"prompt", "negative_prompt"} & set(sent.fields)
    assert sent.fields["seed"] == 4
    sent = info._sent(None, SAMPLES["inpainting"].text)
    assert sent is not None
    assert sent.fields["negative_prompt"] == ""


def test_a_jpeg_says_what_a_png_says(info: PngInfo, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + text_of(ASKED).encode("utf-16-be")
    Image.new("RGB", (16, 16)).save(tmp_path / "a.jpg", exif=exif)
    assert info._read(str(tmp_path / "a.jpg"))[0] == text_of(ASKED)


def test_what_is_not_understood_is_listed_with_its_reason(info: PngInfo) -> None:
    table = info._parts(SAMPLES["hashes and ControlNet in quotes"].text)[-1]
    used, _, left = table.partition("Not taken over")
    assert "Karras" in used
    for key in ("ControlNet 0", "Lora hashes", "TI hashes"):
        assert key not in used
        assert key in left
    assert "Lapdraw has nothing like it" in left
    assert "no such file is here" in left
    assert "names a LoRA" in left


def test_a_picture_without_a_text_and_no_picture_at_all(info: PngInfo, tmp_path: Path) -> None:
    Image.new("RGB", (16, 16)).save(tmp_path / "plain.png")
    raw, _, prompt, _, table = info._read(str(tmp_path / "plain.png"))
    assert raw == ""
    assert not prompt["visible"]
    assert "does not say how it was made" in table
    assert "does not say how it was made" in info._parts("", str(tmp_path / "plain.png"))[-1]
    assert info._parts("", None)[-1] == ""
    sent = info._sent(str(tmp_path / "plain.png"), raw)
    assert sent is not None
    assert sent.fields == {}
    assert info._read(None)[0] == ""
    assert info._sent(None, "  ") is None


def test_a_damaged_picture_still_tells_its_text(info: PngInfo, tmp_path: Path) -> None:
    save_png(Image.new("RGB", (400, 400), (9, 99, 9)), tmp_path / "a.png", text_of(ASKED))
    content = (tmp_path / "a.png").read_bytes()
    (tmp_path / "half.png").write_bytes(content[: content.index(b"IDAT") + 40])
    raw, line, *_ = info._read(str(tmp_path / "half.png"))
    assert raw == text_of(ASKED)
    assert 'role="alert"' in line
    assert "half.png is cut off" in line


def test_a_text_is_pasted_and_goes_to_the_form_of_its_task(home: Page, info: PngInfo) -> None:
    got: list[Sent] = []
    form = gr.Textbox()

    def receive(sent: Sent) -> dict[Any, Any]:
        got.append(sent)
        return {form: "filled"}

    for tab in ("text-to-image", "image-to-image", "inpaint"):
        home.add_receiver(tab, [form], receive)
    for name, tab in (
        ("schedule in the sampler", "text-to-image"),
        ("many lines", "image-to-image"),
        ("extended", "inpaint"),
    ):
        updates = info.back._send(SAMPLES[name].text)
        assert updates[home.tabs].selected == tab
        assert updates[form] == "filled"
    assert [sent.fields.get("strength") for sent in got] == [None, 0.55, None]
    with pytest.warns(UserWarning, match="There are no settings here yet"):
        info.back._send("")


def test_other_tabs_send_pictures_here(home: Page, info: PngInfo, tmp_path: Path) -> None:
    receiver = home.receivers["png-info"]
    assert receiver.receive(Sent(picture=tmp_path / "a.png")) == {info.picture: str(tmp_path / "a.png")}
    assert receiver.receive(Sent(fields={"prompt": "a"})) == {}
