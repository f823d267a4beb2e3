"""What making a model int8 takes: disk, memory and time, from how many weights its UNet has.

Models with two constants each. Full quantization of a Stable Diffusion 1.5 (860 million) was measured at
15.3 GB; weights only are what both UNets take while they are timed beside each other (docs/int8.md).
"""

from collections.abc import Mapping

from runtime.export_needs import ExportNeeds, needs_of_numbers, source_numbers
from runtime.memory import count_weights
from runtime.model_folder import ModelFolder

_PROGRAM_BYTES = 1.0e9  # OpenVINO, NNCF and SciPy, imported, and a small network's statistics
_BYTES_PER_WEIGHT = {"int8": 16.7, "int8-weights": 9.5}  # of the UNet, at the worst moment
_START_SECONDS = 20.0
_SECONDS_PER_WEIGHT = {"int8": 1.4e-6, "int8-weights": 150e-9}
_ROOM = 64 << 20


def quantize_needs(source: ModelFolder, precision: str) -> ExportNeeds:
    """Return what making `source` int8 takes, a conversion before it included; raises ModelFolderError."""
    if source.kind == "diffusers":
        return needs_of_source(source_numbers(source), precision)
    return needs_of_ir({name: count_weights(source, name) for name in source.components}, precision)


def needs_of_ir(numbers: Mapping[str, int], precision: str) -> ExportNeeds:
    """Return what it takes for IR; `numbers` are the weights of each component."""
    unet, total = numbers["unet"], sum(numbers.values())
    kept = unet + 2 * (total - unet) + _ROOM // 8
    return ExportNeeds(
        numbers=total,
        disk_bytes=kept + unet + _ROOM,
        model_bytes=kept,
        memory_bytes=int(_PROGRAM_BYTES + _BYTES_PER_WEIGHT[precision] * unet),
        seconds=_START_SECONDS + _SECONDS_PER_WEIGHT[precision] * unet,
    )


def needs_of_source(numbers: Mapping[str, int], precision: str) -> ExportNeeds:
    """Return what it takes for what is converted to fp16 on the way, whose IR is kept until the end."""
    before, after = needs_of_numbers(numbers, "fp16"), needs_of_ir(numbers, precision)
    return ExportNeeds(
        numbers=after.numbers,
        disk_bytes=max(before.disk_bytes, before.model_bytes + after.disk_bytes),
        model_bytes=after.model_bytes,
        memory_bytes=max(before.memory_bytes, after.memory_bytes),
        seconds=before.seconds + after.seconds,
    )
