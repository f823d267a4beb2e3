"""One LoRA file: for each layer two small matrices whose product is added to the layer's weights.

Hu et al. 2021 (arXiv 2106.09685): W + alpha / rank * up @ down. For a convolution, `down` is one of the same
kernel to `rank` channels, `up` one of kernel 1; LyCORIS-LoCon's `mid` stands between (Tucker decomposition).
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from runtime.adapters.changes import LowRank
from runtime.adapters.layer_names import flat
from runtime.adapters.lora_keys import (
    ALPHA,
    DOWN,
    MID,
    TEXT_2,
    UNET,
    UP,
    other_method,
    read_key,
    strange_family,
)
from runtime.adapters.tensors import check_file, open_tensors
from runtime.arrays import Array
from runtime.errors import AdapterError
from runtime.safetensors_header import SafetensorsHeader, read_header

MAX_RANK = 2048
# Width of the prompts that a UNet's cross-attention reads -> what such models are called.
FAMILIES: Mapping[int, str] = {768: "Stable Diffusion 1.x", 1024: "Stable Diffusion 2.x", 2048: "SDXL"}
_PEFT = "lora_adapter_metadata"  # where diffusers keeps peft's settings, a JSON object


@dataclass(frozen=True, kw_only=True)
class Lora:
    """A file that was read; `changes` by network and flat layer name, `family` is what it says it is for."""

    path: Path
    changes: Mapping[tuple[str, str], LowRank]
    family: str
    unknown: int  # tensors whose names mean nothing


def read_lora(path: Path) -> Lora:
    """Read and check a file; raises AdapterError or ModelFolderError, one sentence with the remedy."""
    check_file(path)
    header = read_header(path)
    parts, unknown = _sorted_keys(header)
    file, scales = open_tensors(header), _peft_scales(header.metadata)
    changes = {}
    for (network, layer), names in parts.items():
        for part in (DOWN, UP):
            if part not in names:
                raise AdapterError(
                    f"{path} is damaged (the layer {layer[:80]!r} has no {part} matrix): fetch the file again"
                )
        _check_rank(header, names)
        tensors = {part: file.read(name) for part, name in names.items()}
        change = _low_rank(path, layer, tensors)
        if ALPHA not in names and (network, layer) in scales:
            change = change.weighed(scales[network, layer](change.rank))
        changes[network, layer] = change
    return Lora(path=path, changes=changes, family=family_of(header), unknown=unknown)


def _sorted_keys(header: SafetensorsHeader) -> tuple[dict[tuple[str, str], dict[str, str]], int]:
    """Return the tensors of each layer by what they are, and how many mean nothing."""
    path = header.path
    for name in header.tensors:
        what, family = other_method(name), strange_family(name)
        if what:
            raise AdapterError(
                f"{path} is {what}, which is not supported: take a LoRA (or LyCORIS LoCon) version of it"
            )
        if family:
            raise AdapterError(f"{path} is for {family}: choose one for Stable Diffusion 1.x, 2.x or SDXL")
    parts: dict[tuple[str, str], dict[str, str]] = {}
    unknown = 0
    for name in header.tensors:
        key = read_key(name)
        if key is None:
            unknown += 1
            continue
        names = parts.setdefault((key.network, key.layer), {})
        if key.part in names:
            raise AdapterError(
                f"{path} names one matrix twice ({names[key.part]!r:.80} and {name!r:.80}): fetch it again"
            )
        names[key.part] = name
    if not any(DOWN in names or UP in names for names in parts.values()):
        some = ", ".join(f"{name!r:.60}" for name in sorted(header.tensors)[:2]) or "nothing"
        raise AdapterError(f"{path} is no LoRA (it holds {some}): choose a LoRA's .safetensors file")
    return parts, unknown


def _check_rank(header: SafetensorsHeader, names: Mapping[str, str]) -> None:
    """Raise AdapterError before anything is read of a matrix that is none, or of a rank beyond any model."""
    for part in (DOWN, UP):
        shape = list(header.tensors[names[part]].shape)
        is_matrix = len(shape) in (2, 4)
        rank = (shape[0] if part == DOWN else shape[1]) if is_matrix else 0
        if not 1 <= rank <= MAX_RANK or 0 in shape:
            raise AdapterError(
                f"{header.path} is damaged ({names[part]!r:.80} has the shape {shape!r:.60}; ranks go "
                f"from 1 to {MAX_RANK}): fetch the file again"
            )


def _low_rank(path: Path, layer: str, tensors: Mapping[str, Array]) -> LowRank:
    """Return the change that a layer's tensors make; raises AdapterError where they do not fit."""
    down, up, mid = tensors[DOWN], tensors[UP], tensors.get(MID)
    rank = len(down)

    def refuse(what: str) -> AdapterError:
        return AdapterError(f"{path} is damaged (the layer {layer[:80]!r} {what}): fetch the file again")

    inner = up.shape[1:2]
    if inner != (rank,) and mid is None:
        raise refuse(f"has a down matrix of rank {rank} and an up matrix of rank {inner[0]}")
    if up.ndim == 4 and up.shape[2:] != (1, 1):
        raise refuse(f"has an up matrix of shape {list(up.shape)}")
    up = up.reshape(up.shape[:2])
    if mid is not None:
        if down.ndim != 4 or mid.ndim != 4 or mid.shape[:2] != (*inner, rank) or 0 in mid.shape:
            raise refuse(f"has a middle of shape {list(mid.shape)!r:.60}")
        with np.errstate(over="ignore", invalid="ignore"):
            down = np.tensordot(mid, down[:, :, 0, 0], axes=([1], [0])).transpose(0, 3, 1, 2)
    scale = 1.0
    if ALPHA in tensors:
        if tensors[ALPHA].size != 1:
            raise refuse(f"has an alpha of shape {list(tensors[ALPHA].shape)!r:.60}")
        scale = float(tensors[ALPHA].reshape(())) / rank
    with np.errstate(over="ignore"):
        up = up * np.float32(scale)
    if not (np.isfinite(up).all() and np.isfinite(down).all()):
        raise refuse("holds values that are not numbers")
    return LowRank(down=np.ascontiguousarray(down), up=up)


def family_of(header: SafetensorsHeader) -> str:
    """Return the family of models that a file is for, as its shapes say, else its metadata, else ""."""
    widths, networks = Counter[int](), set()
    for name, tensor in header.tensors.items():
        key = read_key(name)
        networks.add(key.network if key is not None else "")
        if key is None or (key.network, key.part) != (UNET, DOWN) or len(tensor.shape) < 2:
            continue
        if key.layer.endswith(("attn2_to_k", "attn2_to_v")):
            widths[tensor.shape[1]] += 1
    for width, _ in widths.most_common(1):
        return FAMILIES.get(width, f"models with prompts of width {width}")
    if TEXT_2 in networks:
        return FAMILIES[2048]
    said = header.metadata.get("modelspec.architecture") or header.metadata.get("ss_base_model_version") or ""
    return said[:60]


def _peft_scales(metadata: Mapping[str, str]) -> "Mapping[tuple[str, str], _Scale]":
    """Return the scale of each layer that peft's settings name, or of every one; {} without settings."""
    try:
        settings = json.loads(metadata.get(_PEFT, "{}"))
    except (ValueError, RecursionError):
        return {}
    return _Scales(settings) if isinstance(settings, dict) and settings else {}


class _Scale:
    """peft's rule for the scale of a layer: alpha / rank, or alpha / sqrt(rank)."""

    def __init__(self, alpha: float, *, by_root: bool) -> None:
        self._alpha = alpha
        self._by_root = by_root

    def __call__(self, rank: int) -> float:
        return self._alpha / (rank**0.5 if self._by_root else rank)


class _Scales(Mapping[tuple[str, str], _Scale]):
    """peft's settings: keys such as "unet.lora_alpha", patterns are the ends of layers' paths."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings

    def __getitem__(self, key: tuple[str, str]) -> _Scale:
        network, layer = key
        alpha = self._settings.get(f"{network}.lora_alpha")
        patterns = self._settings.get(f"{network}.alpha_pattern")
        for pattern, value in patterns.items() if isinstance(patterns, dict) else ():
            if layer.endswith(flat(str(pattern).lstrip("^").replace("\\", ""))):
                alpha = value
        if isinstance(alpha, bool) or not isinstance(alpha, int | float) or not abs(alpha) < 1e6:
            raise KeyError(key)
        return _Scale(float(alpha), by_root=self._settings.get(f"{network}.use_rslora") is True)

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return len(self._settings)
