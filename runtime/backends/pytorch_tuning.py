"""What PyTorch can be asked to do for speed beyond running the network as it is."""

import os
import shutil
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from runtime.adapters.changes import Adapters
from runtime.arrays import Array
from runtime.backends.base import Conditioning, Shape
from runtime.conditions import condition_counts
from runtime.errors import InvalidRequest, SetupError

TUNINGS = ("channels_last", "compile", "ipex")
COMPILERS = ("cl",) if sys.platform == "win32" else ("g++", "clang++", "c++")


def check_tuning(tuning: Sequence[str], unet_device: str, devices: Sequence[str]) -> None:
    """Refuse what does not exist or cannot work here; `devices` are PyTorch's names of those in use.

    Raises InvalidRequest for an unknown name and for ipex beside a CPU, SetupError for a missing package or
    compiler.
    """
    for name in tuning:
        if name not in TUNINGS:
            raise InvalidRequest(f"tuning {name!r} does not exist: choose of {', '.join(TUNINGS)}")
    if "compile" in tuning and unet_device == "cpu":
        _require_compiler()
    if "ipex" in tuning:
        others = sorted(set(devices) - {"cpu"})
        if others:
            raise InvalidRequest(
                f"tuning 'ipex' is for the CPU, and the device is {', '.join(others)}: "
                "choose --device pytorch-cpu"
            )
        _extension()


def check_adapters(tuning: Sequence[str], adapters: Adapters) -> None:
    """Raise InvalidRequest for LoRAs and embeddings in a network that was compiled: they would do nothing."""
    if adapters.changes and {"compile", "ipex"} & set(tuning):
        raise InvalidRequest(
            f"tuning {', '.join(tuning)} does not go with LoRAs and embeddings: leave out one of the two"
        )


def tune(component: str, network: Any, dtype: torch.dtype, tuning: Sequence[str]) -> Any:
    """Return the network, on its device and in evaluation mode, prepared as asked."""
    if "channels_last" in tuning and _has_images(component):
        network = network.to(memory_format=torch.channels_last)
    if "ipex" in tuning:
        network = _extension().optimize(network, dtype=dtype, inplace=True)
    if "compile" in tuning and component == "unet":
        network = torch.compile(network)
    return network


def arrange(component: str, tensor: torch.Tensor, tuning: Sequence[str]) -> torch.Tensor:
    """Return an input laid out in memory as the tuned network wants it."""
    if "channels_last" in tuning and tensor.ndim == 4 and _has_images(component):
        return tensor.contiguous(memory_format=torch.channels_last)
    return tensor


def _has_images(component: str) -> bool:
    return component == "unet" or component.startswith("vae")


def _require_compiler() -> None:
    asked = os.environ.get("CXX")
    names = (asked,) if asked else COMPILERS
    if not any(shutil.which(name) for name in names):
        raise SetupError(
            f"torch.compile needs a C++ compiler and none of {', '.join(names)} is there: install one "
            "(Debian, Ubuntu: sudo apt install g++), or leave 'compile' out"
        )
    header = Path(sysconfig.get_path("include"), "Python.h")
    if not header.is_file():
        raise SetupError(
            f"torch.compile needs {header}, which is not there: install Python's headers (Debian, Ubuntu: "
            "sudo apt install python3-dev), or leave 'compile' out"
        )


def _extension() -> Any:
    try:
        import intel_extension_for_pytorch
    except (ImportError, OSError) as error:
        raise SetupError(
            f"Intel Extension for PyTorch cannot be used here ({error}): it needs the versions of "
            "requirements/ipex.txt in an environment of their own, or leave 'ipex' out"
        ) from error
    return intel_extension_for_pytorch


def zero_call(config: Mapping[str, Any], shape: Shape, factor: int) -> tuple[Array, float, Conditioning]:
    """Return a call of a UNet, all zeros, of `factor` pixels a latent: what it compiles for."""
    rows = shape.batch * (2 if shape.guided else 1)
    size = (rows, config["in_channels"], shape.height // factor, shape.width // factor)
    hidden = None
    if "cross_attention_dim" in config:
        hidden = np.zeros((rows, 77, config["cross_attention_dim"]), np.float32)
    extra = {name: np.zeros((rows, count), np.float32) for name, count in condition_counts(config).items()}
    return np.zeros(size, np.float32), 0.0, Conditioning(encoder_hidden_states=hidden, extra=extra)
