"""ControlNets with random weights, so that they do something: of the demo model and of tiny ones."""

import atexit
import shutil
import warnings
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import torch
from diffusers import ControlNetModel, UNet2DConditionModel

from tests.models import DEMO_SOURCE

STRENGTH = 1.5  # spread of what the last convolutions, zero in an untrained ControlNet, give


def write_controlnet(source: Path, folder: Path, seed: int) -> Path:
    """Write a ControlNet for the UNet of a diffusers folder: its encoder, and random last convolutions."""
    unet = UNet2DConditionModel.from_pretrained(source / "unet", torch_dtype=torch.float32)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = ControlNetModel.from_unet(unet)
        ends = (*net.controlnet_down_blocks, net.controlnet_mid_block, net.controlnet_cond_embedding.conv_out)
        for convolution in ends:
            spread = STRENGTH / convolution.weight[0].numel() ** 0.5
            torch.nn.init.normal_(convolution.weight, std=spread)
            torch.nn.init.normal_(convolution.bias, std=STRENGTH / 10)
    net.save_pretrained(folder)
    return folder


@cache
def demo_controlnet(seed: int) -> Path:
    """Return the diffusers folder of one for the demo model, written once for the whole session."""
    return write_controlnet(DEMO_SOURCE, _scratch() / "sources" / f"net-{seed}", seed)


@cache
def exported_controlnet(seed: int, precision: str = "fp32") -> Path:
    """Return its OpenVINO folder, exported once for the whole session."""
    from optimize.controlnet import export_controlnet
    from optimize.convert import convert

    output = _scratch() / "controlnets" / f"net-{seed}-{precision}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        export_controlnet(demo_controlnet(seed), output, precision=precision, convert=convert)
    return output


@cache
def _scratch() -> Path:
    folder = Path(mkdtemp(prefix="lapdraw-controlnets-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
