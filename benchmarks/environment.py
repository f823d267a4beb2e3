"""The machine that a record is taken on: what decides its speed, and nothing that says whose it is."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

from benchmarks.energy import EnergyMeter
from runtime.pipeline import CHECKOUT

POWER_SUPPLIES = Path("/sys/class/power_supply")
LOAD_SECONDS = 1.0  # that the load before a run is measured over
PACKAGES = (
    *("openvino", "openvino-tokenizers", "openvino-genai", "optimum-intel", "torch", "diffusers"),
    *("transformers", "tokenizers", "numpy", "pillow", "psutil"),
)
# What matters for these networks, by the names that Linux has for it, and NumPy's for other systems.
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
    "asimd": "ASIMD",
    "sve": "SVE",
}


def describe_environment() -> dict[str, Any]:
    """Return what a record says of the machine and the software, as plain values; takes a second."""
    return {
        "cpu": {
            "name": cpu_name(),
            "physical_cores": psutil.cpu_count(logical=False),
            "logical_cores": psutil.cpu_count(),
            "mhz": _megahertz(),
            "features": cpu_features(),
        },
        "memory_bytes": psutil.virtual_memory().total,
        "os": _system(),
        "python": platform.python_version(),
        "power": power_source(),
        "energy": EnergyMeter().source,
        "load_before": _busy_cores(),
        "packages": _versions(PACKAGES),
        "lapdraw": _lapdraw(),
    }


def cpu_name() -> str:
    """Return the processor's name as its maker writes it, or the architecture."""
    if sys.platform == "win32":
        import winreg

        with winreg.OpenKey(
            winreg.HKEY_LOCAL_MACHINE, r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
        ) as key:
            return str(winreg.QueryValueEx(key, "ProcessorNameString")[0]).strip()
    if sys.platform == "darwin":
        return _output("sysctl", "-n", "machdep.cpu.brand_string") or platform.machine()
    return _cpuinfo("model name") or platform.machine()


def cpu_features() -> list[str]:
    """Return which of FEATURES the processor has."""
    flags = _cpuinfo("flags") or _cpuinfo("Features")  # on x86, on ARM
    if flags:
        return [name for name in FEATURES if name in flags.split()]
    # What numpy.show_runtime() reads.
    from numpy._core._multiarray_umath import __cpu_features__ as found  # type: ignore[import-not-found]

    return [name for name, numpy_name in FEATURES.items() if found.get(numpy_name)]


def power_source(supplies: Path = POWER_SUPPLIES) -> str:
    """Return mains, battery, or unknown: a machine without a battery often does not say."""
    battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    if battery is not None and battery.power_plugged is not None:
        return "mains" if battery.power_plugged else "battery"
    online = [
        (folder / "online").read_text().strip()
        for folder in sorted(supplies.glob("*"))
        if (folder / "online").is_file() and (folder / "type").read_text().strip() == "Mains"
    ]
    return "mains" if "1" in online else "unknown"


def _megahertz() -> float | None:
    frequency = psutil.cpu_freq()
    if frequency is None:
        return None
    return float(frequency.max or frequency.current)


def _busy_cores() -> float:
    """Return how many cores others keep busy."""
    share = float(psutil.cpu_percent(LOAD_SECONDS)) / 100
    return round(share * (psutil.cpu_count() or 1), 2)


def _system() -> str:
    if sys.platform == "linux":
        try:
            name = platform.freedesktop_os_release()["PRETTY_NAME"]
        except (OSError, KeyError):
            name = "Linux"
        return f"{name}, Linux {platform.release().split('-')[0]}"
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0]}"
    return f"{platform.system()} {platform.release()} {platform.version()}"


def _versions(packages: Iterable[str]) -> dict[str, str]:
    versions = {}
    for package in packages:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:  # not every row's packages are installed
            continue
    return versions


def _lapdraw() -> str:
    """Return the version, with the commit when this is a checkout."""
    text = (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
    version = next(line.split('"')[1] for line in text.splitlines() if line.startswith("version"))
    # Not those of a repository around it, when this is an unpacked copy.
    commit = (
        _output("git", "describe", "--always", "--dirty", "--exclude=*")
        if (CHECKOUT / ".git").exists()
        else ""
    )
    return f"{version}, commit {commit}" if commit else version


def _cpuinfo(key: str) -> str:
    """Return the first value of a key of /proc/cpuinfo, nothing on systems that have none."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    values = (line.partition(":") for line in text.splitlines())
    return next((value.strip() for name, _, value in values if name.strip() == key), "")


def _output(*command: str) -> str:
    """Return what a command prints, nothing when it is not there or fails."""
    program = shutil.which(command[0])
    if program is None:
        return ""
    done = subprocess.run(
        [program, *command[1:]],
        cwd=CHECKOUT,
        env={**os.environ, "LC_ALL": "C"},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    return done.stdout.strip() if done.returncode == 0 else ""
