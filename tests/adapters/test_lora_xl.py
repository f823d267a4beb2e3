"""SDXL: LoRAs with the names of the original code, and embeddings for both text encoders."""

from dataclasses import replace
from pathlib import Path

import diffusers
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from runtime import TextToImage, open_pipeline
from runtime.adapters.layer_names import names_of
from tests.adapters.adapter_files import Noise, layers, matrices, save
from tests.measures import psnr
from tests.models import exported, source

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.campaign]

ASKED = TextToImage(
    prompt="a yellow tower",
    sampler="Euler",
    seed=42,
    num_inference_steps=3,
    guidance_scale=4.0,
    width=96,
    height=64,
)


def both_styles(pipeline: diffusers.StableDiffusionXLPipeline, folder: Path) -> None:
    """Write one LoRA with kohya's names for SDXL, and the same with diffusers' names."""
    draw, kohya, plain = Noise(3, 0.3), dict[str, torch.Tensor](), dict[str, torch.Tensor]()
    paths = [name for name, module in pipeline.unet.named_modules() if hasattr(module, "weight")]
    begin = ("input_blocks", "middle_block", "output_blocks")
    original = {path: name for name, path in names_of(paths).items() if name.startswith(begin)}
    for network, name, module in layers(pipeline):
        down, up = matrices(module, draw)
        flat = original[name] if network == "unet" else name.replace(".", "_")
        prefix = {"unet": "lora_unet", "text_encoder": "lora_te1", "text_encoder_2": "lora_te2"}[network]
        kohya |= {f"{prefix}_{flat}.lora_down.weight": down, f"{prefix}_{flat}.lora_up.weight": up}
        plain |= {f"{network}.{name}.lora_A.weight": down, f"{network}.{name}.lora_B.weight": up}
    save(kohya, folder / "loras" / "kohya.safetensors")
    save(plain, folder / "plain.safetensors")


def test_names_of_the_original_code_give_the_picture_of_diffusers(tmp_path: Path) -> None:
    pipeline = diffusers.StableDiffusionXLPipeline.from_pretrained(source("tiny-xl"), local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    (tmp_path / "loras").mkdir()
    both_styles(pipeline, tmp_path)

    def reference() -> np.ndarray:
        pipeline.scheduler = diffusers.EulerDiscreteScheduler.from_config(pipeline.scheduler.config)
        made = pipeline(
            ASKED.prompt,
            num_inference_steps=ASKED.total_steps,
            guidance_scale=ASKED.scale,
            width=ASKED.width,
            height=ASKED.height,
            generator=torch.Generator("cpu").manual_seed(ASKED.seed),
        )
        return np.asarray(made.images[0])

    before = reference()
    pipeline.load_lora_weights(tmp_path, weight_name="plain.safetensors", adapter_name="a")
    wanted = reference()
    pipeline.unload_lora_weights()
    assert psnr(before, wanted) < 45
    with open_pipeline(exported("tiny-xl"), device="cpu", data_dir=tmp_path, cache=False) as ours:
        asked = replace(ASKED, prompt=f"{ASKED.prompt} <lora:kohya:1>")
        assert psnr(np.asarray(ours.generate(asked).result().images[0]), wanted) >= 60
        encoders = {"clip_l": "text_encoder", "clip_g": "text_encoder_2"}
        pair = {
            key: torch.randn(2, ours.model.config(encoder)["hidden_size"])
            for key, encoder in encoders.items()
        }
        (tmp_path / "embeddings").mkdir()
        save_file(pair, tmp_path / "embeddings" / "tower.safetensors")
        word = np.asarray(ours.generate(ASKED).result().images[0])
        assert psnr(word, before) < 45
