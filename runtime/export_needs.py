"""What converting a source takes: disk, memory and time, from how many weights it has.

Memory and time are models with two constants each, set by measured conversions on two cores: of a small
model, of full-size Stable Diffusion 1.5 (5.0 to 5.3 GB) and of SDXL (12.3 GB).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from runtime.model_folder import ModelFolder
from runtime.weight_files import count_numbers, source_weights

_ROOM = 64 << 20  # bytes for everything but weights: graphs, tokenizers, what PyTorch answered
_STORED_BYTES = {"fp32": 4, "fp16": 2}
_PROGRAM_BYTES = 1.4e9  # PyTorch, diffusers, transformers and OpenVINO, imported
_BYTES_PER_WEIGHT = 4.5  # of the largest component: its weights, its graph, and what is written of it
_START_SECONDS = 25.0
_SECONDS_PER_WEIGHT = 200e-9


@dataclass(frozen=True, kw_only=True)
class ExportNeeds:
    """What one conversion takes."""

    numbers: int  # weights of all components, the halves of a VAE counted whole
    disk_bytes: int  # at the worst moment
    model_bytes: int  # of the model folder, at most
    memory_bytes: int  # at the worst moment
    seconds: float  # on two cores


def export_needs(source: ModelFolder, precision: str) -> ExportNeeds:
    """Return what converting a source into fp16 or fp32 takes; raises ModelFolderError."""
    return needs_of_numbers(source_numbers(source), precision)


def needs_of_numbers(numbers: Mapping[str, int], precision: str) -> ExportNeeds:
    """Return the same from how many weights each component has, as the header of a single file tells it."""
    total = sum(numbers.values())
    return ExportNeeds(
        numbers=total,
        disk_bytes=export_disk_bytes(numbers, precision),
        model_bytes=total * _STORED_BYTES[precision] + _ROOM // 8,
        memory_bytes=int(_PROGRAM_BYTES + _BYTES_PER_WEIGHT * max(numbers.values())),
        seconds=export_seconds(total),
    )


def source_numbers(source: ModelFolder) -> dict[str, int]:
    """Return how many weights each component holds, the halves of a VAE counted whole."""
    folders = {
        component: source.path / ("vae" if component.startswith("vae_") else component)
        for component in source.components
    }
    counted = {folder: count_numbers(source_weights(folder)[0]) for folder in set(folders.values())}
    return {component: counted[folder] for component, folder in folders.items()}


def export_disk_bytes(numbers: Mapping[str, int], precision: str) -> int:
    """Return the disk that the FP32 IR takes and, for FP16, the largest component once more."""
    needed = 4 * sum(numbers.values()) + _ROOM
    return needed + 2 * max(numbers.values()) if precision == "fp16" else needed


def export_seconds(numbers: int) -> float:
    """Return how long a conversion of that many weights takes on two cores."""
    return _START_SECONDS + _SECONDS_PER_WEIGHT * numbers
