"""What weight files tell by themselves: whether they are whole, and how the numbers in them are stored."""

import json
import re
from collections import Counter
from pathlib import Path

from runtime.errors import ModelFolderError

XML_NAME = "openvino_model.xml"
BIN_NAME = "openvino_model.bin"

_CONSTANT = re.compile(rb'<data element_type="(\w+)" shape="[^"]*" offset="(\d+)" size="(\d+)"')
_PRECISION_OF_TYPE = {
    "f32": "fp32",
    "f16": "fp16",
    "bf16": "bf16",
    "i8": "int8",
    "u8": "int8",
    "i4": "int4",
    "u4": "int4",
    "nf4": "int4",
}
_MAX_HEADER_BYTES = 100 << 20  # the limit of the safetensors library
_PICKLES = (".bin", ".ckpt", ".pt", ".pth")


def check_ir_pair(xml: Path) -> str:
    """Return how the weights of an IR are stored (fp32, fp16, int8, ..., unknown) after checking both files.

    Raises ModelFolderError when one of the pair is missing, unreadable or cut short. Content is not compared:
    only a manifest can do that.
    """
    binary = xml.with_name(BIN_NAME)
    try:
        text = xml.read_bytes()
        size = binary.stat().st_size
    except FileNotFoundError as error:
        missing = binary if xml.exists() else xml
        raise ModelFolderError(f"{missing} is missing: export or fetch the model again") from error
    except OSError as error:
        raise ModelFolderError(f"{xml} cannot be read ({error.strerror}): check its permissions") from error
    if not text.rstrip().endswith(b"</net>"):
        raise ModelFolderError(f"{xml} is damaged (cut short or no IR): export or fetch the model again")
    needed = 0
    stored: Counter[str] = Counter()
    for element_type, offset, length in _CONSTANT.findall(text):
        needed = max(needed, int(offset) + int(length))
        stored[_PRECISION_OF_TYPE.get(element_type.decode(), "unknown")] += int(length)
    if size < needed:
        raise ModelFolderError(
            f"{binary} is damaged: it has {size} bytes, its xml needs {needed}: "
            "export or fetch the model again"
        )
    return stored.most_common(1)[0][0] if stored else "unknown"


def check_source_weights(folder: Path) -> str:
    """Return how the safetensors of a diffusers component are stored, after checking that they are whole.

    Raises ModelFolderError when there are none, only pickles (which run code when read), or one is cut short.
    """
    try:
        names = sorted(path.name for path in folder.iterdir())
        weights = [folder / name for name in names if name.endswith(".safetensors")]
        if weights:
            stored = sum((_check_safetensors(path) for path in weights), Counter[str]())
            return stored.most_common(1)[0][0] if stored else "unknown"
    except OSError as error:
        raise ModelFolderError(f"{folder} cannot be read ({error.strerror}): check permissions") from error
    pickles = [name for name in names if name.endswith(_PICKLES)]
    if pickles:
        raise ModelFolderError(
            f"{folder / pickles[0]} is a pickle, which can run any code when it is read: "
            "fetch the model's .safetensors files instead"
        )
    raise ModelFolderError(f"{folder} holds no .safetensors weights: fetch the model again")


def _check_safetensors(path: Path) -> Counter[str]:
    """Return the bytes stored per precision (format: github.com/huggingface/safetensors, "Format")."""
    fault = ModelFolderError(f"{path} is damaged (cut short or no safetensors file): fetch the model again")
    size = path.stat().st_size
    with path.open("rb") as file:
        header_bytes = int.from_bytes(file.read(8), "little")
        if header_bytes > min(size, _MAX_HEADER_BYTES):
            raise fault
        text = file.read(header_bytes)
    stored: Counter[str] = Counter()
    end = 0
    try:
        header = json.loads(text)
        for name, tensor in header.items():
            if name != "__metadata__":
                first, last = (int(offset) for offset in tensor["data_offsets"])
                end = max(end, last)
                stored[_PRECISION_OF_TYPE.get(str(tensor["dtype"]).lower(), "unknown")] += last - first
    except (ValueError, RecursionError, AttributeError, TypeError, KeyError) as error:
        raise fault from error
    if size != 8 + header_bytes + end:
        raise fault
    return stored
