"""The device that is known before the worker has looked: the CPU."""

from runtime.backends.base import Device
from runtime.machine import cpu_name


def the_cpu() -> Device:
    """Return it, with what it surely computes in."""
    return Device(
        id="cpu",
        backend="openvino",
        native="CPU",
        name=cpu_name(),
        kind="CPU",
        driver="",
        precisions=("f32",),
        memory_bytes=None,
    )
