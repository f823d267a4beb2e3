"""Which groups of packages this program could use at once, and how much disk the others would take."""

import importlib.util
import sys
from pathlib import Path

from runtime.places import CHECKOUT

# What a group needs beside the page's own packages: top-level modules that launch.py's setup brings.
_MODULES = {
    "optimize": (
        "torch",
        "torchvision",
        "diffusers",
        "transformers",
        "optimum",
        "openvino_tokenizers",
        "nncf",
    ),
    "benchmark": ("openvino_genai",),
    "quantize": ("nncf",),
}
_NEEDS = {"optimize": ("optimize",), "benchmark": ("optimize", "benchmark"), "quantize": ("quantize",)}
# MB installed, MB of downloads beside them meanwhile: those of bootstrap/setup.py, which says them again.
_MEGABYTES = {"optimize": (1700, 620), "benchmark": (20, 10), "quantize": (240, 80)}
_CUDA_MEGABYTES = (4100, 2450)  # the NVIDIA libraries that PyTorch from PyPI brings on Linux

CPU_INDEX = "https://download.pytorch.org/whl/cpu"


def missing_parts(group: str, checkout: Path = CHECKOUT) -> tuple[str, ...]:
    """Return the requirement files that would be installed first.

    `group` is "optimize", "quantize" (an OpenVINO model made int8) or "benchmark".
    """
    importlib.invalidate_caches()
    return tuple(part for part in _NEEDS[group] if not _is_there(part, checkout))


def install_bytes(group: str, *, cpu_pytorch: bool, checkout: Path = CHECKOUT) -> tuple[int, int]:
    """Return (bytes that stay, bytes that downloads take beside them) of what `group` lacks."""
    missing = missing_parts(group, checkout)
    sizes = [_MEGABYTES[part] for part in missing]
    if brings_cuda(group, checkout) and not cpu_pytorch:
        sizes.append(_CUDA_MEGABYTES)
    return sum(kept for kept, _ in sizes) * 10**6, sum(beside for _, beside in sizes) * 10**6


def brings_cuda(group: str, checkout: Path = CHECKOUT) -> bool:
    """Whether PyTorch would come with NVIDIA's libraries, unless its own index without them is named."""
    if "optimize" not in missing_parts(group, checkout) or sys.platform != "linux":
        return False
    try:
        index = (checkout / ".venv-setup" / "torch-index").read_text(encoding="utf-8").strip()
    except OSError:
        index = ""
    return not index.rstrip("/").endswith("/cpu")


def is_setup_unfinished(checkout: Path = CHECKOUT) -> bool:
    """Whether an installation was interrupted: the next start then makes the environment we run in anew."""
    runs_in_it = Path(sys.prefix).resolve() == (checkout / ".venv").resolve()
    return runs_in_it and (checkout / ".venv-setup" / "unfinished").exists()


def _is_there(part: str, checkout: Path) -> bool:
    if (checkout / ".venv" / "lapdraw" / f"{part}.txt").is_file():
        return True
    return all(importlib.util.find_spec(name) is not None for name in _MODULES[part])
