"""The surgery that lets a UNet listen to ControlNets: equal to diffusers, refused where it cannot be done."""

import json
import warnings

import numpy as np
import openvino as ov
import pytest
import torch
from diffusers import UNet2DConditionModel

from runtime.backends.base import Shape
from runtime.backends.openvino_compile import component_shapes, read_static
from runtime.backends.openvino_control import skip_joints, take_residuals
from runtime.backends.openvino_graph import make_static
from runtime.control_shapes import RESIDUALS, cuts, residual_shapes
from runtime.controlnet_folder import ControlNetFolder
from runtime.errors import ModelFolderError
from runtime.model_folder import ModelFolder
from tests.models import DEMO_SOURCE, exported
from tests.runtime.control_folders import write_controlnet_folder

EXACT = {"INFERENCE_PRECISION_HINT": "f32", "EXECUTION_MODE_HINT": "ACCURACY"}


@pytest.mark.parametrize(("width", "height"), [(128, 128), (136, 200)])
def test_residuals_are_added_where_diffusers_adds_them(
    width: int, height: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    model = ModelFolder(exported("demo-scenes"))
    net = ControlNetFolder(write_controlnet_folder(tmp_path_factory.mktemp("nets") / "net"))
    shape = Shape(batch=1, height=height, width=width, controls=(net,))
    sizes = component_shapes(model, "unet", shape)
    random = np.random.default_rng(0)
    inputs = {name: random.standard_normal(size, np.float32) for name, size in sizes.items()}
    inputs["timestep"] = np.array([500], np.float32)
    compiled = ov.Core().compile_model(read_static(ov.Core(), model, "unet", sizes), "CPU", EXACT)
    ours = compiled(inputs)[0]
    shapes = residual_shapes(model.config("unet"), height // 8, width // 8)
    parts = np.split(inputs[RESIDUALS], cuts(shapes), axis=1)
    given = [torch.from_numpy(part.reshape(2, *size)) for part, size in zip(parts, shapes, strict=True)]
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        unet = UNet2DConditionModel.from_pretrained(DEMO_SOURCE / "unet", torch_dtype=torch.float32)
        theirs = unet(
            torch.from_numpy(inputs["sample"]),
            500,
            torch.from_numpy(inputs["encoder_hidden_states"]),
            down_block_additional_residuals=given[:-1],
            mid_block_additional_residual=given[-1],
        ).sample.numpy()
    assert np.abs(ours - theirs).max() < 1e-4 * np.abs(theirs).max()


def test_a_graph_of_another_architecture_is_refused() -> None:
    model = ModelFolder(exported("demo-scenes"))
    sizes = component_shapes(model, "unet", Shape(batch=1, height=128, width=128))
    network = ov.Core().read_model(model.ir("unet"))
    make_static(network, sizes)
    other = json.loads(json.dumps(model.config("unet"))) | {"layers_per_block": 2}
    with pytest.raises(ModelFolderError, match="has 6 skip connections where 9 are expected"):
        take_residuals(network, other, 2, 16, 16)
    decoder = ov.Core().read_model(model.ir("vae_decoder"))
    assert skip_joints(decoder) == []
    with pytest.raises(ModelFolderError, match="has 0 skip connections where 6 are expected"):
        take_residuals(decoder, model.config("unet"), 2, 16, 16)
