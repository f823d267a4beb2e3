"""Writes a diffusers folder as one file in the original layout: the inverse of what the program reads.

The names are written down the other way round, as the original code builds its modules: block after block,
each with a running number. A second way of saying it finds the mistakes of the first.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import save_file

Tensors = dict[str, Any]
CLIP = "cond_stage_model.transformer.text_model."
OLD_CLIP = "cond_stage_model.transformer."
OPEN_CLIP = "cond_stage_model.model."
XL_CLIP = "conditioner.embedders.0.transformer.text_model."
XL_OPEN_CLIP = "conditioner.embedders.1.model."
UNET = "model.diffusion_model."
VAE = "first_stage_model."
_RESNET = (
    ("norm1", "in_layers.0"),
    ("conv1", "in_layers.2"),
    ("time_emb_proj", "emb_layers.1"),
    ("norm2", "out_layers.0"),
    ("conv2", "out_layers.3"),
    ("conv_shortcut", "skip_connection"),
)


def write_checkpoint(
    folder: Path,
    path: Path,
    *,
    text: Mapping[str, str],
    vae: bool = True,
    dtype: str | None = None,
    metadata: dict[str, str] | None = None,
    extra: Tensors | None = None,
) -> Path:
    """Write the components of `folder`; `text` has the prefix of each text encoder, which says its layout."""
    import torch

    tensors: Tensors = {UNET + name: tensor for name, tensor in unet_tensors(folder / "unet").items()}
    if vae:
        tensors |= {VAE + name: tensor for name, tensor in vae_tensors(folder / "vae").items()}
    for entry, prefix in text.items():
        convert = clip_tensors if "transformer" in prefix else open_clip_tensors
        tensors |= {prefix + name: tensor for name, tensor in convert(folder / entry).items()}
    if dtype is not None:
        tensors = {name: tensor.to(getattr(torch, dtype)) for name, tensor in tensors.items()}
    save_file(tensors | (extra or {}), path, metadata)
    return path


def unet_tensors(folder: Path) -> Tensors:
    """Number the blocks as openaimodel.py of the original code appends them to its lists."""
    config, weights = _component(folder)
    names: dict[str, str] = {  # a module in the file -> in diffusers
        "time_embed.0": "time_embedding.linear_1",
        "time_embed.2": "time_embedding.linear_2",
        "label_emb.0.0": "add_embedding.linear_1",
        "label_emb.0.2": "add_embedding.linear_2",
        "input_blocks.0.0": "conv_in",
        "out.0": "conv_norm_out",
        "out.2": "conv_out",
    }
    layers, number = config["layers_per_block"], 1
    downs, ups = config["down_block_types"], config["up_block_types"]
    for block, kind in enumerate(downs):
        for layer in range(layers):
            names |= _resnet(f"input_blocks.{number}.0", f"down_blocks.{block}.resnets.{layer}")
            if "CrossAttn" in kind:
                names[f"input_blocks.{number}.1"] = f"down_blocks.{block}.attentions.{layer}"
            number += 1
        if block < len(downs) - 1:
            names[f"input_blocks.{number}.0.op"] = f"down_blocks.{block}.downsamplers.0.conv"
            number += 1
    names |= _resnet("middle_block.0", "mid_block.resnets.0") | _resnet(
        "middle_block.2", "mid_block.resnets.1"
    )
    names["middle_block.1"] = "mid_block.attentions.0"
    number = 0
    for block, kind in enumerate(ups):
        for layer in range(layers + 1):
            modules = [f"up_blocks.{block}.resnets.{layer}"]
            names |= _resnet(f"output_blocks.{number}.0", modules[0])
            if "CrossAttn" in kind:
                modules.append(f"up_blocks.{block}.attentions.{layer}")
                names[f"output_blocks.{number}.1"] = modules[1]
            if layer == layers and block < len(ups) - 1:
                names[f"output_blocks.{number}.{len(modules)}.conv"] = f"up_blocks.{block}.upsamplers.0.conv"
            number += 1
    return _renamed(weights, names)


def vae_tensors(folder: Path) -> Tensors:
    """Name the blocks as the original Encoder and Decoder do; attention is made of convolutions there."""
    config, weights = _component(folder)
    names = {"quant_conv": "quant_conv", "post_quant_conv": "post_quant_conv"}
    attentions = (("q", "to_q"), ("k", "to_k"), ("v", "to_v"), ("proj_out", "to_out.0"))
    for side in ("encoder", "decoder"):
        for end in ("conv_in", "conv_out"):
            names[f"{side}.{end}"] = f"{side}.{end}"
        names[f"{side}.norm_out"] = f"{side}.conv_norm_out"
        names |= _vae_resnet(f"{side}.mid.block_1", f"{side}.mid_block.resnets.0")
        names |= _vae_resnet(f"{side}.mid.block_2", f"{side}.mid_block.resnets.1")
        names[f"{side}.mid.attn_1.norm"] = f"{side}.mid_block.attentions.0.group_norm"
        for original, own in attentions:
            names[f"{side}.mid.attn_1.{original}"] = f"{side}.mid_block.attentions.0.{own}"
    count = len(config["block_out_channels"])
    for level in range(count):
        for layer in range(config["layers_per_block"] + 1):
            names |= _vae_resnet(
                f"encoder.down.{level}.block.{layer}", f"encoder.down_blocks.{level}.resnets.{layer}"
            )
            names |= _vae_resnet(
                f"decoder.up.{level}.block.{layer}", f"decoder.up_blocks.{count - 1 - level}.resnets.{layer}"
            )
        names[f"encoder.down.{level}.downsample.conv"] = f"encoder.down_blocks.{level}.downsamplers.0.conv"
        names[f"decoder.up.{level}.upsample.conv"] = (
            f"decoder.up_blocks.{count - 1 - level}.upsamplers.0.conv"
        )
    tensors = _renamed(weights, names)
    for name in tensors:
        if ".attn_1." in name and tensors[name].ndim == 2:
            tensors[name] = tensors[name][:, :, None, None].contiguous()
    return tensors


def clip_tensors(folder: Path) -> Tensors:
    """OpenAI's encoder is kept as transformers has it; with the position numbers that old files carry."""
    import torch

    _, weights = _component(folder)
    tensors = {name.removeprefix("text_model."): tensor for name, tensor in weights.items()}
    return tensors | {"embeddings.position_ids": torch.arange(77)[None]}


def open_clip_tensors(folder: Path) -> Tensors:
    """OpenCLIP keeps query, key and value in one matrix, and its projection the other way round."""
    import torch

    config, weights = _component(folder)
    names = {
        "ln_final": "text_model.final_layer_norm",
        "token_embedding": "text_model.embeddings.token_embedding",
    }
    tensors: Tensors = {}
    for layer in range(config["num_hidden_layers"]):
        own, original = f"text_model.encoder.layers.{layer}", f"transformer.resblocks.{layer}"
        for theirs, ours in (
            ("ln_1", "layer_norm1"),
            ("ln_2", "layer_norm2"),
            ("mlp.c_fc", "mlp.fc1"),
            ("mlp.c_proj", "mlp.fc2"),
            ("attn.out_proj", "self_attn.out_proj"),
        ):
            names[f"{original}.{theirs}"] = f"{own}.{ours}"
        for end in ("weight", "bias"):
            rows = [weights.pop(f"{own}.self_attn.{part}_proj.{end}") for part in "qkv"]
            tensors[f"{original}.attn.in_proj_{end}"] = torch.cat(rows)
    # The last layer, which Stable Diffusion 2 does not use and whose place its files still fill.
    tensors[f"transformer.resblocks.{config['num_hidden_layers']}.ln_1.weight"] = torch.ones(4)
    tensors["positional_embedding"] = weights.pop("text_model.embeddings.position_embedding.weight")
    tensors["logit_scale"] = torch.tensor(4.6)
    projection = weights.pop("text_projection.weight", None)
    if projection is not None:
        tensors["text_projection"] = projection.T.contiguous()
    return tensors | _renamed(weights, names)


def _component(folder: Path) -> tuple[dict[str, Any], Tensors]:
    weights: Tensors = {}
    for path in folder.glob("*.safetensors"):
        with safe_open(path, "pt") as file:
            weights |= {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    return json.loads((folder / "config.json").read_text("utf-8")), weights


def _resnet(original: str, own: str) -> dict[str, str]:
    return {f"{original}.{theirs}": f"{own}.{ours}" for ours, theirs in _RESNET}


def _vae_resnet(original: str, own: str) -> dict[str, str]:
    ends: Iterator[str] = iter(("norm1", "conv1", "norm2", "conv2"))
    return {f"{original}.{end}": f"{own}.{end}" for end in ends} | {
        f"{original}.nin_shortcut": f"{own}.conv_shortcut"
    }


def _renamed(weights: Tensors, names: Mapping[str, str]) -> Tensors:
    """Return the weights by their names in the file; every one of them must have found its place."""
    tensors: Tensors = {}
    left = dict(weights)
    for original, own in names.items():
        for name in [name for name in left if name.startswith(own + ".")]:
            tensors[original + name.removeprefix(own)] = left.pop(name)
    assert not left, f"no place for {sorted(left)[:3]}"
    return tensors


Write = Callable[..., Path]
