"""What the system tells of this machine's processor and memory, for the listing of devices."""

import platform
import re
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from runtime.backends.base import Device

FEATURES = (  # as Linux names them: the instructions that decide which kernels run
    "avx2",
    "avx_vnni",
    "avx512f",
    "avx512_vnni",
    "avx512_bf16",
    "avx512_fp16",
    "amx_bf16",
    "amx_int8",
    "amx_fp16",
    "asimd",
    "asimddp",
    "bf16",
    "i8mm",
    "sve",
)
VNNI = frozenset({"avx_vnni", "avx512_vnni", "amx_int8", "asimddp"})  # products of int8 in one instruction
WINDOWS_FEATURES = {"avx2": 40, "avx512f": 41}  # PF_AVX2_..., PF_AVX512F_INSTRUCTIONS_AVAILABLE of winnt.h


def with_machine_facts(devices: Sequence[Device]) -> tuple[Device, ...]:
    """Add what the libraries leave out: the CPU's cores, memory and instructions, the NVIDIA driver."""
    return tuple(_with_facts(device) for device in devices)


def _with_facts(device: Device) -> Device:
    import psutil  # only for the listing: making a picture does not wait for it

    if device.kind == "CPU":
        return replace(
            device,
            name=device.name if device.name not in ("", "CPU") else cpu_name(),
            cores=psutil.cpu_count(logical=False),
            logical_cores=psutil.cpu_count(),
            memory_bytes=int(psutil.virtual_memory().total),
            features=cpu_features(),
        )
    if device.kind == "CUDA GPU" and (version := nvidia_driver_version()):
        return replace(device, driver=f"NVIDIA {version}, {device.driver}")
    return device


def cpu_name() -> str:
    """The processor's full name, or the architecture where the system does not tell it."""
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def cpu_features() -> tuple[str, ...]:
    """The instructions of FEATURES that this CPU has; fewer are known outside Linux, on macOS none."""
    if platform.system() == "Windows":
        import ctypes

        kernel = getattr(ctypes, "windll").kernel32  # noqa: B009  (only there on Windows)
        return tuple(
            name for name, number in WINDOWS_FEATURES.items() if kernel.IsProcessorFeaturePresent(number)
        )
    flags = set((_cpuinfo("flags") or _cpuinfo("Features")).split())
    return tuple(name for name in FEATURES if name in flags)


def _cpuinfo(field: str) -> str:
    """The first line of /proc/cpuinfo with that name; empty where there is none."""
    path = Path("/proc/cpuinfo")
    if not path.is_file():
        return ""
    found = re.search(rf"^{field}\s*:\s*(.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return found[1].strip() if found else ""


def nvidia_driver_version() -> str:
    """The version of the NVIDIA driver that is loaded; empty where nvidia-smi does not tell it."""
    try:
        answer = subprocess.run(
            ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.partition("\n")[0].strip()
