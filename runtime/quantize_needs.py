"""What making a model int8 takes: disk, memory and time, from how many weights its UNet has.

Models with two constants each. Full quantization of a Stable Diffusion 1.5 (860 million) was measured at
14.7 GB; weights only are what both UNets take while they are timed beside each other (docs/int8.md).
"""

from runtime.export_needs import ExportNeeds, export_needs
from runtime.memory import count_weights
from runtime.model_folder import ModelFolder

_PROGRAM_BYTES = 1.0e9  # OpenVINO, NNCF and SciPy, imported, and a small network's statistics
_BYTES_PER_WEIGHT = {"int8": 16.0, "int8-weights": 9.5}  # of the UNet, at the worst moment
_START_SECONDS = 20.0
_SECONDS_PER_WEIGHT = {"int8": 1.4e-6, "int8-weights": 150e-9}
_ROOM = 64 << 20


def quantize_needs(source: ModelFolder, precision: str) -> ExportNeeds:
    """Return what making `source` int8 takes, a conversion before it included; raises ModelFolderError."""
    before = export_needs(source, "fp16") if source.kind == "diffusers" else None
    numbers = {component: count_weights(source, component) for component in source.components}
    unet, total = numbers["unet"], sum(numbers.values())
    kept = unet + 2 * (total - unet) + _ROOM // 8
    memory = int(_PROGRAM_BYTES + _BYTES_PER_WEIGHT[precision] * unet)
    seconds = _START_SECONDS + _SECONDS_PER_WEIGHT[precision] * unet
    return ExportNeeds(
        numbers=total,
        disk_bytes=kept + unet + _ROOM + (before.disk_bytes if before else 0),
        model_bytes=kept,
        memory_bytes=max(memory, before.memory_bytes if before else 0),
        seconds=seconds + (before.seconds if before else 0.0),
    )
