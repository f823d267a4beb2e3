"""Writes .safetensors files by hand, wrong ones too; their tensors are zeros, which take no room."""

import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I8": 1, "F8_E4M3": 1}
UNET = "model.diffusion_model."
_PROMPT = "1.transformer_blocks.0.attn2.to_k.weight"

Shapes = Mapping[str, tuple[int, ...]]


def header_of(shapes: Shapes, dtype: str = "F16", metadata: dict[str, str] | None = None) -> dict[str, Any]:
    """Return a header with the tensors one after the other."""
    header: dict[str, Any] = {} if metadata is None else {"__metadata__": metadata}
    reached = 0
    for name, shape in shapes.items():
        end = reached + math.prod(shape) * BYTES[dtype]
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [reached, end]}
        reached = end
    return header


def write_header(path: Path, header: Mapping[str, Any]) -> Path:
    """Write a header and as many zeros as it names."""
    ends = [tensor["data_offsets"][1] for name, tensor in header.items() if name != "__metadata__"]
    return write_raw(path, json.dumps(header).encode(), max(ends, default=0))


def write_raw(path: Path, text: bytes, data_bytes: int) -> Path:
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + data_bytes)
    return path


def checkpoint_shapes(context: int, channels: int = 4, *, vae: bool = True) -> dict[str, tuple[int, ...]]:
    """Return the few tensors that a kind is recognised by; small, but for the first layer."""
    is_xl = context == 2048
    deepest = (
        "input_blocks.8.1.transformer_blocks.9.attn2.to_k.weight" if is_xl else f"input_blocks.8.{_PROMPT}"
    )
    shapes: dict[str, tuple[int, ...]] = {
        f"{UNET}input_blocks.0.0.weight": (320, channels, 3, 3),
        f"{UNET}input_blocks.{4 if is_xl else 1}.{_PROMPT}": (4, context),
        f"{UNET}{deepest}": (4, context),
    }
    if vae:
        shapes["first_stage_model.decoder.conv_in.weight"] = (4, 4, 3, 3)
    texts = {
        768: ("cond_stage_model.transformer.text_model.embeddings.token_embedding.weight",),
        1024: ("cond_stage_model.model.token_embedding.weight",),
        2048: (
            "conditioner.embedders.0.transformer.text_model.embeddings.token_embedding.weight",
            "conditioner.embedders.1.model.token_embedding.weight",
        ),
    }
    return shapes | dict.fromkeys(texts.get(context, ()), (2, 4))
