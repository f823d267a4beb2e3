"""The devices of this machine, whichever library drives them."""

import importlib.util
import shutil
from pathlib import Path

from runtime.backends.base import Device
from runtime.backends.openvino_devices import list_openvino_devices


def list_devices(*, pytorch: bool | None = None) -> tuple[Device, ...]:
    """Return what is there: OpenVINO's devices, then PyTorch's.

    PyTorch is asked when `pytorch` is true, or when it is None and PyTorch is installed; importing it takes
    seconds, so the OpenVINO path passes False.
    """
    found = list_openvino_devices()
    if pytorch or (pytorch is None and pytorch_installed()):
        from runtime.backends.pytorch import list_pytorch_devices

        found += list_pytorch_devices()
    return found


def pytorch_installed() -> bool:
    """Whether the PyTorch backend could be imported; nothing is imported to find out."""
    return all(importlib.util.find_spec(name) is not None for name in ("torch", "diffusers", "transformers"))


def nvidia_driver_present() -> bool:
    """Whether an NVIDIA driver is loaded: only then is importing PyTorch for `auto` worth its seconds."""
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None
