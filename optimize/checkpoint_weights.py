"""Filling one torch module with its weights from a checkpoint, nothing else of the file read."""

from pathlib import Path
from typing import Any

import numpy as np

from optimize.checkpoint_keys import Stored, stored_of
from runtime.checkpoint import Part
from runtime.errors import ExportError
from runtime.safetensors_header import SafetensorsHeader, read_header

_TORCH_TYPES = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}
_KEEP_WHOLE = "unet"  # the layout of which every weight must have a place: what is left over would be missed


def load_module(library: str, class_name: str, config: Path, part: Part) -> Any:
    """Return the module of `config` (a folder with config.json) in f32, every weight of it from the file.

    A file in f32 stays mapped; half precision is widened weight by weight. Raises ExportError when a weight
    is missing, has another shape, or has no place.
    """
    import torch

    with torch.device("meta"):
        module, settings = _empty(library, class_name, config)
    weights, faults = _read(module, settings, part)
    if faults:
        raise ExportError(
            f"{part.file} does not hold the {config.name} that its architecture calls for: {len(faults)} "
            f"weights differ, such as {faults[0]:.160}: take another version of the model"
        )
    module.load_state_dict(weights, strict=True, assign=True)
    _fill_buffers(module)
    return module.requires_grad_(False).eval()


def whole_file(path: Path) -> Part:
    """Return a file of diffusers' own layout as one part, to be read like those of a checkpoint.

    `from_pretrained` keeps such a file mapped while it makes f32 of it: of SDXL's UNet in FP16 that is 5 GB
    beside 10.
    """
    header = read_header(path)
    return Part(
        file=path, layout="diffusers", prefix="", numbers=sum(t.numbers for t in header.tensors.values())
    )


def _empty(library: str, class_name: str, config: Path) -> tuple[Any, dict[str, Any]]:
    """Return the module and its configuration; raises ExportError for one that cannot be read."""
    import diffusers
    import transformers

    try:
        if library == "diffusers":
            kind = getattr(diffusers, class_name)
            settings = dict(kind.load_config(config, local_files_only=True))
            return kind.from_config(settings), settings
        kind = getattr(transformers, class_name)
        made = kind.config_class.from_pretrained(config, local_files_only=True)
        return kind(made), made.to_dict()
    except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
        raise ExportError(f"{config} cannot be used ({error!s:.200}): give other configurations") from error


def _read(module: Any, settings: dict[str, Any], part: Part) -> tuple[dict[str, Any], list[str]]:
    """Return the weights by their names in the module, and what does not fit."""
    import torch

    header = read_header(part.file)
    there = {name for name in header.tensors if name.startswith(part.prefix)}
    weights: dict[str, Any] = {}
    faults: list[str] = []
    used: set[str] = set()
    for name, wanted in module.state_dict().items():
        stored = stored_of(part.layout, name, settings)
        key = next((part.prefix + key for key in stored.names if part.prefix + key in there), None)
        if key is None:
            faults.append(f"{part.prefix}{stored.names[0]} is missing")
            continue
        used.add(key)
        weight = _cut(_tensor(header, key), stored)
        if _without_ones(weight.shape) != _without_ones(wanted.shape):
            faults.append(f"{key} is {tuple(weight.shape)}, not {tuple(wanted.shape)}")
            continue
        weights[name] = weight.reshape(wanted.shape).to(torch.float32).contiguous()
    if part.layout == _KEEP_WHOLE:
        faults += [f"{name} has no place" for name in sorted(there - used)]
    return weights, faults


def _tensor(header: SafetensorsHeader, name: str) -> Any:
    """Return a tensor of a file as it is stored, mapped by itself: its pages go when nothing refers to it.

    One mapping of the whole file would keep the pages of all that was read, in half precision half as much
    again as the module itself.
    """
    import torch

    tensor = header.tensors[name]
    dtype = getattr(torch, _TORCH_TYPES[tensor.dtype])
    if tensor.start == tensor.end:
        return torch.empty(tensor.shape, dtype=dtype)
    try:
        pages = np.memmap(
            header.path, np.uint8, "c", header.data_start + tensor.start, (tensor.end - tensor.start,)
        )
    except (OSError, ValueError) as error:  # gone, or shorter than when its header was read
        raise ExportError(f"{header.path} cannot be read ({error!s:.200}): fetch the model again") from error
    if pages.ctypes.data % 8:  # nothing in the format keeps tensors from odd places
        pages = pages.copy()
    return torch.from_numpy(pages).view(dtype).reshape(tensor.shape)


def _cut(tensor: Any, stored: Stored) -> Any:
    if stored.third is not None:
        tensor = tensor.chunk(3)[stored.third]
    return tensor.T if stored.transposed else tensor


def _without_ones(shape: Any) -> tuple[int, ...]:
    """A linear layer is at times stored as a convolution of one pixel."""
    sides = tuple(shape)
    while len(sides) > 2 and sides[-1] == 1:
        sides = sides[:-1]
    return sides


def _fill_buffers(module: Any) -> None:
    """Make the one kind of buffer that no file keeps: the numbers of a text's positions."""
    import torch

    for name, buffer in list(module.named_buffers()):
        if buffer.is_meta:
            owner, _, own = name.rpartition(".")
            if own != "position_ids":
                raise ExportError(f"{name} is kept in no file: please report this with the name of the model")
            setattr(module.get_submodule(owner), own, torch.arange(buffer.shape[-1])[None])
