"""Every family is converted whole, computes what PyTorch does, and at sizes it was not traced at."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest

from optimize.families import MAX_ERROR
from optimize.fidelity import relative_error
from runtime.backends.base import Shape
from runtime.backends.openvino_compile import component_shapes, read_static
from runtime.model_folder import ModelFolder
from tests.models import exported

Source = Callable[[str], Path]
Exported = Callable[[str], ModelFolder]
LATENT = ("text_encoder", "unet", "vae_decoder", "vae_encoder")
FAMILIES = {
    "tiny-inpaint": (LATENT, ("inpaint", "outpaint")),
    "tiny-depth": ((*LATENT, "depth_estimator"), ("depth-to-image",)),
    "tiny-depth-hybrid": ((*LATENT, "depth_estimator"), ("depth-to-image",)),
    "tiny-depth-alone": (LATENT, ("depth-to-image",)),
    "tiny-upscale": (("text_encoder", "unet", "vae_decoder"), ("upscale",)),
    "tiny-unconditional": (("unet",), ("unconditional",)),
}
F32 = {"INFERENCE_PRECISION_HINT": "f32"}
ROUNDED = 5e-3  # relative, of FP16 weights on these networks; a wrong graph is off by 0.1 and more

pytestmark = pytest.mark.filterwarnings("ignore")


def torch_answers(source: Path, library: str, kind: str, inputs: dict[str, np.ndarray]) -> np.ndarray:
    import diffusers
    import torch
    import transformers

    module = getattr({"diffusers": diffusers, "transformers": transformers}[library], kind)
    with torch.no_grad():
        tensors = {name: torch.from_numpy(array) for name, array in inputs.items()}
        (answer,) = module.from_pretrained(source)(**tensors, return_dict=False)
    return answer.numpy()


@pytest.mark.parametrize("family", FAMILIES)
def test_family_is_exported_whole_and_faithful(
    family: str, family_source: Source, family_export: Exported
) -> None:
    folder, source = family_export(family), family_source(family)
    folder.verify()
    assert (folder.components, folder.tasks) == FAMILIES[family]
    assert folder.manifest is not None
    assert set(folder.manifest.errors) == set(folder.components)
    for errors in folder.manifest.errors.values():
        assert errors["fp32"] < 1e-5 < errors["fp16"] < MAX_ERROR["fp16"]
    for name in ("scheduler", "low_res_scheduler", "feature_extractor"):
        written = {path.name: path.read_bytes() for path in (folder.path / name).glob("*")}
        assert written == {path.name: path.read_bytes() for path in (source / name).glob("*")}
    index = json.loads((folder.path / "model_index.json").read_text("utf-8"))
    assert index["_class_name"] == json.loads((source / "model_index.json").read_text("utf-8"))["_class_name"]
    assert len(folder.manifest.latent_rgb) == (5 if "vae_decoder" in folder.components else 0)


@pytest.mark.parametrize("family", ["tiny-inpaint", "tiny-depth", "tiny-upscale", "tiny-unconditional"])
def test_unet_runs_at_sizes_it_was_not_traced_at(
    family: str, family_source: Source, family_export: Exported
) -> None:
    folder = family_export(family)
    pixels = family == "tiny-unconditional"  # diffusers' own runs only at sizes that halve evenly
    factor = folder.vae_scale_factor
    for height, width in ((10, 6), (16, 24)) if pixels else ((13, 19), (10, 7)):
        shape = Shape(batch=1, height=height * factor, width=width * factor, guided=not pixels)
        shapes = component_shapes(folder, "unet", shape)
        random = np.random.default_rng(0)
        inputs: dict[str, Any] = {
            name: random.standard_normal(sides, dtype=np.float32) for name, sides in shapes.items()
        }
        inputs["timestep"] = np.array([261.0], np.float32)
        if "class_labels" in shapes:
            inputs["class_labels"] = np.array([20, 349], np.int64)
        core = ov.Core()
        network = core.compile_model(read_static(core, folder, "unet", shapes), "CPU", F32)
        answer = network(inputs)["out_sample"]
        kind = "UNet2DModel" if pixels else "UNet2DConditionModel"
        wanted = torch_answers(family_source(family) / "unet", "diffusers", kind, inputs)
        assert answer.shape == wanted.shape == (len(wanted), folder.latent_channels, height, width)
        assert relative_error(answer, wanted) < ROUNDED


def test_noise_level_matters_to_an_exported_upscaler(family_export: Exported) -> None:
    network = ov.Core().compile_model(family_export("tiny-upscale").ir("unet"), "CPU", F32)
    random = np.random.default_rng(0)
    inputs = {
        "sample": random.standard_normal((1, 7, 8, 8), dtype=np.float32),
        "timestep": np.array([500], np.int64),
        "encoder_hidden_states": random.standard_normal((1, 77, 32), dtype=np.float32),
    }
    low, high = (
        np.array(network(inputs | {"class_labels": np.array([level], np.int64)})[0]) for level in (0, 300)
    )
    assert relative_error(low, high) > 0.01


@pytest.mark.parametrize("family", ["tiny-depth", "tiny-depth-hybrid"])
def test_depth_estimator_sees_what_pytorch_sees(
    family: str, family_source: Source, family_export: Exported
) -> None:
    folder = family_export(family)
    side = folder.feature_extractor_config["size"]["height"]
    pixels = np.random.default_rng(0).uniform(-1, 1, (2, 3, side, side)).astype(np.float32)
    network = ov.Core().compile_model(folder.ir("depth_estimator"), "CPU", F32)
    answer = network({"pixel_values": pixels})["predicted_depth"]
    source = family_source(family) / "depth_estimator"
    wanted = torch_answers(source, "transformers", "DPTForDepthEstimation", {"pixel_values": pixels})
    assert answer.shape == wanted.shape
    assert relative_error(answer, wanted) < ROUNDED


@pytest.mark.parametrize("family", ["tiny-unconditional", "tiny-upscale"])
def test_fp32_export_of_a_traced_family_keeps_every_weight(family: str) -> None:
    folder = ModelFolder(exported(family, "fp32"))
    assert folder.precision == "fp32"
    assert folder.manifest is not None
    assert all(set(errors) == {"fp32"} for errors in folder.manifest.errors.values())
    nodes = ov.Core().read_model(folder.ir("unet")).get_ops()
    types = {output.get_element_type() for node in nodes for output in node.outputs()}
    assert ov.Type.f16 not in types


def test_optimum_intel_inpaints_with_our_folder_as_diffusers_does(
    family_source: Source, family_export: Exported
) -> None:
    import torch
    from diffusers import StableDiffusionInpaintPipeline
    from optimum.intel import OVStableDiffusionInpaintPipeline
    from PIL import Image

    random = np.random.default_rng(0)
    picture = Image.fromarray(random.integers(0, 256, (64, 64, 3), dtype=np.uint8))
    mask = np.zeros((64, 64), np.uint8)
    mask[16:48, 8:40] = 255
    folder = family_export("tiny-inpaint").path
    pictures = []
    for pipeline in (
        OVStableDiffusionInpaintPipeline.from_pretrained(folder, ov_config=F32, local_files_only=True),
        StableDiffusionInpaintPipeline.from_pretrained(family_source("tiny-inpaint")),
    ):
        pipeline.set_progress_bar_config(disable=True)
        made = pipeline(
            "a cat",
            image=picture,
            mask_image=Image.fromarray(mask),
            generator=torch.Generator("cpu").manual_seed(1),
            num_inference_steps=3,
            height=64,
            width=64,
            output_type="np",
        )
        pictures.append(made.images[0])
    assert np.abs(pictures[0] - pictures[1]).max() < 5e-3
    assert np.ptp(pictures[0]) > 0.1
