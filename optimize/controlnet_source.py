"""Where a ControlNet comes from: diffusers' folder, or a single file in its layout or the original one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from optimize.configurations import CONFIGS
from runtime.checkpoint import Part
from runtime.controlnet_folder import (
    CLASS_NAME,
    COMPONENT,
    CONFIG_NAME,
    ControlNetFolder,
    check_control_config,
    file_prefix,
)
from runtime.errors import ExportError
from runtime.model_files import hash_of, read_json_object
from runtime.safetensors_header import SafetensorsHeader, read_header
from runtime.weight_files import count_numbers, source_weights

# Width of what the text encoder gives -> folder of the configurations of models that have it.
_KINDS = {768: "sd1", 1024: "sd2"}
_WIDTH = 320  # of the first layer
_CONTEXTS = (
    "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight",
    "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight",
)
_FIRSTS = ("conv_in.weight", "input_blocks.0.0.weight")
# Of a UNet's configuration, what its ControlNet shares: the arguments of diffusers' ControlNetModel.
_SHARED = (
    *("in_channels", "block_out_channels", "down_block_types", "layers_per_block", "cross_attention_dim"),
    *("attention_head_dim", "num_attention_heads", "use_linear_projection", "norm_num_groups", "norm_eps"),
    *("act_fn", "flip_sin_to_cos", "freq_shift", "downsample_padding", "mid_block_scale_factor"),
    *("only_cross_attention", "transformer_layers_per_block", "upcast_attention", "resnet_time_scale_shift"),
)


@dataclass(frozen=True, kw_only=True)
class ControlNetSource:
    """An opened source; `part` and `config` are those of a single file, which has no configuration."""

    path: Path
    weights: tuple[Path, ...]
    numbers: int
    part: Part | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def hashes(self) -> dict[str, str]:
        """Return the sha256 of each weight file; raises ModelFolderError."""
        return {path.name: hash_of(path) for path in self.weights}

    def settings(self, place: Path) -> Path:
        """Return a folder that has the configuration where a conversion looks for it."""
        if self.part is not None:
            (place / COMPONENT).mkdir(parents=True)
            (place / COMPONENT / CONFIG_NAME).write_text(json.dumps(self.config), encoding="utf-8")
            return place
        return self.path


def open_controlnet(path: Path) -> ControlNetSource:
    """Open a source; raises ExportError or ModelFolderError for one that cannot be converted."""
    if path.is_file():
        return _open_file(path)
    net = ControlNetFolder(path)
    if net.kind != "diffusers":
        raise ExportError(f"{path} already holds OpenVINO IR: give the diffusers folder it was made from")
    weights = source_weights(path)[0]
    return ControlNetSource(path=path, weights=weights, numbers=count_numbers(weights))


def _open_file(path: Path) -> ControlNetSource:
    header = read_header(path)
    found = file_prefix(header)
    if found is None:
        raise ExportError(f"{path} holds no ControlNet: give a ControlNet's .safetensors file or folder")
    prefix, layout = found
    config = _config_of(header, prefix)
    check_control_config(config, path)
    tensors = {name: tensor for name, tensor in header.tensors.items() if name.startswith(prefix)}
    numbers = sum(tensor.numbers for tensor in tensors.values())
    return ControlNetSource(
        path=path,
        weights=(path,),
        numbers=numbers,
        part=Part(file=path.resolve(), layout=layout, prefix=prefix, numbers=numbers),
        config=config,
        notes=(f"recognised as a ControlNet for models of width {config['cross_attention_dim']}",),
    )


def _config_of(header: SafetensorsHeader, prefix: str) -> dict[str, Any]:
    """Return the configuration that the shapes tell; raises ExportError for one that is not known."""
    tensors = header.tensors
    context = next((tensors[prefix + name].shape[-1] for name in _CONTEXTS if prefix + name in tensors), None)
    first = next((tensors[prefix + name].shape for name in _FIRSTS if prefix + name in tensors), ())
    kind = _KINDS.get(context or 0)
    if kind is None or first[:2] != (_WIDTH, 4):
        raise ExportError(
            f"{header.path} is a ControlNet whose first layer is {tuple(first)} and whose prompts have width "
            f"{context}, and single files are known of Stable Diffusion 1.x and 2.x ({_WIDTH} channels, "
            f"width {' or '.join(map(str, _KINDS))}): give its diffusers folder"
        )
    unet = read_json_object(CONFIGS / kind / "unet" / CONFIG_NAME)
    shared = {name: unet[name] for name in _SHARED if name in unet}
    return {"_class_name": CLASS_NAME, "conditioning_channels": 3, **shared}
