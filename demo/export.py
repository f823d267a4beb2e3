"""Writes a trained demo model as a diffusers folder: StableDiffusionPipeline, fp16 safetensors."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from transformers import CLIPTextModel

SCHEDULER = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1000,
    "prediction_type": "epsilon",
}
# DDIM, since PNDM, which Stable Diffusion 1.5 names, is unstable here at the usual guidance of 7.5.
# What DDIM is not told of clipping it takes for True, which is chaotic for latents.
INFERENCE = {
    "clip_sample": False,
    "set_alpha_to_one": False,
    "steps_offset": 1,
    "timestep_spacing": "leading",
}
COMPONENTS = {
    "scheduler": ["diffusers", "DDIMScheduler"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
}


def write_pipeline(
    folder: Path,
    *,
    vae: AutoencoderKL,
    unet: UNet2DConditionModel,
    text_encoder: CLIPTextModel,
    tokenizer: Path,
) -> None:
    """Write the model to `folder`, replacing what is there; only the written weights are fp16."""
    import diffusers

    fresh = folder.with_name(f".partial-{folder.name}")
    shutil.rmtree(fresh, ignore_errors=True)
    for name, module in (("vae", vae), ("unet", unet), ("text_encoder", text_encoder)):
        save_weights(module, fresh / name, half=True)
    shutil.copytree(tokenizer, fresh / "tokenizer")
    DDIMScheduler(**SCHEDULER, **INFERENCE).save_pretrained(fresh / "scheduler")
    index = {"_class_name": "StableDiffusionPipeline", "_diffusers_version": diffusers.__version__}
    absent = {name: [None, None] for name in ("feature_extractor", "image_encoder", "safety_checker")}
    listing = {**index, **COMPONENTS, **absent, "requires_safety_checker": False}
    (fresh / "model_index.json").write_text(json.dumps(listing, indent=2) + "\n")
    put_in_place(fresh, folder)


def save_weights(module: torch.nn.Module, folder: Path, *, half: bool) -> None:
    """Write a diffusers or transformers module in fp16 (`half`) or fp32; in memory it stays as it is."""
    if not half:
        module.save_pretrained(folder)
        return
    kept = {key: value.clone() for key, value in module.state_dict().items()}
    module.half().save_pretrained(folder)
    module.float().load_state_dict(kept)


def put_in_place(fresh: Path, folder: Path) -> None:
    """Rename the finished folder `fresh` to `folder`, replacing what is there."""
    old = folder.with_name(f".partial-old-{folder.name}")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def alphas_bar() -> torch.Tensor:
    """Return the noise schedule's cumulative product, (1000,) float32, of scaled linear betas."""
    return DDIMScheduler(**SCHEDULER).alphas_cumprod
