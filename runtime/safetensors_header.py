"""The header of a safetensors file: which tensors it holds, checked before anything relies on it.

Format: github.com/huggingface/safetensors, "Format". Eight bytes give the length of a JSON object, which
names each tensor's type, shape and place; the tensors follow without gaps.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.errors import ModelFolderError

METADATA = "__metadata__"
MAX_HEADER_BYTES = 16 << 20  # a full-size model with its training weights has half a megabyte
MAX_TENSORS = 100_000  # the largest models published have some thousands
_MAX_DIMENSIONS = 16

_BITS = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0"), 8),
    **dict.fromkeys(("F8_E5M2FNUZ", "F8_E4M3FNUZ"), 8),
    **dict.fromkeys(("U16", "I16", "F16", "BF16"), 16),
    **dict.fromkeys(("U32", "I32", "F32"), 32),
    **dict.fromkeys(("U64", "I64", "F64", "C64"), 64),
    **{"F4": 4, "F6_E2M3": 6, "F6_E3M2": 6},
}


@dataclass(frozen=True, kw_only=True)
class Tensor:
    """One tensor of a file: its type by the format's name, its shape, its bytes counted from the data's."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int

    @property
    def numbers(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)


@dataclass(frozen=True, kw_only=True)
class SafetensorsHeader:
    """What a file says of itself; the tensors lie one after the other and fill it."""

    path: Path
    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str]
    data_start: int  # bytes before the first tensor


class _Refused(ValueError):
    """What is wrong with a header; becomes part of a sentence."""


def read_header(path: Path) -> SafetensorsHeader:
    """Read and check the header of a file, nothing else of it; raises ModelFolderError in one sentence."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(8)
            length = int.from_bytes(start, "little")
            if len(start) < 8 or length > size - 8:
                raise _damaged(path, "cut short or no safetensors file")
            if length > MAX_HEADER_BYTES:
                raise _damaged(path, f"its header has {length} bytes, at most {MAX_HEADER_BYTES} are read")
            text = file.read(length)
    except FileNotFoundError as error:
        raise ModelFolderError(f"{path} is missing: check the name, or fetch the model again") from error
    except OSError as error:
        raise _unreadable(path, error) from error
    try:
        tensors, metadata = _checked(_parsed(text), size - 8 - length)
    except _Refused as fault:
        raise _damaged(path, str(fault)) from fault
    return SafetensorsHeader(path=path, tensors=tensors, metadata=metadata, data_start=8 + length)


def _parsed(text: bytes) -> dict[str, Any]:
    """Return the JSON object in a header; what has more objects than any model is given up early."""
    objects = 0

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal objects
        objects += 1
        if objects > MAX_TENSORS + 2:
            raise _Refused(f"it names more than {MAX_TENSORS} tensors")
        found = dict(pairs)
        if len(found) != len(pairs):
            raise _Refused("its header has two entries of one name")
        return found

    if not text.startswith(b"{"):
        raise _Refused("cut short or no safetensors file")
    try:
        header = json.loads(text.decode(), object_pairs_hook=collect)
    except _Refused:
        raise
    except (ValueError, RecursionError) as error:
        raise _Refused("cut short or no safetensors file") from error
    if not isinstance(header, dict):
        raise _Refused("cut short or no safetensors file")
    return header


def _checked(header: dict[str, Any], data_bytes: int) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return tensors and metadata; raises _Refused for a tensor that cannot be what it says."""
    metadata = header.pop(METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise _Refused("its metadata are not texts")
    tensors = {name: _tensor(name, value) for name, value in header.items()}
    reached = 0
    for name, tensor in sorted(tensors.items(), key=lambda item: (item[1].start, item[1].end)):
        if tensor.start != reached:
            raise _Refused(f"{name!r:.80} does not begin where the tensor before it ends")
        reached = tensor.end
    if reached != data_bytes:
        raise _Refused(f"cut short or no safetensors file: it holds {data_bytes} bytes, names {reached}")
    return tensors, metadata


def _tensor(name: str, value: Any) -> Tensor:
    """Return one entry of a header, whose type, shape and place agree."""
    if not isinstance(value, dict) or value.keys() != {"dtype", "shape", "data_offsets"}:
        raise _Refused(f"{name!r:.80} is no tensor")
    dtype, shape, offsets = value["dtype"], value["shape"], value["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _BITS:
        raise _Refused(f"{name!r:.80} has the unknown type {dtype!r:.40}")
    if not _are_sizes(shape) or len(shape) > _MAX_DIMENSIONS:
        raise _Refused(f"{name!r:.80} has the impossible shape {shape!r:.60}")
    if not _are_sizes(offsets) or len(offsets) != 2:
        raise _Refused(f"{name!r:.80} has the impossible place {offsets!r:.60}")
    start, end = offsets
    if math.prod(shape) * _BITS[dtype] != (end - start) * 8:
        raise _Refused(f"{name!r:.80} has {end - start} bytes for {dtype} of shape {shape!r:.60}")
    return Tensor(dtype=dtype, shape=tuple(shape), start=start, end=end)


def _are_sizes(values: Any) -> bool:
    """Whether it is a list of whole numbers, none negative and none above what a disk holds."""
    return isinstance(values, list) and all(type(value) is int and 0 <= value < 1 << 60 for value in values)


def _damaged(path: Path, reason: str) -> ModelFolderError:
    return ModelFolderError(f"{path} is damaged ({reason}): fetch the model again")


def _unreadable(path: Path, error: OSError) -> ModelFolderError:
    return ModelFolderError(f"{path} cannot be read ({error.strerror}): check its permissions")
