"""Where a model runs when it is opened: what its folder and the machine allow, or what was measured."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from runtime.backends.base import Shape
from runtime.devices import list_devices, nvidia_driver_present, pytorch_installed
from runtime.errors import InvalidRequest, ModelFolderError
from runtime.model_folder import ModelFolder
from runtime.placement import UNCONDITIONAL, Placement, names_pytorch, resolve_placement
from runtime.request import Request

MEASURED = "auto:measured"
OnPhase = Callable[[str], None]


def place_model(folder: ModelFolder, device: str) -> Placement:
    """Offer the devices that can run this folder: IR on OpenVINO, source weights on PyTorch."""
    source = folder.source_path is not None
    wants_pytorch = names_pytorch(device) or folder.kind == "diffusers"
    if device.strip().lower() == "auto" and source and pytorch_installed() and nvidia_driver_present():
        wants_pytorch = True
    devices = list_devices(pytorch=wants_pytorch)
    if folder.kind == "diffusers":
        if not names_pytorch(device) and device.strip().lower() != "auto":
            raise ModelFolderError(
                f"{folder.path} holds source weights, which run on PyTorch devices only: "
                f"make it an OpenVINO model with `python launch.py optimize {folder.path}`"
            )
        devices = tuple(d for d in devices if d.backend == "pytorch")
    return resolve_placement(device, devices)


def share_guidance(placement: Placement, guidance: str) -> Placement:
    """Let both halves run so; raises InvalidRequest where they cannot."""
    placed = replace(placement, guidance=guidance)
    if UNCONDITIONAL in placement.devices:
        raise InvalidRequest(
            f"guidance {guidance!r} is for halves that share a device, and {UNCONDITIONAL} has its own: "
            "leave one of the two out"
        )
    if placement.backend == "pytorch" and guidance != "batch":
        raise InvalidRequest(
            f"guidance {guidance!r} is for OpenVINO devices, and {placement.devices['unet'].id} runs both "
            "halves as a batch: leave it out"
        )
    return placed


def measure_place(
    folder: ModelFolder,
    request: Request | None,
    remembered: Path | None,
    precision: str | None,
    on_phase: OnPhase | None,
) -> Placement:
    """Choose among OpenVINO's devices; a size that the model cannot do is refused later, by the request."""
    from runtime.backends.openvino_choice import measured_placement
    from runtime.measured import Memory

    if folder.kind == "diffusers":
        raise ModelFolderError(
            f"{folder.path} holds source weights, and {MEASURED} times OpenVINO's devices: "
            f"make it an OpenVINO model with `python launch.py optimize {folder.path}`"
        )
    width, height = folder.default_width, folder.default_height
    shape = Shape(batch=1, height=height, width=width, guided=folder.takes_guidance)
    if request is not None:
        asked = folder.resolve(request).shape(1)
        if not (asked.width % folder.vae_scale_factor or asked.height % folder.vae_scale_factor):
            shape = replace(asked, guided=asked.guided and shape.guided, halves=False, reuses=False)
    return measured_placement(
        folder,
        list_devices(pytorch=False),
        shape,
        memory=Memory(remembered) if remembered is not None else None,
        precision=precision,
        on_phase=on_phase,
    )
