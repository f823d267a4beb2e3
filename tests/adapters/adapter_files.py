"""Makes LoRA files of every key style, with random matrices, for a diffusers pipeline."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

RANK = 4
TARGETS = ["to_q", "to_k", "to_v", "to_out.0", "q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"]
Layer = tuple[str, str, torch.nn.Module]  # network, path, module
TEXT_PREFIX = {"text_encoder": "lora_te", "text_encoder_2": "lora_te2"}


def layers(pipeline: Any, *, text: bool = True, convolutions: bool = False) -> list[Layer]:
    """The attention and feed-forward layers, and where asked all other convolutions and linear layers."""
    networks = [name for name in ("text_encoder", "text_encoder_2") if text and hasattr(pipeline, name)]
    found = []
    for network in [*networks, "unet"]:
        for path, module in getattr(pipeline, network).named_modules():
            if not isinstance(module, torch.nn.Linear | torch.nn.Conv2d) or "projection" in path:
                continue
            if convolutions or network != "unet" or ".attentions." in path:
                found.append((network, path, module))
    return found


class Noise:
    """Numbers for matrices, small enough that a picture stays a picture, large enough to change it."""

    def __init__(self, seed: int, size: float = 0.15) -> None:
        self._generator = torch.Generator().manual_seed(seed)
        self._size = size

    def __call__(self, *shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=self._generator) * self._size


def matrices(module: Any, draw: Noise, rank: int = RANK) -> tuple[torch.Tensor, torch.Tensor]:
    """Return down and up of one layer."""
    kernel = tuple(module.weight.shape[2:])
    ones = (1, 1) if kernel else ()
    return draw(rank, module.weight.shape[1], *kernel), draw(module.weight.shape[0], rank, *ones)


def kohya(pipeline: Any, path: Path, *, seed: int = 0, convolutions: bool = False, **chosen: Any) -> Path:
    """kohya-ss/sd-scripts, with alpha; with convolutions, LyCORIS-LoCon."""
    draw = Noise(seed)
    tensors: dict[str, torch.Tensor] = {}
    is_xl = hasattr(pipeline, "text_encoder_2")
    for network, name, module in layers(pipeline, convolutions=convolutions, **chosen):
        prefix = "lora_unet" if network == "unet" else TEXT_PREFIX[network]
        if is_xl and network == "text_encoder":
            prefix = "lora_te1"
        key = f"{prefix}_{name.replace('.', '_')}"
        down, up = matrices(module, draw)
        tensors |= {f"{key}.lora_down.weight": down, f"{key}.lora_up.weight": up}
        tensors[f"{key}.alpha"] = torch.tensor(2.0)
    return save(tensors, path)


def peft(pipeline: Any, path: Path, *, seed: int = 0, alpha: float | None = None, **chosen: Any) -> Path:
    """diffusers since 0.22; peft's alpha stands in the metadata."""
    draw = Noise(seed)
    tensors: dict[str, torch.Tensor] = {}
    networks = set()
    for network, name, module in layers(pipeline, **chosen):
        down, up = matrices(module, draw)
        tensors |= {f"{network}.{name}.lora_A.weight": down, f"{network}.{name}.lora_B.weight": up}
        networks.add(network)
    said: dict[str, Any] = {"r": RANK, "lora_alpha": alpha, "target_modules": TARGETS, "lora_bias": False}
    said |= {"rank_pattern": {}, "alpha_pattern": {}}
    settings = {f"{network}.{key}": value for network in networks for key, value in said.items()}
    return save(tensors, path, {"lora_adapter_metadata": json.dumps(settings)} if alpha else None)


def old_diffusers(pipeline: Any, path: Path, *, seed: int = 0) -> Path:
    """diffusers until 0.21: attention processors in the UNet, "lora_linear_layer" in the text encoder."""
    draw = Noise(seed)
    tensors: dict[str, torch.Tensor] = {}
    for network, name, module in layers(pipeline):
        down, up = matrices(module, draw)
        if network == "unet":
            if ".attn" not in name:
                continue
            attention, _, projection = name.removesuffix(".0").rpartition(".")
            key = f"unet.{attention}.processor.{projection}_lora"
        elif "self_attn" in name:
            key = f"{network}.{name}.lora_linear_layer"
        else:
            continue
        tensors |= {f"{key}.down.weight": down, f"{key}.up.weight": up}
    return save(tensors, path)


def bare_processors(pipeline: Any, path: Path, *, seed: int = 0) -> Path:
    """The first scripts of diffusers: attention processors, without the name of a network."""
    made = old_diffusers(pipeline, path.with_name("named-" + path.name), seed=seed)
    from safetensors.torch import load_file

    named = load_file(made)
    made.unlink()
    return save({name[5:]: tensor for name, tensor in named.items() if name.startswith("unet.")}, path)


def save(tensors: dict[str, torch.Tensor], path: Path, metadata: dict[str, str] | None = None) -> Path:
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path, metadata)
    return path


STYLES: dict[str, Callable[..., Path]] = {
    "kohya": kohya,
    "locon": lambda pipeline, path, **chosen: kohya(pipeline, path, convolutions=True, **chosen),
    "peft": peft,
    "peft-alpha": lambda pipeline, path, **chosen: peft(pipeline, path, alpha=2.0, **chosen),
    "peft-convolutions": lambda pipeline, path, **chosen: peft(pipeline, path, convolutions=True, **chosen),
    "attention-processors": old_diffusers,
    "bare-processors": bare_processors,
}


def merged(pipeline: Any, changes: Iterator[tuple[torch.nn.Module, torch.Tensor]]) -> None:
    """Add to the weights of a pipeline."""
    for module, change in changes:
        with torch.no_grad():
            module.weight += change.reshape(module.weight.shape)
