"""Random-weight Stable Diffusion folders of a genuine architecture, for tests and measurements.

    python tests/optimize/skeleton.py sd15 FOLDER      (2.1 GB, fp16)

The full-size configurations are those of the published SD 1.5 and SD 2.1 repositories. The weights are
random, and the tokenizer knows single letters only.
"""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Family:
    """What distinguishes one architecture from another; the rest is diffusers' defaults, which are SD 1's."""

    text: dict[str, Any]
    unet: dict[str, Any]
    vae: dict[str, Any]
    prediction_type: str = "epsilon"
    tokenizer: dict[str, Any] = field(default_factory=dict)


_SD_BLOCKS = {
    "down_block_types": ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
    "up_block_types": ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
}
_SD_VAE = {
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
    "latent_channels": 4,
    "sample_size": 512,
}
_TINY_TEXT = {
    "vocab_size": 514,
    "hidden_size": 32,
    "intermediate_size": 37,
    "num_attention_heads": 4,
    "num_hidden_layers": 2,
    "projection_dim": 32,
}
_TINY_UNET = {
    "sample_size": 8,
    "block_out_channels": (32, 64),
    "layers_per_block": 1,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    "cross_attention_dim": 32,
    "attention_head_dim": 4,
    "norm_num_groups": 8,
}
_TINY_VAE = _SD_VAE | {
    "block_out_channels": (8, 8, 16, 16),
    "layers_per_block": 1,
    "norm_num_groups": 4,
    "sample_size": 64,
}

FAMILIES = {
    "tiny": Family(text=_TINY_TEXT, unet=_TINY_UNET, vae=_TINY_VAE),
    "tiny-v": Family(
        text=_TINY_TEXT | {"hidden_act": "gelu"},
        unet=_TINY_UNET
        | {"use_linear_projection": True, "attention_head_dim": (4, 8), "upcast_attention": True},
        vae=_TINY_VAE,
        prediction_type="v_prediction",
        tokenizer={"pad_token": "!"},
    ),
    "sd15": Family(
        text={
            "vocab_size": 49408,
            "hidden_size": 768,
            "intermediate_size": 3072,
            "num_attention_heads": 12,
            "num_hidden_layers": 12,
            "projection_dim": 768,
        },
        unet=_SD_BLOCKS | {"sample_size": 64, "cross_attention_dim": 768, "attention_head_dim": 8},
        vae=_SD_VAE,
    ),
    "sd21": Family(
        text={
            "vocab_size": 49408,
            "hidden_size": 1024,
            "intermediate_size": 4096,
            "num_attention_heads": 16,
            "num_hidden_layers": 23,
            "projection_dim": 512,
            "hidden_act": "gelu",
        },
        unet=_SD_BLOCKS
        | {
            "sample_size": 96,
            "cross_attention_dim": 1024,
            "attention_head_dim": (5, 10, 20, 20),
            "use_linear_projection": True,
            "upcast_attention": True,
        },
        vae=_SD_VAE | {"sample_size": 768},
        prediction_type="v_prediction",
        tokenizer={"pad_token": "!"},
    ),
}


def write_skeleton(folder: Path, family: str, *, dtype: str = "float16", seed: int = 0) -> Path:
    """Write a diffusers folder of `family` with random weights; the same seed gives the same bytes."""
    import torch
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    spec = FAMILIES[family]
    torch.manual_seed(seed)
    vocabulary = spec.text["vocab_size"]
    text_config = CLIPTextConfig(
        **({"hidden_act": "quick_gelu"} | spec.text),
        max_position_embeddings=77,
        bos_token_id=vocabulary - 2,
        eos_token_id=vocabulary - 1,
        pad_token_id=1,
    )
    makers = {
        "text_encoder": lambda: CLIPTextModel(text_config),
        "unet": lambda: UNet2DConditionModel(in_channels=4, out_channels=4, **spec.unet),
        "vae": lambda: AutoencoderKL(**spec.vae),
    }
    for name, make in makers.items():
        make().to(getattr(torch, dtype)).save_pretrained(folder / name, safe_serialization=True)
    _write_tokenizer(folder / "tokenizer", vocabulary, spec.tokenizer)
    _write_json(
        folder / "scheduler" / "scheduler_config.json",
        {
            "_class_name": "PNDMScheduler",
            "_diffusers_version": "0.39.0",
            "beta_end": 0.012,
            "beta_schedule": "scaled_linear",
            "beta_start": 0.00085,
            "clip_sample": False,
            "num_train_timesteps": 1000,
            "prediction_type": spec.prediction_type,
            "set_alpha_to_one": False,
            "skip_prk_steps": True,
            "steps_offset": 1,
            "trained_betas": None,
        },
    )
    _write_json(
        folder / "model_index.json",
        {
            "_class_name": "StableDiffusionPipeline",
            "_diffusers_version": "0.39.0",
            "feature_extractor": [None, None],
            "requires_safety_checker": False,
            "safety_checker": [None, None],
            "scheduler": ["diffusers", "PNDMScheduler"],
            "text_encoder": ["transformers", "CLIPTextModel"],
            "tokenizer": ["transformers", "CLIPTokenizer"],
            "unet": ["diffusers", "UNet2DConditionModel"],
            "vae": ["diffusers", "AutoencoderKL"],
        },
    )
    return folder


def _write_tokenizer(folder: Path, size: int, settings: dict[str, Any]) -> None:
    """Write a CLIP tokenizer of `size` tokens that spells every word letter by letter."""
    letters = [chr(code) for code in [*range(33, 127), *range(161, 173), *range(174, 256)]]
    letters += [chr(code) for code in range(256, 256 + 256 - len(letters))]
    tokens = [*letters, *(letter + "</w>" for letter in letters)]
    tokens += [f"unused{index}</w>" for index in range(size - 2 - len(tokens))]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    special = {
        "bos_token": "<|startoftext|>",
        "eos_token": "<|endoftext|>",
        "unk_token": "<|endoftext|>",
        "pad_token": "<|endoftext|>",
    } | settings
    _write_json(folder / "vocab.json", {token: index for index, token in enumerate(tokens)})
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    _write_json(folder / "special_tokens_map.json", special)
    _write_json(
        folder / "tokenizer_config.json",
        special
        | {
            "add_prefix_space": False,
            "do_lower_case": True,
            "errors": "replace",
            "model_max_length": 77,
            "tokenizer_class": "CLIPTokenizer",
        },
    )


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_skeleton(Path(sys.argv[2]), sys.argv[1])
