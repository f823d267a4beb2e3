"""Loading a large network in f32 with no more memory than its weights take.

`from_pretrained` maps the file while it makes f32 of it: of SDXL's UNet in FP16 that is 5 GB beside 10. Here
one tensor after the other is read from the file, so that the largest is all there is twice.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

_TYPES = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}  # safetensors' name -> torch's


def load_lean(kind: Any, folder: Path, files: Sequence[Path]) -> Any | None:
    """Return a diffusers network in f32 from whole safetensors files, None if it is not a plain case.

    Plain is: every weight of the network is there under its own name and in its own shape, nothing else is,
    and all of it is f32, f16 or bf16. Raises what diffusers raises for a configuration it cannot read.
    """
    import torch

    headers = [_header(path) for path in files]
    shapes = {name: tuple(entry["shape"]) for header in headers for name, entry in header.items()}
    if any(entry["dtype"] not in _TYPES for header in headers for entry in header.values()):
        return None
    with torch.device("meta"):
        module = kind.from_config(kind.load_config(folder, local_files_only=True))
    wanted = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    if wanted != shapes or len(wanted) != sum(map(len, headers)):
        return None
    if set(dict(module.named_buffers())) - wanted.keys():  # which no file gives
        return None
    state = {name: tensor for path in files for name, tensor in _tensors(path)}
    module.load_state_dict(state, assign=True)
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    return module


def _header(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header: dict[str, Any] = json.loads(file.read(length))
    header.pop("__metadata__", None)
    return header


def _tensors(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield names and f32 tensors in the order of the file (format: github.com/huggingface/safetensors)."""
    import torch

    header = _header(path)
    with path.open("rb") as file:
        start = 8 + int.from_bytes(file.read(8), "little")
        for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
            first, last = entry["data_offsets"]
            file.seek(start + first)
            data = bytearray(last - first)
            file.readinto(data)
            tensor = torch.frombuffer(data, dtype=getattr(torch, _TYPES[entry["dtype"]]))
            yield name, tensor.reshape(entry["shape"]).to(torch.float32)
