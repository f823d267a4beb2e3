"""What an optimization will take on this machine, said before it starts."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from runtime.export_needs import ExportNeeds, export_needs, export_seconds
from runtime.memory import available_bytes
from runtime.model_folder import ModelFolder
from runtime.places import CHECKOUT
from runtime.quantization import QUANTIZED
from runtime.quantize_needs import quantize_needs
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
    needs = (quantize_needs if precision in QUANTIZED else export_needs)(source, precision)
    ratios = [seconds / export_seconds(numbers) for numbers, seconds in earlier]
    kept, beside = install_bytes("optimize", cpu_pytorch=cpu_pytorch)
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


def existing_parent(path: Path) -> Path:
    """Return the path itself or the nearest folder above it that exists."""
    return next(place for place in (path, *path.absolute().parents) if place.exists())
