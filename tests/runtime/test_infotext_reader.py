"""The parameters text read back: what we wrote exactly, what others wrote as far as it goes."""

import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from runtime import TextToImage
from runtime.image_files import save_png
from runtime.infotext import infotext
from runtime.infotext_reader import MAX_TEXT, parameters_of, read_infotext

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
PROMPT = TEXT.filter(lambda text: not any(line.startswith("Negative prompt:") for line in text.split("\n")))
KEY = st.from_regex(r"[A-Z][a-z]{1,8}( [a-z]{1,8})?", fullmatch=True)

# As AUTOMATIC1111 1.10 writes it: hashes of embeddings, quoted values, a schedule of its own.
A1111 = """a castle, (highly detailed:1.2)
on a hill
Negative prompt: blurry, text
watermark
Steps: 28, Sampler: DPM++ 2M SDE, Schedule type: Karras, CFG scale: 6.5, Seed: 3129, Size: 512x768, \
Model hash: 6ce0161689, Model: v1-5-pruned-emaonly, Denoising strength: 0.7, Hires upscale: 2, \
TI hashes: "easynegative: c74b4e810b03, other: 1a2b", Version: v1.10.1"""


@given(
    prompt=PROMPT,
    negative=TEXT,
    steps=st.integers(1, 1000),
    guidance=st.integers(0, 500).map(lambda tenths: tenths / 10),
    seed=st.integers(0, 2**53 - 1),
    extra=st.dictionaries(KEY, TEXT, max_size=4),
)
def test_what_was_written_is_read_back(
    prompt: str, negative: str, steps: int, guidance: float, seed: int, extra: dict[str, str]
) -> None:
    request = TextToImage(
        prompt=prompt, negative_prompt=negative, num_inference_steps=steps, guidance_scale=guidance
    )
    extra = {f"x{key}": value for key, value in extra.items()}
    text = infotext(
        request,
        seed=seed,
        size=(192, 128),
        sampler="DPM++ 2M",
        schedule="Karras",
        model_name='odd, "name": 1',
        model_hash=None,
        extra=extra,
    )
    read = read_infotext(text)
    assert read.fields == {
        "prompt": prompt,
        "negative_prompt": negative,
        "num_inference_steps": steps,
        "guidance_scale": guidance,
        "seed": seed,
        "sampler": "DPM++ 2M",
        "schedule": "Karras",
        "width": 192,
        "height": 128,
    }
    assert read.values["Model"] == 'odd, "name": 1'
    assert read.values["Size"] == "192x128"
    assert {key: read.values[key] for key in extra} == extra


def test_the_text_of_another_program_is_understood() -> None:
    read = read_infotext(A1111)
    assert read.prompt == "a castle, (highly detailed:1.2)\non a hill"
    assert read.negative_prompt == "blurry, text\nwatermark"
    assert read.fields["sampler"] == "DPM++ 2M SDE"
    assert read.fields["guidance_scale"] == 6.5
    assert read.values["TI hashes"] == "easynegative: c74b4e810b03, other: 1a2b"
    assert read.values["Version"] == "v1.10.1"


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("", {"prompt": "", "negative_prompt": ""}),
        (
            "only a prompt, with style: oil",
            {"prompt": "only a prompt, with style: oil", "negative_prompt": ""},
        ),
        ("a\nNegative prompt: b", {"prompt": "a", "negative_prompt": "b"}),
        ("a\nSteps: 20", {"prompt": "a", "negative_prompt": "", "num_inference_steps": 20}),
        (
            'a\nSteps: many, CFG scale: 7, Seed: 1.5, Model: "unclosed, Sampler: Euler a',
            {"prompt": "a", "negative_prompt": "", "guidance_scale": 7.0, "sampler": "Euler a"},
        ),
        (",,, ::\nSteps: 3,,, : , x", {"prompt": ",,, ::", "negative_prompt": "", "num_inference_steps": 3}),
    ],
)
def test_what_cannot_be_read_is_left_out(text: str, fields: dict[str, object]) -> None:
    assert read_infotext(text).fields == fields


@given(text=TEXT)
def test_no_text_is_an_error(text: str) -> None:
    read_infotext(text)
    read_infotext(f"a\nSteps: 1, {text}")


@pytest.mark.parametrize("text", ["plain", "中文 ünïcode 🎉", "two\nlines"])
@pytest.mark.parametrize("compressed", [False, True])
def test_every_kind_of_text_chunk_is_read(tmp_path: Path, text: str, compressed: bool) -> None:
    info = PngInfo()
    info.add_text("Software", "something")
    info.add_text("parameters", text, zip=compressed)
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png", pnginfo=info)
    assert parameters_of(tmp_path / "a.png") == text


def test_files_without_a_text_have_none(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "plain.png")
    Image.new("RGB", (4, 4)).save(tmp_path / "a.jpg")
    save_png(Image.new("RGB", (4, 4)), tmp_path / "whole.png", "a text")
    (tmp_path / "cut.png").write_bytes((tmp_path / "whole.png").read_bytes()[:60])
    for name in ("plain.png", "a.jpg", "cut.png", "absent.png"):
        assert parameters_of(tmp_path / name) is None


def test_a_text_that_would_fill_the_memory_is_cut(tmp_path: Path) -> None:
    bomb = b"parameters\x00\x00" + zlib.compress(bytes(50 * MAX_TEXT))
    chunk = struct.pack(">I4s", len(bomb), b"zTXt") + bomb + bytes(4)
    (tmp_path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk)
    assert len(parameters_of(tmp_path / "bomb.png") or "") == MAX_TEXT
