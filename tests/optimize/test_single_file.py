"""A single file as a source: its configurations, what is assumed of it, another VAE, what is refused."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.skeleton_families import FAMILIES as SKELETONS
from optimize.configurations import CONFIGS, clip_vocabulary
from optimize.source import open_source
from optimize.source_model import SourceChoices, SourceModel
from runtime.errors import LapdrawError
from runtime.model_card import ModelCard
from tests.safetensors_files import UNET, checkpoint_shapes, header_of, write_header

SPREAD = f"{UNET}output_blocks.11.1.transformer_blocks.0.norm1.bias"


def write(folder: Path, context: int, channels: int = 4, **more: Any) -> Path:
    shapes = checkpoint_shapes(context, channels, vae=more.pop("vae", True)) | more.pop("shapes", {})
    return write_header(folder / "x.safetensors", header_of(shapes, metadata=more or None))


def scheduler(model: SourceModel) -> dict[str, Any]:
    assert model.files is not None
    found = json.loads(model.files["scheduler/scheduler_config.json"])
    assert found == model.scheduler_config
    return dict(found)


def unet(model: SourceModel) -> dict[str, Any]:
    assert model.files is not None
    return dict(json.loads(model.files["unet/config.json"]))


def refused(path: Path, **choices: Any) -> str:
    with pytest.raises(LapdrawError) as caught:
        open_source(path, SourceChoices(**choices))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("context", "channels", "pipeline", "size", "classes"),
    [
        (768, 4, "StableDiffusionPipeline", 64, "PNDMScheduler"),
        (768, 9, "StableDiffusionInpaintPipeline", 64, "PNDMScheduler"),
        (1024, 4, "StableDiffusionPipeline", 64, "PNDMScheduler"),
        (1024, 9, "StableDiffusionInpaintPipeline", 64, "PNDMScheduler"),
        (2048, 4, "StableDiffusionXLPipeline", 128, "EulerDiscreteScheduler"),
        (2048, 9, "StableDiffusionXLInpaintPipeline", 128, "EulerDiscreteScheduler"),
    ],
)
def test_each_kind_has_its_configurations(
    tmp_path: Path, context: int, channels: int, pipeline: str, size: int, classes: str
) -> None:
    model = open_source(write(tmp_path, context, channels))
    assert model.index["_class_name"] == pipeline
    assert model.index["scheduler"] == ["diffusers", classes]
    config = unet(model)
    assert (config["cross_attention_dim"], config["in_channels"], config["sample_size"]) == (
        context,
        channels,
        size,
    )
    assert model.notes[0].startswith("recognised as Stable Diffusion")
    second = {"text_encoder_2"} if context == 2048 else set()
    networks = {"unet", "text_encoder", "vae_decoder", "vae_encoder"} | second
    assert {row.name for row in model.components} == networks
    assert model.numbers().keys() == networks


@pytest.mark.parametrize(
    ("metadata", "tensor", "yaml", "found", "why"),
    [
        ({"modelspec.prediction_type": "v"}, "", "", "v_prediction", "modelspec.prediction_type"),
        ({"modelspec.prediction_type": "epsilon"}, "v_pred", "v", "epsilon", "modelspec.prediction_type"),
        ({"modelspec.architecture": "stable-diffusion-v2-768-v"}, "", "", "v_prediction", "architecture"),
        ({}, "v_pred", "eps", "v_prediction", "the file's mark v_pred"),
        ({}, "", "v", "v_prediction", "x.yaml beside the file"),
        ({}, "", "eps", "epsilon", "x.yaml beside the file"),
        ({}, "", "other", "epsilon", "assumed: nothing in the file says it"),
    ],
)
def test_what_stable_diffusion_2_predicts_is_found_and_said(
    tmp_path: Path, metadata: dict[str, str], tensor: str, yaml: str, found: str, why: str
) -> None:
    path = write(tmp_path, 1024, shapes={tensor: (0,)} if tensor else {}, **metadata)
    if yaml:
        (tmp_path / "x.yaml").write_text(f'model:\n  params:\n    parameterization: "{yaml}"\n', "utf-8")
    model = open_source(path)
    assert scheduler(model)["prediction_type"] == found
    assert unet(model)["sample_size"] == (96 if found == "v_prediction" else 64)
    assert model.notes[1].startswith(f"prediction type {found}: ")
    assert why in model.notes[1]
    asked = open_source(path, SourceChoices(prediction_type="v_prediction"))
    assert scheduler(asked)["prediction_type"] == "v_prediction"
    assert scheduler(asked)["_class_name"] == asked.index["scheduler"][1] == "DDIMScheduler"
    assert asked.notes[1] == "prediction type v_prediction: asked for"


@pytest.mark.parametrize(("scale", "found"), [(0.12, "v_prediction"), (0.05, "epsilon")])
def test_the_spread_of_a_normalisation_tells_v_from_epsilon(tmp_path: Path, scale: float, found: str) -> None:
    header = header_of(checkpoint_shapes(1024) | {SPREAD: (320,)}, "F16")
    path = write_header(tmp_path / "x.safetensors", header)
    numbers = np.random.default_rng(0).normal(0, scale, 320).astype(np.float16)
    with path.open("r+b") as file:
        file.seek(-numbers.nbytes, 2)
        file.write(numbers.tobytes())
    model = open_source(path)
    assert scheduler(model)["prediction_type"] == found
    assert f"a normalisation spreads by {scale:.2f}" in model.notes[1]


def test_a_size_and_a_noise_schedule_that_the_file_names_are_taken(tmp_path: Path) -> None:
    path = write(tmp_path, 768, shapes={"v_pred": (0,), "ztsnr": (0,)}, **{"modelspec.resolution": "768x768"})
    model = open_source(path)
    assert unet(model)["sample_size"] == 96
    found = scheduler(model)
    assert (found["rescale_betas_zero_snr"], found["timestep_spacing"]) == (True, "trailing")
    for wrong in ("768", "768x512", "100x100", "9999x9999", ""):
        wrong_size = write(tmp_path, 768, **{"modelspec.resolution": wrong})
        assert unet(open_source(wrong_size))["sample_size"] == 64


def test_what_a_file_says_of_itself_goes_with_it(tmp_path: Path) -> None:
    path = write(tmp_path, 768, **{"modelspec.title": "Dream", "modelspec.trigger_phrase": "<i>sks</i>"})
    (tmp_path / "x.json").write_text('{"activation text": "dog"}', "utf-8")
    assert open_source(path).card == ModelCard(title="Dream", trigger_words=("sks", "dog"))
    assert open_source(write(tmp_path, 768)).card == ModelCard(trigger_words=("dog",))


def test_the_tokenizer_is_the_published_one(tmp_path: Path) -> None:
    """The sums are those of merges.txt and vocab.json of openai/clip-vit-base-patch32 on the Hub."""
    files = open_source(write(tmp_path, 1024)).files
    assert files is not None
    sums = {
        name: hashlib.sha256(files[f"tokenizer/{name}"]).hexdigest() for name in ("merges.txt", "vocab.json")
    }
    assert sums == {
        "merges.txt": "9fd691f7c8039210e0fced15865466c65820d09b63988b0174bfe25de299051a",
        "vocab.json": "5047b556ce86ccaf6aa22b3ffccfc52d391ea4accdab9c2f2407da5b742d4363",
    }
    vocabulary = clip_vocabulary((CONFIGS / "clip" / "merges.txt").read_text("utf-8").split("\n")[1:-1])
    assert (len(vocabulary), vocabulary["!"]) == (49408, 0)
    assert (vocabulary["<|startoftext|>"], vocabulary["<|endoftext|>"]) == (49406, 49407)


@pytest.mark.filterwarnings("ignore:Deprecated in 0.9.0:DeprecationWarning")  # tokenizers', of transformers
@pytest.mark.parametrize(
    ("folder", "padding"), [("sd1/tokenizer", 49407), ("sd2/tokenizer", 0), ("sdxl/tokenizer_2", 0)]
)
def test_prompts_become_the_numbers_that_clip_gives_them(tmp_path: Path, folder: str, padding: int) -> None:
    from transformers import CLIPTokenizer

    shutil.copytree(CONFIGS / folder, tmp_path / "t")
    files = open_source(write(tmp_path, 768)).files
    assert files is not None
    for name in ("merges.txt", "vocab.json"):
        (tmp_path / "t" / name).write_bytes(files[f"tokenizer/{name}"])
    tokenizer = CLIPTokenizer.from_pretrained(tmp_path / "t", local_files_only=True)
    ids = tokenizer("a photo of a cat", padding="max_length", max_length=77)["input_ids"]
    assert ids[:8] == [49406, 320, 1125, 539, 320, 2368, 49407, padding]
    assert tokenizer.model_max_length == len(ids) == 77


@pytest.mark.parametrize(("ours", "skeleton"), [("sd1", "sd15"), ("sd2", "sd21"), ("sdxl", "sdxl")])
def test_configurations_are_those_of_the_published_models(ours: str, skeleton: str) -> None:
    spec = SKELETONS[skeleton]
    entries = {"unet": spec.unet, "vae": spec.vae, "text_encoder": spec.text, "text_encoder_2": spec.text_2}
    for entry, settings in entries.items():
        if settings is None:
            continue
        found = json.loads((CONFIGS / ours / entry / "config.json").read_text("utf-8"))
        for key, value in settings.items():
            if key != "sample_size":
                assert found[key] == (list(value) if isinstance(value, tuple) else value), (entry, key)


def test_what_a_file_lacks_is_refused_with_a_remedy(tmp_path: Path) -> None:
    path = write(tmp_path, 768, vae=False)
    assert "holds no vae: give one with --vae" in refused(path)
    shapes = {name: shape for name, shape in checkpoint_shapes(768).items() if "cond_stage" not in name}
    bare = write_header(tmp_path / "bare.safetensors", header_of(shapes))
    assert "holds no text_encoder: take a version of the model with everything" in refused(bare)


def test_another_vae_takes_the_place_of_a_files_and_of_a_folders(tmp_path: Path, tiny_source: Path) -> None:
    path = write(tmp_path, 768, vae=False)
    vae = write_header(tmp_path / "v.safetensors", header_of({"decoder.mid.block_1.conv1.weight": (4, 4)}))
    model = open_source(path, SourceChoices(vae=vae))
    assert model.parts["vae"].file == vae
    assert model.notes[-1] == "with the VAE of v.safetensors"
    assert set(model.hash_weights()) == {"x.safetensors", "vae/v.safetensors"}
    other = shutil.copytree(tiny_source / "vae", tmp_path / "other")
    for given in (other, shutil.copytree(tiny_source, tmp_path / "whole")):
        model = open_source(tiny_source, SourceChoices(vae=given))
        assert model.folders["vae"] in (other, tmp_path / "whole" / "vae")
        assert "vae/diffusion_pytorch_model.safetensors" in model.hash_weights()


def test_a_vae_that_does_not_fit_is_refused(tmp_path: Path, tiny_source: Path) -> None:
    other = shutil.copytree(tiny_source / "vae", tmp_path / "other")
    config = json.loads((other / "config.json").read_text("utf-8"))
    for change, said in (
        ({"latent_channels": 16}, "has latent_channels 16, the model's own VAE has 4"),
        ({"block_out_channels": [8, 8]}, "has block_out_channels [8, 8]"),
        ({"_class_name": "AsymmetricAutoencoderKL"}, "is a 'AsymmetricAutoencoderKL', not an AutoencoderKL"),
    ):
        (other / "config.json").write_text(json.dumps(config | change), "utf-8")
        assert said in refused(tiny_source, vae=other)
    assert "there is no VAE" in refused(tiny_source, vae=tmp_path / "none")
    (tmp_path / "vae.pt").touch()
    assert "is a pickle" in refused(tiny_source, vae=tmp_path / "vae.pt")


def test_options_of_single_files_are_not_for_folders(tmp_path: Path, tiny_source: Path) -> None:
    assert "--prediction-type is for single files" in refused(tiny_source, prediction_type="epsilon")
    assert "--config is for single files" in refused(tiny_source, config=tmp_path)
    assert "prediction type 'sample' is not known" in refused(tiny_source, prediction_type="sample")
    assert "model_index.json is missing" in refused(write(tmp_path, 768), config=tmp_path)
