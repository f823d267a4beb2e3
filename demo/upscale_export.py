"""Writes a trained upscaler as a diffusers folder: StableDiffusionUpscalePipeline."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, DDPMScheduler, UNet2DConditionModel

from demo.export import INFERENCE, put_in_place, save_weights

# Both as in stabilityai/stable-diffusion-x4-upscaler.
SCHEDULE = {
    "beta_start": 0.0001,
    "beta_end": 0.02,
    "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1000,
}
PREDICTION = {"prediction_type": "v_prediction"}
MAX_NOISE_LEVEL = 350


def write_upscaler(
    folder: Path, *, vae: AutoencoderKL, unet: UNet2DConditionModel, text_source: Path, half: bool
) -> None:
    """Write the model to `folder`, replacing what is there, with the text encoder of `text_source`."""
    import diffusers

    fresh = folder.with_name(f".partial-{folder.name}")
    shutil.rmtree(fresh, ignore_errors=True)
    for name in ("text_encoder", "tokenizer"):
        shutil.copytree(text_source / name, fresh / name)
    save_weights(vae, fresh / "vae", half=half)
    save_weights(unet, fresh / "unet", half=half)
    DDIMScheduler(**SCHEDULE, **PREDICTION, **INFERENCE).save_pretrained(fresh / "scheduler")
    DDPMScheduler(**SCHEDULE).save_pretrained(fresh / "low_res_scheduler")
    listing = {
        "_class_name": "StableDiffusionUpscalePipeline",
        "_diffusers_version": diffusers.__version__,
        "feature_extractor": [None, None],
        "low_res_scheduler": ["diffusers", "DDPMScheduler"],
        "max_noise_level": MAX_NOISE_LEVEL,
        "safety_checker": [None, None],
        "scheduler": ["diffusers", "DDIMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
        "watermarker": [None, None],
    }
    (fresh / "model_index.json").write_text(json.dumps(listing, indent=2) + "\n")
    put_in_place(fresh, folder)


def alphas_bar() -> torch.Tensor:
    """Return the cumulative product of both schedules, (1000,) float32."""
    return DDPMScheduler(**SCHEDULE).alphas_cumprod
