"""What is running here: the program, its packages and the machine, without a word about the person."""

import platform
import sys
from collections.abc import Sequence
from functools import cache
from importlib import metadata

from runtime.backends.base import Device
from runtime.machine import cpu_name
from runtime.memory import available_bytes
from runtime.places import CHECKOUT

PACKAGES = (
    "openvino",
    "numpy",
    "pillow",
    "tokenizers",
    "gradio",
    "torch",
    "diffusers",
    "transformers",
    "optimum-intel",
    "nncf",
)


@cache
def version() -> str:
    """Return the program's version."""
    text = (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
    return next(line.split('"')[1] for line in text.splitlines() if line.startswith("version"))


def versions() -> dict[str, str]:
    """Return the versions of what is installed here; the program itself first, nothing is imported."""
    found = {"lapdraw": version(), "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:  # PyTorch and its company come with the first optimization
            continue
    return found


def bug_report(devices: Sequence[Device], extra: Sequence[str] = ()) -> str:
    """Return what a report of a fault should tell; no path, prompt or name of the computer is in it."""
    free = available_bytes()
    lines = [
        *(f"{name}: {number}" for name, number in versions().items()),
        f"system: {platform.system()} {platform.release()} {platform.machine()}",
        f"environment: {'one of its own' if sys.prefix != sys.base_prefix else 'the system Python'}",
        f"processor: {cpu_name()}",
        *(["memory free: " + f"{free / 2**30:.1f} GiB"] if free is not None else []),
        *(f"device {device.id}: {_describe(device)}" for device in devices),
        *extra,
    ]
    return "\n".join(lines) + "\n"


def _describe(device: Device) -> str:
    facts = [device.name, device.kind, device.driver, "/".join(device.precisions)]
    if device.memory_bytes:
        facts.append(f"{device.memory_bytes / 2**30:.0f} GiB")
    return ", ".join(filter(None, facts))
