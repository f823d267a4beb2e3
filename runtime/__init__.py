"""Lapdraw's runtime: open a model, make pictures. What other code may rely on is named here.

Names are imported when they are first used, so that reading a manifest does not load a device library.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runtime.devices import list_devices
    from runtime.errors import (
        DeviceError,
        ExportError,
        InvalidRequest,
        LapdrawError,
        ModelFolderError,
        NonFiniteError,
        SetupError,
    )
    from runtime.pipeline import Pipeline, open_pipeline
    from runtime.request import TextToImage

_MODULES = {
    "list_devices": "devices",
    "DeviceError": "errors",
    "ExportError": "errors",
    "InvalidRequest": "errors",
    "LapdrawError": "errors",
    "ModelFolderError": "errors",
    "NonFiniteError": "errors",
    "SetupError": "errors",
    "Pipeline": "pipeline",
    "open_pipeline": "pipeline",
    "TextToImage": "request",
}

__all__ = [
    "DeviceError",
    "ExportError",
    "InvalidRequest",
    "LapdrawError",
    "ModelFolderError",
    "NonFiniteError",
    "Pipeline",
    "SetupError",
    "TextToImage",
    "list_devices",
    "open_pipeline",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'runtime' has no attribute {name!r}")
    return getattr(import_module(f"runtime.{_MODULES[name]}"), name)
