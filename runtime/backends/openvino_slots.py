"""Slots: what is compiled and called by itself. Most are components; a UNet may take up to three."""

from runtime.control_shapes import SLOTS
from runtime.placement import UNCONDITIONAL

CONTROLNET = "controlnet"
SHALLOW = "unet_shallow"  # the outermost layers of the UNet, where it is


def component_of(slot: str) -> str:
    """Return the component of the model folder that a slot runs."""
    if slot in SLOTS:
        return CONTROLNET
    return "unet" if slot in (UNCONDITIONAL, SHALLOW) else slot


def copy_of(slot: str) -> str:
    """Return what tells its compiled model from the same network's on another device."""
    return slot if slot == UNCONDITIONAL or slot in SLOTS else ""


def placed_as(slot: str) -> str:
    """Return the slot whose device it shares: the outermost layers are where the UNet is."""
    return "unet" if slot == SHALLOW else slot
