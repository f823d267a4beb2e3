"""What we write opens in the programs people know, and what they write opens here."""

import warnings
from pathlib import Path

import numpy as np
import pytest

from runtime.model_folder import ModelFolder


@pytest.fixture(scope="module")
def optimum_folder(tiny_source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `optimum-cli export openvino --weight-format fp16` writes."""
    from optimum.exporters.openvino import main_export
    from optimum.intel import OVConfig

    output = tmp_path_factory.mktemp("optimum") / "tiny"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        main_export(str(tiny_source), str(output), task="text-to-image", ov_config=OVConfig(dtype="fp16"))
    return output


def test_folder_written_by_optimum_opens_with_a_note(optimum_folder: Path, exported: ModelFolder) -> None:
    folder = ModelFolder(optimum_folder)
    folder.verify()
    assert folder.kind == "openvino"
    assert folder.precision == "fp16"
    assert folder.notes == ("no manifest.json: contents are not verified",)
    assert folder.source_path is None
    assert folder.components == exported.components
    assert folder.scheduler_config.items() >= exported.scheduler_config.items()  # theirs states the defaults
    assert len(folder.content_key("unet")) == 64


def test_we_write_every_file_that_optimum_writes(optimum_folder: Path, exported: ModelFolder) -> None:
    theirs = {path.relative_to(optimum_folder).as_posix() for path in optimum_folder.rglob("*.*")}
    ours = {path.relative_to(exported.path).as_posix() for path in exported.path.rglob("*.*")}
    assert theirs - ours == set()
    assert {name for name in ours - theirs if not name.startswith("tokenizer/")} == {"manifest.json"}
    for component in exported.components:
        config = ModelFolder(optimum_folder).config(component)
        config.pop("_name_or_path", None)
        config.pop("dtype", None)
        mine = dict(exported.config(component))
        mine.pop("dtype", None)
        assert mine == config


@pytest.mark.filterwarnings("ignore")
def test_optimum_intel_opens_our_folder(exported: ModelFolder, tiny_source: Path) -> None:
    import torch
    from diffusers import StableDiffusionPipeline
    from optimum.intel import OVStableDiffusionPipeline

    wanted = {"num_inference_steps": 3, "height": 64, "width": 64, "output_type": "np"}
    config = {"INFERENCE_PRECISION_HINT": "f32"}
    pictures = []
    for pipeline in (
        OVStableDiffusionPipeline.from_pretrained(exported.path, ov_config=config, local_files_only=True),
        StableDiffusionPipeline.from_pretrained(tiny_source, torch_dtype=torch.float32),
    ):
        pipeline.set_progress_bar_config(disable=True)
        generator = torch.Generator("cpu").manual_seed(1)
        pictures.append(pipeline("a cat", generator=generator, **wanted).images[0])
    assert np.abs(pictures[0] - pictures[1]).max() < 1e-3


def test_openvino_genai_opens_our_folder(exported: ModelFolder) -> None:
    import openvino_genai

    pipeline = openvino_genai.Text2ImagePipeline(str(exported.path), "CPU")
    image = pipeline.generate("a cat", num_inference_steps=2, width=64, height=64)
    assert image.data.shape == (1, 64, 64, 3)
