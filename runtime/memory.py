"""Whether a request fits in memory: what it will take, and what is free.

The estimate is a model with three constants, set by a measured peak (docs/decisions/0005).
"""

import ctypes
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.backends.base import Shape
from runtime.errors import InvalidRequest
from runtime.model_folder import ModelFolder
from runtime.weight_files import check_ir_pair, count_numbers, source_weights

if TYPE_CHECKING:
    from runtime.controlnet_folder import ControlNetFolder

PROGRAM_BYTES = 250 * 2**20  # interpreter, libraries, compiler
UNET_TENSORS = 40  # live tensors of the UNet's first level, a batch of two
VAE_TENSORS = 7  # live tensors of the decoder's last level
SMALLEST = 256  # pixels: what is suggested is not smaller


def check_memory(
    model: ModelFolder,
    shape: Shape,
    networks: Sequence[str],
    bytes_per_weight: int,
    free: int | None = None,
) -> None:
    """Raise InvalidRequest when a request would need more memory than is free, with a size that fits.

    `bytes_per_weight` is that of the precision that executes: 4 for f32, 2 for f16 and bf16.
    """
    free = available_bytes() if free is None else free
    if free is None:
        return
    needed = estimate_bytes(model, shape, networks, bytes_per_weight)
    if needed <= free:
        return
    raise InvalidRequest(
        f"{shape.batch} x {shape.width}x{shape.height} needs about {needed / 2**30:.1f} GiB of memory and "
        f"{free / 2**30:.1f} GiB are free: {_suggestion(model, shape, networks, bytes_per_weight, free)}"
    )


def estimate_bytes(model: ModelFolder, shape: Shape, networks: Sequence[str], bytes_per_weight: int) -> int:
    """Return the peak memory of a request that takes the named networks, compiled models included."""
    weights = sum(
        count_weights(model, component) * (1 if _runs_in_int8(model, component) else bytes_per_weight)
        for component in networks
        if component in model.components
    )
    weights += sum(net.count_numbers() for net in shape.controls) * bytes_per_weight
    tensors = _unet_numbers(model, shape) + _vae_numbers(model, shape)
    return int(PROGRAM_BYTES + weights + tensors * bytes_per_weight)


def check_comparison(
    folder: "ModelFolder | ControlNetFolder", model: ModelFolder, shape: Shape, component: str, where: str
) -> None:
    """Raise InvalidRequest when one more copy of a component, on the CPU in f32, does not fit in memory.

    `folder` holds it, the model's or a ControlNet's; `where` is the device that is to be compared with it.
    """
    numbers = count_weights(folder, component) if isinstance(folder, ModelFolder) else folder.count_numbers()
    if component in ("unet", "controlnet"):
        numbers += _unet_numbers(model, shape)
    elif component.startswith("vae"):
        numbers += _vae_numbers(model, shape)
    free = available_bytes()
    if free is not None and numbers * 4 > free:
        raise InvalidRequest(
            f"checking the {component} on {where} takes {numbers * 4 / 2**30:.1f} GiB of memory and "
            f"{free / 2**30:.1f} GiB are free: close other programs, make a smaller picture, "
            "or use --device cpu"
        )


def available_bytes() -> int | None:
    """Return the memory that can be had without swapping, None where the system does not tell."""
    if sys.platform == "win32":
        return _available_on_windows()
    meminfo = Path("/proc/meminfo")
    if meminfo.is_file():
        for line in meminfo.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    if "SC_AVPHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _available_on_windows() -> int | None:
    class Status(ctypes.Structure):
        _fields_ = [  # MEMORYSTATUSEX of the Windows API
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "free", "page", "page_free", "space")),
            ("space_free", ctypes.c_ulonglong),
            ("extended", ctypes.c_ulonglong),
        ]

    status = Status(length=ctypes.sizeof(Status))
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009  (only there on Windows)
    return int(status.free) if kernel.GlobalMemoryStatusEx(ctypes.byref(status)) else None


def _unet_numbers(model: ModelFolder, shape: Shape) -> int:
    factor = model.vae_scale_factor
    latents = shape.batch * (2 if shape.guided else 1) * (shape.height // factor) * (shape.width // factor)
    return latents * _first_channels(model, "unet") * UNET_TENSORS


def _vae_numbers(model: ModelFolder, shape: Shape) -> int:
    if "vae_decoder" not in model.components:
        return 0
    return shape.batch * shape.height * shape.width * _first_channels(model, "vae_decoder") * VAE_TENSORS


def count_weights(model: ModelFolder, component: str) -> int:
    """Return how many numbers a component holds; raises ModelFolderError."""
    if model.kind == "diffusers":  # of which each half of the VAE is loaded with the other
        folder = "vae" if component.startswith("vae") else component
        return count_numbers(source_weights(model.path / folder)[0])
    path = model.ir(component)
    precision = check_ir_pair(path) if model.precision == "int8" else model.precision  # of the UNet alone
    stored = {"fp32": 4, "fp16": 2, "int8": 1}.get(precision, 2)
    return path.with_suffix(".bin").stat().st_size // stored


def _runs_in_int8(model: ModelFolder, component: str) -> bool:
    """Whether its weights stay int8 in memory; those of `int8-weights` are expanded when it is compiled."""
    made = model.manifest.quantization if model.manifest is not None else None
    return component == "unet" and made is not None and made.mode == "full"


def _first_channels(model: ModelFolder, component: str) -> int:
    return int(model.config(component)["block_out_channels"][0])


def _suggestion(
    model: ModelFolder, shape: Shape, networks: Sequence[str], bytes_per_weight: int, free: int
) -> str:
    """The largest thing of this shape that fits: one picture at a time, then smaller ones."""
    if shape.batch > 1:
        single = Shape(batch=1, height=shape.height, width=shape.width, guided=shape.guided)
        if estimate_bytes(model, single, networks, bytes_per_weight) <= free:
            return "make one picture at a time (--batch-size 1)"
    for percent in range(95, 5, -5):
        height, width = (side * percent // 100 // 64 * 64 for side in (shape.height, shape.width))
        smaller = Shape(batch=1, height=height, width=width, guided=shape.guided)
        if (
            min(height, width) >= SMALLEST
            and estimate_bytes(model, smaller, networks, bytes_per_weight) <= free
        ):
            return f"try {width}x{height}, or close other programs"
    return "close other programs"
