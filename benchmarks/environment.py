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
from runtime.machine import cpu_features, cpu_name
from runtime.pipeline import CHECKOUT

POWER_SUPPLIES = Path("/sys/class/power_supply")
LOAD_SECONDS = 1.0  # that the load before a run is measured over
PACKAGES = (
    *("openvino", "openvino-tokenizers", "openvino-genai", "optimum-intel", "torch", "diffusers"),
    *("transformers", "tokenizers", "numpy", "pillow", "psutil"),
)


def describe_environment() -> dict[str, Any]:
    """Return what a record says of the machine and the software, as plain values; takes a second."""
    return {
        "cpu": {
            "name": cpu_name(),
            "physical_cores": psutil.cpu_count(logical=False),
            "logical_cores": psutil.cpu_count(),
            "mhz": _megahertz(),
            "features": list(cpu_features()),
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
