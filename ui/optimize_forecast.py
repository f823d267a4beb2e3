"""What an optimization will take on this machine, said before it starts."""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from runtime.checkpoint import Checkpoint, open_vae_file
from runtime.export_needs import (
    ExportNeeds,
    export_needs,
    export_seconds,
    needs_of_numbers,
    source_numbers,
)
from runtime.memory import available_bytes
from runtime.model_folder import ModelFolder
from runtime.places import CHECKOUT
from runtime.quantization import QUANTIZED
from runtime.quantize_needs import needs_of_source, quantize_needs
from runtime.weight_files import count_numbers, source_weights
from ui.installed import install_bytes


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What it needs and what is free; sizes in bytes."""

    needs: ExportNeeds
    seconds: float
    is_measured_here: bool  # whether `seconds` follows from earlier optimizations on this machine
    install_bytes: int  # of packages that are installed first and stay
    disk_needed: int  # on the disk of the data folder, with what is installed when that is the same disk
    disk_free: int
    memory_free: int | None  # None where the system does not tell

    @property
    def lacks_disk(self) -> bool:
        """Whether the disk is too full for it."""
        return self.disk_needed > self.disk_free

    @property
    def lacks_memory(self) -> bool:
        """Whether other programs must be closed first."""
        return self.memory_free is not None and self.needs.memory_bytes > self.memory_free


def forecast(
    source: ModelFolder,
    precision: str,
    data: Path,
    *,
    earlier: Iterable[tuple[int, float]] = (),
    cpu_pytorch: bool = False,
) -> Forecast:
    """Return what converting `source` takes; raises ModelFolderError.

    `earlier` holds the weights and the seconds of optimizations that were done here: they say how fast this
    machine is beside the one that the constants were measured on.
    """
    needs = folder_needs(source, precision)
    group = folder_group(source)
    return forecast_of(needs, data, earlier=earlier, cpu_pytorch=cpu_pytorch, group=group)


def forecast_of(
    needs: ExportNeeds,
    data: Path,
    *,
    earlier: Iterable[tuple[int, float]] = (),
    cpu_pytorch: bool = False,
    group: str = "optimize",
) -> Forecast:
    """Return the same of needs that are known; `group` is that of the packages (ui/installed.py)."""
    ratios = [seconds / export_seconds(numbers) for numbers, seconds in earlier]
    kept, beside = install_bytes(group, cpu_pytorch=cpu_pytorch)
    place = existing_parent(data / "models")
    same_disk = place.stat().st_dev == CHECKOUT.stat().st_dev
    return Forecast(
        needs=needs,
        seconds=needs.seconds * (median(ratios) if ratios else 1.0),
        is_measured_here=bool(ratios),
        install_bytes=kept,
        disk_needed=needs.disk_bytes + (kept + beside if same_disk else 0),
        disk_free=shutil.disk_usage(place).free,
        memory_free=available_bytes(),
    )


def folder_group(source: ModelFolder) -> str:
    """Return the group of packages that a folder takes: OpenVINO IR can become int8 without PyTorch."""
    return "quantize" if source.kind == "openvino" else "optimize"


def folder_needs(source: ModelFolder, precision: str, vae: Path | None = None) -> ExportNeeds:
    """Return what a folder takes, with another VAE or its own; raises ModelFolderError."""
    if vae is None:
        return (quantize_needs if precision in QUANTIZED else export_needs)(source, precision)
    return _needs(_with_vae(source_numbers(source), vae), precision)


def checkpoint_needs(checkpoint: Checkpoint, precision: str, vae: Path | None = None) -> ExportNeeds:
    """Return what a single file takes, by its header; raises ModelFolderError for a VAE that is none."""
    numbers = {entry: part.numbers for entry, part in checkpoint.parts.items()}
    own = numbers.pop("vae", 0)
    numbers = {"vae_decoder": own, "vae_encoder": own, **numbers}
    return _needs(numbers if vae is None else _with_vae(numbers, vae), precision)


def _needs(numbers: Mapping[str, int], precision: str) -> ExportNeeds:
    return (needs_of_source if precision in QUANTIZED else needs_of_numbers)(numbers, precision)


def _with_vae(numbers: Mapping[str, int], vae: Path) -> dict[str, int]:
    """Return the weights of each component, those of the VAE's halves counted in what takes its place."""
    if vae.is_dir():
        folder = vae if (vae / "config.json").is_file() else vae / "vae"
        count = count_numbers(source_weights(folder)[0])
    else:
        count = open_vae_file(vae).numbers
    return {**numbers, "vae_decoder": count, "vae_encoder": count}


def existing_parent(path: Path) -> Path:
    """Return the path itself or the nearest folder above it that exists."""
    return next(place for place in (path, *path.absolute().parents) if place.exists())
