"""What the system tells of this machine's processor and memory, for the listing of devices."""

import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from runtime.backends.base import Device

# The instructions that decide which kernels run, as Linux names them, and as NumPy does on other systems.
FEATURES = {
    "avx2": "AVX2",
    "fma": "FMA3",
    "f16c": "F16C",
    "avx_vnni": "AVX_VNNI",
    "avx512f": "AVX512F",
    "avx512_vnni": "AVX512VNNI",
    "avx512_bf16": "AVX512BF16",
    "avx512_fp16": "AVX512FP16",
    "amx_tile": "AMX_TILE",
    "amx_bf16": "AMX_BF16",
    "amx_int8": "AMX_INT8",
    "amx_fp16": "AMX_FP16",
    "asimd": "ASIMD",
    "asimddp": "ASIMDDP",
    "bf16": "BF16",
    "i8mm": "I8MM",
    "sve": "SVE",
}
VNNI = frozenset({"avx_vnni", "avx512_vnni", "amx_int8", "asimddp"})  # products of int8 in one instruction


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
    """Return the processor's name as its maker writes it, or the architecture."""
    if sys.platform == "win32":
        import winreg

        with winreg.OpenKey(
            winreg.HKEY_LOCAL_MACHINE, r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
        ) as key:
            return str(winreg.QueryValueEx(key, "ProcessorNameString")[0]).strip()
    if sys.platform == "darwin":
        return _answer("sysctl", "-n", "machdep.cpu.brand_string") or platform.machine()
    return _cpuinfo("model name") or platform.machine()


def cpu_features() -> tuple[str, ...]:
    """Return which of FEATURES the processor has; NumPy, asked outside Linux, knows some of them only."""
    if flags := _flags():
        return tuple(name for name in FEATURES if name in flags)
    # What numpy.show_runtime() reads.
    from numpy._core._multiarray_umath import __cpu_features__ as found  # type: ignore[import-not-found]

    return tuple(name for name, numpy_name in FEATURES.items() if found.get(numpy_name))


def lists_every_feature() -> bool:
    """Whether an instruction that cpu_features() leaves out is one that the processor lacks."""
    return bool(_flags())


def _flags() -> list[str]:
    return (_cpuinfo("flags") or _cpuinfo("Features")).split()  # on x86, on ARM


def _cpuinfo(key: str) -> str:
    """Return the first value of a key of /proc/cpuinfo, nothing on systems that have none."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    values = (line.partition(":") for line in text.splitlines())
    return next((value.strip() for name, _, value in values if name.strip() == key), "")


def nvidia_driver_version() -> str:
    """The version of the NVIDIA driver that is loaded; empty where nvidia-smi does not tell it."""
    return _answer("nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader")


def _answer(*command: str) -> str:
    """Return the first line that a program prints, nothing when it is not there or fails."""
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.partition("\n")[0].strip()
