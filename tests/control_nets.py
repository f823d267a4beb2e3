"""ControlNets with random weights, so that they do something, made once for all processes of a run."""

import os
import warnings
from functools import cache
from pathlib import Path

from tests.models import DEMO_SOURCE, FOLDER
from tests.recorded import made_once

STRENGTH = 1.5  # spread of what the last convolutions, zero in an untrained ControlNet, give


def write_controlnet(source: Path, folder: Path, seed: int) -> Path:
    """Write a ControlNet for the UNet of a diffusers folder: its encoder, and random last convolutions."""
    import torch
    from diffusers import ControlNetModel, UNet2DConditionModel

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
    """Return the diffusers folder of one for the demo model."""
    folder = Path(os.environ[FOLDER], "sources", "controlnets", f"net-{seed}")
    made_once(folder, lambda place: write_controlnet(DEMO_SOURCE, place, seed))
    return folder


@cache
def exported_controlnet(seed: int, precision: str = "fp32") -> Path:
    """Return its OpenVINO folder."""
    from optimize.controlnet import export_controlnet
    from optimize.convert import convert

    def export(place: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            export_controlnet(demo_controlnet(seed), place, precision=precision, convert=convert)

    output = Path(os.environ[FOLDER], f"controlnets-{precision}", f"net-{seed}")
    made_once(output, export)
    return output
