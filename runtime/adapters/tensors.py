"""Reading single tensors of a safetensors file as numbers, checked to be numbers."""

from pathlib import Path

import numpy as np

from runtime.arrays import Array
from runtime.checkpoint import PICKLES
from runtime.errors import AdapterError
from runtime.safetensors_header import SafetensorsHeader

_TYPES = {"F32": np.float32, "F16": np.float16, "F64": np.float64}
FLOATS = (*_TYPES, "BF16")


class TensorFile:
    """An opened file; its tensors are read one by one, as float32."""

    def __init__(self, header: SafetensorsHeader) -> None:
        self._header = header
        self._bytes = np.memmap(header.path, np.uint8, "r") if header.path.stat().st_size else np.empty(0)

    def read(self, name: str) -> Array:
        """Return a tensor; raises AdapterError for one that holds no finite numbers."""
        tensor, path = self._header.tensors[name], self._header.path
        if tensor.dtype not in FLOATS:
            raise AdapterError(
                f"{path} stores {name!r:.80} as {tensor.dtype}: take a version of it in {', '.join(FLOATS)}"
            )
        first = self._header.data_start
        raw = self._bytes[first + tensor.start : first + tensor.end]
        if tensor.dtype == "BF16":  # the upper half of a float32
            numbers = (np.frombuffer(raw.tobytes(), "<u2").astype(np.uint32) << 16).view(np.float32)
        else:
            kind = np.dtype(_TYPES[tensor.dtype]).newbyteorder("<")
            with np.errstate(over="ignore", invalid="ignore"):
                numbers = np.frombuffer(raw.tobytes(), kind).astype(np.float32)
        if not np.isfinite(numbers).all():
            raise AdapterError(
                f"{path} is damaged ({name!r:.80} holds values that are not numbers): fetch the file again"
            )
        return numbers.reshape(tensor.shape)


def open_tensors(header: SafetensorsHeader) -> TensorFile:
    """Open the file of a header for reading; raises AdapterError when it cannot be read any more."""
    try:
        return TensorFile(header)
    except (OSError, ValueError) as error:
        raise AdapterError(f"{header.path} cannot be read ({error}): check its permissions") from error


def check_file(path: Path) -> None:
    """Raise AdapterError for a file in a format that is a program, or no format of adapters."""
    ending = path.suffix.lower()
    if ending in PICKLES:
        raise AdapterError(
            f"{path} is a pickle, a program that runs when it is read: take its .safetensors version; "
            "most publishers have one"
        )
    if ending != ".safetensors":
        raise AdapterError(f"{path} is no adapter file: give a .safetensors file")
