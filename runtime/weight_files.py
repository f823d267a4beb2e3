"""What weight files tell by themselves: whether they are whole, and how the numbers in them are stored."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from runtime.errors import ModelFolderError
from runtime.model_files import read_json_object
from runtime.safetensors_header import read_header

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
_BYTES_OF_PRECISION = {"fp32": 4, "fp16": 2, "bf16": 2, "int8": 1}
_STEMS = ("diffusion_pytorch_model", "model")
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
    """Return how the weights of a diffusers component are stored, after checking that all files are whole.

    Raises ModelFolderError when there are none, only pickles (which run code when read), or one is cut short.
    """
    stored = sum((_check_safetensors(path) for path in source_weights(folder)[0]), Counter[str]())
    return stored.most_common(1)[0][0] if stored else "unknown"


def count_numbers(files: Sequence[Path]) -> int:
    """Return how many weights the safetensors files hold; raises ModelFolderError."""
    stored = sum((_check_safetensors(path) for path in files), Counter[str]())
    return sum(count // _BYTES_OF_PRECISION.get(precision, 1) for precision, count in stored.items())


def source_weights(folder: Path) -> tuple[tuple[Path, ...], str | None]:
    """Return the weight files that diffusers reads of a component, and their variant ("fp16", or None).

    Raises ModelFolderError when there are none, only pickles, or a shard is missing.
    """
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError as error:
        raise ModelFolderError(f"{folder} cannot be read ({error.strerror}): check permissions") from error
    for variant in (None, "fp16"):
        for stem in _STEMS:
            whole = f"{stem}.{variant}.safetensors" if variant else f"{stem}.safetensors"
            if whole in names:
                return (folder / whole,), variant
            index = (
                f"{stem}.safetensors.index.{variant}.json" if variant else f"{stem}.safetensors.index.json"
            )
            if index in names:
                return _shards(folder / index), variant
    pickles = [name for name in names if name.endswith(_PICKLES)]
    if pickles:
        raise ModelFolderError(
            f"{folder / pickles[0]} is a pickle, which can run any code when it is read: "
            "fetch the model's .safetensors files instead"
        )
    raise ModelFolderError(
        f"{folder} holds no weights ({_STEMS[0]}.safetensors or {_STEMS[1]}.safetensors): "
        "fetch the model again"
    )


def _shards(index: Path) -> tuple[Path, ...]:
    shards = read_json_object(index).get("weight_map")
    if not isinstance(shards, dict) or not shards:
        raise ModelFolderError(f"{index} lists no files: fetch the model again")
    paths = tuple(index.parent / name for name in sorted({str(name) for name in shards.values()}))
    for path in paths:
        if path.parent != index.parent or not path.is_file():
            raise ModelFolderError(f"{path} is missing, {index.name} names it: fetch the model again")
    return paths


def _check_safetensors(path: Path) -> Counter[str]:
    """Return the bytes stored per precision."""
    stored: Counter[str] = Counter()
    for tensor in read_header(path).tensors.values():
        stored[_PRECISION_OF_TYPE.get(tensor.dtype.lower(), "unknown")] += tensor.end - tensor.start
    return stored
