"""What OpenVINO finds on this machine, in the words people use."""

from collections.abc import Sequence
from typing import Any, Protocol

from runtime.backends.base import Device

PRECISIONS = {"FP32": "f32", "FP16": "f16", "BF16": "bf16", "INT8": "int8"}


class Core(Protocol):
    """The part of `openvino.Core` that tells of devices; tests put a listing of other machines here."""

    available_devices: list[str]

    def get_property(self, device: str, name: str) -> Any:
        """Return one property of a device; raises RuntimeError for a property it lacks."""
        ...


def openvino_devices(core: Core, version: str) -> tuple[Device, ...]:
    """Return the devices in OpenVINO's order: the first of a kind is `igpu`, the next `igpu.1`, and so on."""
    seen: dict[str, int] = {}
    found = []
    for native in core.available_devices:
        id_, kind = _name_and_kind(core, native)
        number = seen.get(id_, 0)
        seen[id_] = number + 1
        found.append(
            Device(
                id=id_ if number == 0 else f"{id_}.{number}",
                backend="openvino",
                native=native,
                name=str(_property(core, native, "FULL_DEVICE_NAME", native)).strip(),
                kind=kind,
                driver=str(
                    _property(core, native, f"{native.split('.')[0]}_DRIVER_VERSION", f"OpenVINO {version}")
                ),
                precisions=_precisions(_property(core, native, "OPTIMIZATION_CAPABILITIES", ["FP32"])),
                memory_bytes=_memory(core, native),
            )
        )
    return tuple(found)


def _name_and_kind(core: Core, native: str) -> tuple[str, str]:
    family = native.split(".")[0]
    if family == "GPU":
        integrated = "INTEGRATED" in str(_property(core, native, "DEVICE_TYPE", "DISCRETE")).upper()
        return ("igpu", "integrated GPU") if integrated else ("gpu", "discrete GPU")
    return family.lower(), family


def _precisions(capabilities: Sequence[str]) -> tuple[str, ...]:
    return tuple(ours for theirs, ours in PRECISIONS.items() if theirs in capabilities)


def _memory(core: Core, native: str) -> int | None:
    value = _property(core, native, "GPU_DEVICE_TOTAL_MEM_SIZE", None)
    return int(value) if value is not None else None


def _property(core: Core, native: str, name: str, default: Any) -> Any:
    try:
        return core.get_property(native, name)
    except RuntimeError:  # a property this device, or this version of its plugin, does not have
        return default
