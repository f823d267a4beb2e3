"""What OpenVINO finds on this machine, in the words people use."""

import os
from typing import Any, Protocol

import openvino as ov

from runtime.backends.base import Device

PRECISIONS = {"FP32": "f32", "FP16": "f16", "BF16": "bf16", "INT8": "int8"}
CORES = {"GPU": "GPU_EXECUTION_UNITS_COUNT", "NPU": "NPU_MAX_TILES"}
# Values of ONEDNN_MAX_CPU_ISA under which no 16-bit kernel is left, whatever the plugin lists.
WITHOUT_16_BITS = ("SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX512_CORE", "AVX512_CORE_VNNI")


class Core(Protocol):
    """The part of `openvino.Core` that tells of devices; tests put a listing of other machines here."""

    available_devices: list[str]

    def get_property(self, device: str, name: str) -> Any:
        """Return one property of a device; raises RuntimeError for a property it lacks."""
        ...


def list_openvino_devices(core: Core | None = None) -> tuple[Device, ...]:
    """What OpenVINO finds on this machine."""
    return openvino_devices(core or ov.Core(), ov.get_version().split("-")[0])


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
                driver=_driver(core, native, version),
                precisions=_precisions(core, native),
                memory_bytes=_number(core, native, f"{_family(native)}_DEVICE_TOTAL_MEM_SIZE"),
                cores=_number(core, native, CORES.get(_family(native), "")),
                architecture=_architecture(core, native),
            )
        )
    return tuple(found)


def _family(native: str) -> str:
    return native.split(".")[0]


def _name_and_kind(core: Core, native: str) -> tuple[str, str]:
    family = _family(native)
    if family == "GPU":
        integrated = "INTEGRATED" in str(_property(core, native, "DEVICE_TYPE", "DISCRETE")).upper()
        return ("igpu", "integrated GPU") if integrated else ("gpu", "discrete GPU")
    return family.lower(), family


def _driver(core: Core, native: str, version: str) -> str:
    """The driver's version; a CPU has none but OpenVINO, and a GPU's plugin may not tell its own."""
    if _family(native) == "CPU":
        return f"OpenVINO {version}"
    return str(_property(core, native, f"{_family(native)}_DRIVER_VERSION", "")) or "driver version not told"


def _precisions(core: Core, native: str) -> tuple[str, ...]:
    """What executes natively: under a limit on its instructions a CPU lists more than it has."""
    capabilities = _property(core, native, "OPTIMIZATION_CAPABILITIES", ["FP32"])
    found = tuple(ours for theirs, ours in PRECISIONS.items() if theirs in capabilities)
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper()
    if _family(native) == "CPU" and limit in WITHOUT_16_BITS:
        return tuple(precision for precision in found if precision not in ("f16", "bf16"))
    return found


def _architecture(core: Core, native: str) -> str:
    for name in ("DEVICE_ARCHITECTURE", "GPU_UARCH_VERSION"):
        if value := str(_property(core, native, name, "")):
            return value
    return ""


def _number(core: Core, native: str, name: str) -> int | None:
    value = _property(core, native, name, None) if name else None
    return int(value) if value is not None else None


def _property(core: Core, native: str, name: str, default: Any) -> Any:
    try:
        return core.get_property(native, name)
    except RuntimeError:  # a property this device, or this version of its plugin, does not have
        return default
