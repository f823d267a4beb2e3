"""Where a weight of a diffusers module is found in a checkpoint of the original layout: tables of names.

Every function takes the weight's name in the module and the module's configuration, and gives what it is
called in the file, without the prefix of its component. The names of the original code are those of the
configurations that CompVis and Stability AI published with it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Config = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Stored:
    """One weight in a file: possible names, the first that is there counting, and how to cut it out."""

    names: tuple[str, ...]
    third: int | None = None  # which third of the rows
    transposed: bool = False


_UNET_ENDS = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
_VAE_ATTENTION = {  # name -> the original code's, then that of diffusers before 0.12
    "group_norm": ("norm", "group_norm"),
    "to_q": ("q", "query"),
    "to_k": ("k", "key"),
    "to_v": ("v", "value"),
    "to_out.0": ("proj_out", "proj_attn"),
}
_OPEN_CLIP_LAYER = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}
_OPEN_CLIP_ENDS = {
    "text_model.embeddings.token_embedding.weight": "token_embedding.weight",
    "text_model.embeddings.position_embedding.weight": "positional_embedding",
    "text_model.final_layer_norm.weight": "ln_final.weight",
    "text_model.final_layer_norm.bias": "ln_final.bias",
}
_BLOCK = re.compile(r"(down|up)_blocks\.(\d+)\.(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(.+)")
_MID = re.compile(r"mid_block\.(resnets|attentions)\.(\d+)\.(.+)")
_HINT = re.compile(r"controlnet_cond_embedding\.(conv_in|conv_out|blocks\.(\d+))\.(weight|bias)")
_ZERO = re.compile(r"controlnet_down_blocks\.(\d+)\.(weight|bias)")
_OPEN_CLIP_NAME = re.compile(r"text_model\.encoder\.layers\.(\d+)\.(.+)\.(weight|bias)")


def stored_of(layout: str, name: str, config: Config) -> Stored:
    """Return where a component of `layout` keeps the weight `name`; raises KeyError for none it knows."""
    return _LAYOUTS[layout](name, config)


def _unet(name: str, config: Config) -> Stored:
    module, _, end = name.rpartition(".")
    if module in _UNET_ENDS:
        return Stored(names=(f"{_UNET_ENDS[module]}.{end}",))
    if found := _MID.fullmatch(name):
        kind, number, rest = found[1], int(found[2]), found[3]
        block = 2 * number + (kind == "attentions")
        return Stored(names=(f"middle_block.{block}.{_inside(kind, rest)}",))
    found = _match(_BLOCK, name)
    side, block, kind, layer, rest = found[1], int(found[2]), found[3], int(found[4]), found[5]
    row = int(config["layers_per_block"]) + 1  # layers of a block on either side, the change of size included
    if kind == "downsamplers":
        return Stored(names=(f"input_blocks.{(block + 1) * row}.0.{rest.replace('conv.', 'op.')}",))
    if kind == "upsamplers":
        attends = "CrossAttn" in config["up_block_types"][block]
        return Stored(names=(f"output_blocks.{block * row + row - 1}.{2 if attends else 1}.{rest}",))
    number = block * row + layer
    place = f"input_blocks.{number + 1}" if side == "down" else f"output_blocks.{number}"
    return Stored(names=(f"{place}.{int(kind == 'attentions')}.{_inside(kind, rest)}",))


def _controlnet(name: str, config: Config) -> Stored:
    """Those of a UNet's encoder, and the layers of its own (github.com/lllyasviel/ControlNet)."""
    if found := _HINT.fullmatch(name):
        number = {"conv_in": 0, "conv_out": 14}.get(found[1])
        return Stored(
            names=(f"input_hint_block.{2 * int(found[2]) + 2 if number is None else number}.{found[3]}",)
        )
    if found := _ZERO.fullmatch(name):
        return Stored(names=(f"zero_convs.{found[1]}.0.{found[2]}",))
    if name.startswith("controlnet_mid_block."):
        return Stored(names=(name.replace("controlnet_mid_block", "middle_block_out.0"),))
    return _unet(name, config)


def _inside(kind: str, rest: str) -> str:
    """Return the name within a layer of the UNet; transformers have the same ones in both layouts."""
    if kind == "attentions":
        return rest
    module, _, end = rest.rpartition(".")
    return f"{_RESNET[module]}.{end}"


def _vae(name: str, config: Config) -> Stored:
    side, _, inner = name.partition(".")
    if side not in ("encoder", "decoder"):  # quant_conv, post_quant_conv
        return Stored(names=(name,))
    if found := _MID.fullmatch(inner):
        kind, number, rest = found[1], int(found[2]), found[3]
        if kind == "resnets":
            return Stored(names=(f"{side}.mid.block_{number + 1}.{_shortcut(rest)}",))
        module, _, end = rest.rpartition(".")
        return Stored(names=tuple(f"{side}.mid.attn_1.{own}.{end}" for own in _VAE_ATTENTION[module]))
    if found := _BLOCK.fullmatch(inner):
        block, kind, layer, rest = int(found[2]), found[3], int(found[4]), found[5]
        if found[1] == "up":  # counted from the picture's side in the original code
            block = len(config["up_block_types"]) - 1 - block
        place = f"{side}.{found[1]}.{block}"
        if kind == "resnets":
            return Stored(names=(f"{place}.block.{layer}.{_shortcut(rest)}",))
        return Stored(names=(f"{place}.{kind.removesuffix('rs')}.{rest}",))
    return Stored(names=(name.replace("conv_norm_out", "norm_out"),))


def _shortcut(rest: str) -> str:
    return rest.replace("conv_shortcut", "nin_shortcut")


def _diffusers(name: str, config: Config) -> Stored:
    """A file that diffusers wrote; before 0.12 it called the VAE's attention otherwise."""
    module, _, end = name.rpartition(".")
    for new, (_, old) in _VAE_ATTENTION.items():
        if module.endswith(f"attentions.0.{new}"):
            return Stored(names=(name, f"{module.removesuffix(new)}{old}.{end}"))
    return Stored(names=(name,))


def _clip(name: str, config: Config) -> Stored:
    return Stored(names=(name.removeprefix("text_model."),))


def _open_clip(name: str, config: Config) -> Stored:
    if name in _OPEN_CLIP_ENDS:
        return Stored(names=(_OPEN_CLIP_ENDS[name],))
    if name == "text_projection.weight":
        return Stored(names=("text_projection",), transposed=True)
    found = _match(_OPEN_CLIP_NAME, name)
    layer, module, end = f"transformer.resblocks.{found[1]}", found[2], found[3]
    if module in _OPEN_CLIP_LAYER:
        return Stored(names=(f"{layer}.{_OPEN_CLIP_LAYER[module]}.{end}",))
    third = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj").index(module)
    return Stored(names=(f"{layer}.attn.in_proj_{end}",), third=third)


def _match(pattern: re.Pattern[str], name: str) -> re.Match[str]:
    found = pattern.fullmatch(name)
    if found is None:
        raise KeyError(name)
    return found


_LAYOUTS: Mapping[str, Callable[[str, Config], Stored]] = {
    "unet": _unet,
    "controlnet": _controlnet,
    "vae": _vae,
    "clip": _clip,
    "open_clip": _open_clip,
    "diffusers": _diffusers,
}
