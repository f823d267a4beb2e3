"""Slots: what is compiled and called by itself. Most are components; a UNet may take up to three."""

from collections.abc import Mapping, Sequence

from runtime.backends.base import Device, Shape
from runtime.control_shapes import SLOTS
from runtime.errors import DeviceError, InvalidRequest
from runtime.model_folder import ModelFolder
from runtime.placement import UNCONDITIONAL
from runtime.safety import CHECKER

CONTROLNET = "controlnet"
SHALLOW = "unet_shallow"  # the outermost layers of the UNet, where it is


def slots_of(model: ModelFolder, shape: Shape, networks: Sequence[str], *, apart: bool) -> list[str]:
    """Return what is compiled for a shape of those networks; `apart`: the unconditional half by itself.

    Raises InvalidRequest for feature reuse on two devices.
    """
    slots = [component for component in networks if component in model.components]
    slots += SLOTS[: len(shape.controls)]
    if "unet" in slots and shape.guided and apart:
        slots.insert(slots.index("unet") + 1, UNCONDITIONAL)
    if "unet" in slots and shape.reuses:
        if apart:
            raise InvalidRequest(
                f"feature reuse takes both halves of guidance on one device, and {UNCONDITIONAL} has its "
                "own: leave it out of --device, or use --speed exact"
            )
        slots.insert(slots.index("unet") + 1, SHALLOW)
    return slots


def component_of(slot: str) -> str:
    """Return the component of the model folder that a slot runs."""
    if slot in SLOTS:
        return CONTROLNET
    return "unet" if slot in (UNCONDITIONAL, SHALLOW) else slot


def copy_of(slot: str) -> str:
    """Return what tells its compiled model from the same network's on another device."""
    return slot if slot == UNCONDITIONAL or slot in SLOTS else ""


def placed_as(slot: str) -> str:
    """Return the slot whose device it shares: the outermost layers are where the UNet is.

    The safety checker, of CLIP's other half, goes with the text encoder.
    """
    if slot == CHECKER:
        return "text_encoder"
    return "unet" if slot == SHALLOW else slot


def choose_precision(component: str, device: Device, asked: str | None) -> str:
    """Return what a component executes in; raises DeviceError for one that the device does not have.

    The VAE of some models overflows in f16, so it has f32 on any device that lists it; an NPU may not.
    """
    if asked is not None:
        native = [precision for precision in device.precisions if precision in ("f32", "f16", "bf16")]
        if asked not in native:
            raise DeviceError(f"{device.name} has no native {asked}: choose one of {', '.join(native)}")
        return asked
    prefers_f32 = device.id == "cpu" or (component.startswith("vae") and "f32" in device.precisions)
    return "f32" if prefers_f32 or "f16" not in device.precisions else "f16"


def told_part(part: str) -> Mapping[str, str]:
    """Return what a key says of a part of the UNet; nothing of all of it, as keys of older versions do."""
    return {"part": part} if part else {}
