"""What cannot be converted is refused in one sentence, before anything is written."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from optimize import export_model
from optimize.convert import ConvertJob
from optimize.source import open_source
from runtime.errors import ExportError, LapdrawError


def never(job: ConvertJob, report: object) -> None:
    raise AssertionError("conversion started")


@pytest.fixture
def source(tiny_source: Path, tmp_path: Path) -> Path:
    return shutil.copytree(tiny_source, tmp_path / "source")


def refused(source: Path, output: Path, **options: str) -> str:
    with pytest.raises(LapdrawError) as caught:
        export_model(source, output, convert=never, **options)
    assert not output.exists()
    assert not list(output.parent.glob(".partial-*"))
    text = str(caught.value)
    assert "\n" not in text
    return text


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


def test_missing_folder(tmp_path: Path) -> None:
    assert "there is no folder" in refused(tmp_path / "nothing", tmp_path / "out")


def test_files_that_are_no_checkpoint(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").touch()
    assert "is damaged (cut short" in refused(tmp_path / "model.safetensors", tmp_path / "out")
    for ending in (".ckpt", ".pt", ".bin", ".PTH"):
        (tmp_path / f"model{ending}").touch()
        text = refused(tmp_path / f"model{ending}", tmp_path / "out")
        assert "is a pickle, a program that runs when it is read" in text
        assert ".safetensors file instead" in text
    (tmp_path / "notes.txt").touch()
    assert "is no model file" in refused(tmp_path / "notes.txt", tmp_path / "out")


def test_folder_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "cat.png").touch()
    text = refused(tmp_path / "pictures", tmp_path / "out")
    assert "model_index.json is missing (the folder holds cat.png)" in text


def test_unknown_precision(source: Path, tmp_path: Path) -> None:
    assert "precision 'fp8'" in refused(source, tmp_path / "out", precision="fp8")


def test_broken_json(source: Path, tmp_path: Path) -> None:
    (source / "unet" / "config.json").write_text("{", "utf-8")
    text = refused(source, tmp_path / "out")
    assert str(source / "unet" / "config.json") in text
    assert "damaged (not valid JSON)" in text


@pytest.mark.parametrize("component", ["unet", "vae", "text_encoder"])
def test_missing_component(source: Path, tmp_path: Path, component: str) -> None:
    shutil.rmtree(source / component)
    assert f"(no folder {component})" in refused(source, tmp_path / "out")


def test_missing_tokenizer(source: Path, tmp_path: Path) -> None:
    (source / "tokenizer" / "vocab.json").unlink()
    assert "vocab.json is missing" in refused(source, tmp_path / "out")


def test_pickled_weights(source: Path, tmp_path: Path) -> None:
    weights = source / "unet" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(".bin"))
    text = refused(source, tmp_path / "out")
    assert "diffusion_pytorch_model.bin is a pickle, which can run any code when it is read" in text


def test_no_weights(source: Path, tmp_path: Path) -> None:
    (source / "vae" / "diffusion_pytorch_model.safetensors").unlink()
    assert "vae holds no weights" in refused(source, tmp_path / "out")


def test_truncated_weights(source: Path, tmp_path: Path) -> None:
    weights = source / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    assert f"{weights} is damaged (cut short" in refused(source, tmp_path / "out")


def test_missing_shard(source: Path, tmp_path: Path) -> None:
    weights = source / "unet" / "diffusion_pytorch_model.safetensors"
    weights.unlink()
    shard = "diffusion_pytorch_model-00002-of-00002.safetensors"
    index = weights.with_name("diffusion_pytorch_model.safetensors.index.json")
    index.write_text(json.dumps({"weight_map": {"conv_in.weight": shard}}), "utf-8")
    assert f"{shard} is missing" in refused(source, tmp_path / "out")


def test_shard_outside_the_folder(source: Path, tmp_path: Path) -> None:
    weights = source / "unet" / "diffusion_pytorch_model.safetensors"
    weights.rename(source / "elsewhere.safetensors")
    index = weights.with_name("diffusion_pytorch_model.safetensors.index.json")
    index.write_text(json.dumps({"weight_map": {"conv_in.weight": "../elsewhere.safetensors"}}), "utf-8")
    assert "elsewhere.safetensors is missing" in refused(source, tmp_path / "out")


def test_other_pipeline(source: Path, tmp_path: Path) -> None:
    edit(source / "model_index.json", _class_name="StableDiffusionLatentUpscalePipeline")
    assert "is a StableDiffusionLatentUpscalePipeline, which cannot be converted" in refused(
        source, tmp_path / "out"
    )


def test_model_without_a_unet(source: Path, tmp_path: Path) -> None:
    edit(source / "model_index.json", unet=[None, None], transformer=["diffusers", "FluxTransformer2DModel"])
    assert "which is not a UNet" in refused(source, tmp_path / "out")


def test_code_that_comes_with_the_model_is_not_run(source: Path, tmp_path: Path) -> None:
    edit(source / "model_index.json", unet=["my_unet", "MyUNet"])
    assert "code that comes with a model is never run" in refused(source, tmp_path / "out")


def test_unet_of_another_family(source: Path, tmp_path: Path) -> None:
    edit(source / "unet" / "config.json", in_channels=9)
    assert "the UNet has in_channels 9" in refused(source, tmp_path / "out")


@pytest.mark.parametrize(
    ("pipeline", "in_channels", "family"),
    [
        ("StableDiffusionInpaintPipeline", 4, "Stable Diffusion 1.x and 2.x"),
        ("StableDiffusionInpaintPipeline", 9, "Stable Diffusion inpainting"),
        ("StableDiffusionDepth2ImgPipeline", 5, "Stable Diffusion depth to image"),
    ],
)
def test_family_follows_the_pipeline_and_the_channels(
    source: Path, pipeline: str, in_channels: int, family: str
) -> None:
    edit(source / "model_index.json", _class_name=pipeline)
    edit(source / "unet" / "config.json", in_channels=in_channels)
    assert open_source(source).family.name == family


def test_unknown_prediction_type(source: Path, tmp_path: Path) -> None:
    edit(source / "scheduler" / "scheduler_config.json", prediction_type="flow")
    assert "prediction_type 'flow'" in refused(source, tmp_path / "out")


def test_folder_that_is_openvino_already(exported, tmp_path: Path) -> None:
    assert "already holds OpenVINO IR" in refused(exported.path, tmp_path / "out")


def test_existing_output_is_not_replaced(source: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(ExportError, match="exists already: remove it first"):
        export_model(source, tmp_path / "out", convert=never)
    assert list((tmp_path / "out").iterdir()) == []


def test_unwritable_place(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ExportError, match="cannot be written"):
        export_model(source, tmp_path / "file" / "out", convert=never)


def test_command_ends_with_status_2_and_one_sentence(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    command = [
        sys.executable,
        "-X",
        "importtime",
        "-m",
        "optimize",
        "nowhere",
        "--output",
        str(tmp_path / "out"),
    ]
    ended = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    lines = [line for line in ended.stderr.splitlines() if not line.startswith("import time:")]
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert [line for line in lines if "there is no folder nowhere" in line] == lines
    assert "| torch" not in ended.stderr
