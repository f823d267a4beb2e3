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
    from runtime.picture_requests import DepthToImage, ImageToImage
    from runtime.pipeline import Pipeline, open_pipeline
    from runtime.repaint_requests import Inpaint, Outpaint
    from runtime.request import TextToImage, Unconditional
    from runtime.upscale_request import Upscale

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
    "Unconditional": "request",
    "ImageToImage": "picture_requests",
    "DepthToImage": "picture_requests",
    "Inpaint": "repaint_requests",
    "Outpaint": "repaint_requests",
    "Upscale": "upscale_request",
}

__all__ = [
    "DepthToImage",
    "DeviceError",
    "ExportError",
    "ImageToImage",
    "Inpaint",
    "InvalidRequest",
    "LapdrawError",
    "ModelFolderError",
    "NonFiniteError",
    "Outpaint",
    "Pipeline",
    "SetupError",
    "TextToImage",
    "Unconditional",
    "Upscale",
    "list_devices",
    "open_pipeline",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'runtime' has no attribute {name!r}")
    return getattr(import_module(f"runtime.{_MODULES[name]}"), name)
