"""What a picture's text means here: our own comes back as the same request, others' as far as we go along."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from infotext_samples import SAMPLES

from runtime import TextToImage
from runtime.infotext import infotext
from runtime.infotext_reader import read_infotext
from runtime.model_folder import ModelFolder
from runtime.places import BUNDLED_MODELS
from runtime.schedulers import SAMPLERS
from ui.picture_settings import (
    GPU_NOISE,
    LORA,
    MODEL_MISSING,
    MODEL_OTHER,
    NO_SAMPLER,
    NO_SCHEDULE,
    NO_SUCH_PAIR,
    OUT_OF_RANGE,
    SYNTAX,
    TOLD,
    UNREADABLE,
    UNUSED,
    USED,
    KnownModel,
    PictureSettings,
    understand,
)

SCENES = KnownModel(
    name="demo-scenes",
    tasks=("text-to-image", "image-to-image", "inpaint", "outpaint"),
    sha256=frozenset({"ab" * 32}),
)
BUTTERFLIES = KnownModel(name="demo-butterflies", tasks=("unconditional",), sha256=frozenset({"cd" * 32}))
PLAIN = KnownModel(name="v1-5", tasks=("text-to-image",))
MODELS = (SCENES, BUTTERFLIES, PLAIN)
PAIRS = [(kind.name, schedule) for kind in SAMPLERS for schedule in kind.schedules]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def meant(line: str, *, prompt: str = "a") -> PictureSettings:
    return understand(read_infotext(f"{prompt}\nSteps: 20, {line}"), MODELS)


def taken(line: str) -> dict[str, str]:
    return {pair.key: pair.taken for pair in meant(line).pairs}


@given(
    prompt=TEXT.filter(
        lambda text: not any(line.startswith("Negative prompt:") for line in text.split("\n"))
    ),
    negative=TEXT,
    steps=st.integers(1, 1000),
    guidance=st.integers(0, 500).map(lambda tenths: tenths / 10),
    seed=st.integers(0, 2**53 - 1),
    width=st.integers(8, 512).map(lambda eighth: 8 * eighth),
    pair=st.sampled_from(PAIRS),
)
def test_our_own_text_gives_the_same_request_again(
    prompt: str, negative: str, steps: int, guidance: float, seed: int, width: int, pair: tuple[str, str]
) -> None:
    asked = TextToImage(
        prompt=prompt,
        negative_prompt=negative,
        num_inference_steps=steps,
        guidance_scale=guidance,
        seed=seed,
        width=width,
        height=128,
        sampler=pair[0],
        schedule=pair[1],
    )
    text = infotext(
        asked,
        seed=seed,
        size=asked.size,
        sampler=pair[0],
        schedule=pair[1],
        model_name="demo-scenes",
        model_hash="ab" * 5,
        extra={"Device": "cpu", "Precision": "f32", "Weights": "fp16"},
    )
    found = understand(read_infotext(text), MODELS)
    assert TextToImage(**found.fields) == asked
    assert found.model == "demo-scenes"
    assert found.task == "text-to-image"
    assert found.notes == ()
    assert {pair.taken for pair in found.pairs} == {USED, TOLD}


@pytest.mark.parametrize("name", SAMPLES)
def test_every_pair_of_a_text_is_listed(name: str) -> None:
    text = read_infotext(SAMPLES[name].text)
    found = understand(text, MODELS)
    assert {pair.key: pair.value for pair in found.pairs} == text.values
    fields = {key: value for key, value in found.fields.items() if key in TextToImage.__dataclass_fields__}
    if LORA in found.notes:  # which a request refuses
        fields["prompt"] = ""
    TextToImage(**fields)


@pytest.mark.parametrize(
    ("sampler", "fields"),
    [
        ("DPM++ 2M Karras", {"sampler": "DPM++ 2M", "schedule": "Karras"}),
        ("dpmpp_2m_karras", {"sampler": "DPM++ 2M", "schedule": "Karras"}),
        ("dpmpp_2m_sde_gpu_karras", {"sampler": "DPM++ 2M SDE", "schedule": "Karras"}),
        ("euler_ancestral", {"sampler": "Euler a"}),
        ("uni_pc", {"sampler": "UniPC"}),
        ("DPM++ 2M, Schedule type: SGM Uniform", {"sampler": "DPM++ 2M", "schedule": "Trailing"}),
        ("Euler, Schedule type: Align Your Steps", {"sampler": "Euler", "schedule": "Align Your Steps"}),
        ("Euler, Schedule type: normal", {"sampler": "Euler", "schedule": "Automatic"}),
    ],
)
def test_samplers_are_known_by_the_names_of_others(sampler: str, fields: dict[str, str]) -> None:
    found = meant(f"Sampler: {sampler}").fields
    assert {name: found.get(name) for name in ("sampler", "schedule") if name in found} == fields


@pytest.mark.parametrize(
    ("line", "key", "why"),
    [
        ("Sampler: Restart", "Sampler", NO_SAMPLER),
        ("Sampler: Euler, Schedule type: Polyexponential", "Schedule type", NO_SCHEDULE),
        ("Schedule type: Karras, Sampler: DDIM", "Schedule type", NO_SUCH_PAIR),
        ("Seed: 18446744073709551615", "Seed", OUT_OF_RANGE),
        ("Seed: -5", "Seed", OUT_OF_RANGE),
        ("CFG scale: 90", "CFG scale", OUT_OF_RANGE),
        ("Size: 8192x8", "Size", OUT_OF_RANGE),
        ("Size: wide", "Size", UNREADABLE),
        ("Denoising strength: much", "Denoising strength", UNREADABLE),
        ("Clip skip: 2", "Clip skip", USED),
        ("Clip skip: 0", "Clip skip", OUT_OF_RANGE),
        ('ControlNet 0: "Module: canny, Weight: 1"', "ControlNet 0", UNUSED),
        ("Inpaint area: Whole picture", "Inpaint area", TOLD),
        ("RNG: CPU", "RNG", TOLD),
    ],
)
def test_what_is_not_taken_over_says_why(line: str, key: str, why: str) -> None:
    assert taken(line)[key] == why


@pytest.mark.parametrize(
    ("line", "model", "why"),
    [
        ("Model: demo-scenes", "demo-scenes", USED),
        ("Model: DEMO-SCENES.safetensors", "demo-scenes", USED),
        ("Model: sd/v1-5.ckpt, Model hash: 0123456789", "v1-5", USED),  # nothing is known of its source
        ("Model: renamed, Model hash: CDCDCDCDCD", "demo-butterflies", USED),
        ("Model: v1-5, Model hash: ababababab", "demo-scenes", USED),
        ("Model: demo-scenes, Model hash: 0123456789", "demo-scenes", MODEL_OTHER),
        ("Model: another, Model hash: 0123456789", None, MODEL_MISSING),
        ("Model hash: ", None, MODEL_MISSING),
    ],
)
def test_the_model_is_found_by_its_content_or_its_name(line: str, model: str | None, why: str) -> None:
    assert meant(line).model == model
    assert {taken(line)[key] for key in ("Model", "Model hash") if key in taken(line)} == {why}


@pytest.mark.parametrize(
    ("line", "task"),
    [
        ("Size: 1x1", "text-to-image"),
        ("Denoising strength: 0.7", "image-to-image"),
        ("Denoising strength: 0.7, Hires upscale: 2", "text-to-image"),
        ("Denoising strength: 1, Mask blur: 4", "inpaint"),
        ("Extended: left 64", "outpaint"),
        ("Noise level: 20", "upscale"),
        ("Model: demo-butterflies", "unconditional"),
    ],
)
def test_the_task_is_told_by_the_settings_and_the_model(line: str, task: str) -> None:
    assert meant(line).task == task
    assert understand(read_infotext(f"a\nSteps: 20, {line}"), MODELS, task="depth-to-image").task == (
        "depth-to-image"
    )


@pytest.mark.parametrize(
    ("prompt", "line", "notes"),
    [
        ("a", "Seed: 1, RNG: CPU", ()),
        ("a", "Seed: 1, Version: Lapdraw 0.1.0", ()),
        ("a", "Seed: 1", (GPU_NOISE,)),
        ("a (red:1.3) house", "RNG: CPU", ()),
        ("a [red:blue:0.5] house", "RNG: CPU", (SYNTAX,)),
        ("a cat AND a dog", "RNG: CPU", (SYNTAX,)),
        ("a <lora:ink:1> house", "RNG: CPU", (LORA,)),
        ("at 10:30 (in the morning)", "RNG: CPU", ()),
    ],
)
def test_what_else_is_to_be_known_is_noted(prompt: str, line: str, notes: tuple[str, ...]) -> None:
    assert meant(line, prompt=prompt).notes == notes


@given(text=st.text(max_size=120))
def test_no_text_is_an_error(text: str) -> None:
    understand(read_infotext(text), MODELS)
    understand(read_infotext(f"a\nSteps: 1, Sampler: {text}, Schedule type: {text}, Model: {text}"), MODELS)


def test_a_bundled_model_is_known_by_the_hash_that_its_pictures_carry() -> None:
    folder = ModelFolder(BUNDLED_MODELS / "demo-scenes")
    assert folder.manifest is not None
    digest = next(value for name, value in folder.manifest.source.sha256.items() if name.startswith("unet"))
    line = f"Model: renamed, Model hash: {digest[:10]}"
    assert understand(read_infotext(f"a\nSteps: 20, {line}"), [KnownModel.of(folder)]).model == "demo-scenes"
