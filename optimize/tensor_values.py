"""The numbers of a small tensor in a safetensors file, without PyTorch."""

import numpy as np

from runtime.arrays import Array
from runtime.errors import ModelFolderError
from runtime.safetensors_header import SafetensorsHeader


def tensor_values(header: SafetensorsHeader, name: str) -> Array:
    """Return a tensor of F32, F16 or BF16 as float32; raises ModelFolderError, KeyError."""
    tensor = header.tensors[name]
    try:
        with header.path.open("rb") as file:
            file.seek(header.data_start + tensor.start)
            data = file.read(tensor.end - tensor.start)
    except OSError as error:
        raise ModelFolderError(
            f"{header.path} cannot be read ({error.strerror or error}): check its permissions"
        ) from error
    if tensor.dtype == "BF16":  # the upper half of an FP32 number
        numbers = (np.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4")
    else:
        numbers = np.frombuffer(data, {"F32": "<f4", "F16": "<f2"}[tensor.dtype])
    return numbers.astype(np.float32).reshape(tensor.shape)
