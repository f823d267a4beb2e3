"""Writes diffusers folders of models that see more than noise: inpainting (9 channels), depth (5)."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel

from demo.export import put_in_place, save_weights

ABSENT = [None, None]
CLASS_OF_CHANNELS = {9: "StableDiffusionInpaintPipeline", 5: "StableDiffusionDepth2ImgPipeline"}


def widened(unet: UNet2DConditionModel, new: int) -> UNet2DConditionModel:
    """Return the UNet with `new` more input channels, whose weights are zero: at first they change nothing.

    A UNet that has them already (4 + new) is returned as it is.
    """
    if unet.config.in_channels == 4 + new:
        return unet
    wide = UNet2DConditionModel.from_config({**unet.config, "in_channels": 4 + new})
    state = unet.state_dict()
    first = state["conv_in.weight"]  # (out, 4, 3, 3)
    state["conv_in.weight"] = torch.cat([first, first.new_zeros(len(first), new, 3, 3)], dim=1)
    wide.load_state_dict(state)
    return wide


def write_conditioned(folder: Path, unet: UNet2DConditionModel, *, source: Path, half: bool) -> None:
    """Write the model to `folder`, replacing what is there: all but the UNet is copied from `source`."""
    fresh = folder.with_name(f".partial-{folder.name}")
    shutil.rmtree(fresh, ignore_errors=True)
    for name in ("scheduler", "text_encoder", "tokenizer", "vae"):
        shutil.copytree(source / name, fresh / name)
    save_weights(unet, fresh / "unet", half=half)
    written = fresh / "unet" / "config.json"
    config = json.loads(written.read_text())
    config.pop("_name_or_path", None)  # where it was loaded from on this machine
    written.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    listing = json.loads((source / "model_index.json").read_text())
    listing["_class_name"] = CLASS_OF_CHANNELS[unet.config.in_channels]
    if unet.config.in_channels == 5:
        listing["depth_estimator"] = ABSENT
        for name in ("image_encoder", "safety_checker", "requires_safety_checker"):
            listing.pop(name, None)
    (fresh / "model_index.json").write_text(json.dumps(listing, indent=2) + "\n")
    put_in_place(fresh, folder)
