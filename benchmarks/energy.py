"""The energy that the machine uses: the processor's counters, a laptop's battery, or why there is neither."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

SYSTEM = Path("/sys/class")
JOULES_PER_MICROWATT_HOUR = 3.6e-3


class Counter(Protocol):
    """Counts up the joules that something has used."""

    @property
    def source(self) -> str:
        """What is counted, in words."""
        ...

    def joules(self) -> float:
        """Return what was used since the counter was made; raises OSError or ValueError."""
        ...


class RaplDomain:
    """One processor package: `energy_uj` counts microjoules and starts again at `max_energy_range_uj`.

    A counter that starts again twice between two readings is not noticed: read it every few minutes.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "energy_uj"
        self._range = int((folder / "max_energy_range_uj").read_text())
        self._last = int(self._file.read_text())
        self._total = 0

    def joules(self) -> float:
        """Return the joules since it was made; raises OSError or ValueError."""
        value = int(self._file.read_text())
        step = value - self._last
        self._total += step if step >= 0 else step + self._range + 1
        self._last = value
        return self._total * 1e-6


class Packages:
    """All processor packages together: cores, caches, and an integrated GPU; not memory, not the screen."""

    source = "processor packages (RAPL)"

    def __init__(self, folders: Sequence[Path]) -> None:
        self._domains = [RaplDomain(folder) for folder in folders]

    def joules(self) -> float:
        """Return the joules since it was made; raises OSError or ValueError."""
        return sum(domain.joules() for domain in self._domains)


class Battery:
    """What a laptop's batteries give off: the whole machine, screen included, in coarse steps."""

    source = "whole machine (battery)"

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders
        self._start = self._stored()

    def joules(self) -> float:
        """Return the joules since it was made; raises ValueError once a battery is being charged."""
        if not all(map(_is_discharging, self._folders)):
            raise ValueError("the power source changed")
        return (self._start - self._stored()) * JOULES_PER_MICROWATT_HOUR

    def _stored(self) -> int:
        return sum(int((folder / "energy_now").read_text()) for folder in self._folders)


class EnergyMeter:
    """Measures the energy of one stretch of time; `source` says of what, or begins with "not available:"."""

    def __init__(self, system: Path = SYSTEM, platform: str = sys.platform) -> None:
        self._counter, self.source = _find_counter(system, platform)
        self._used: float | None = 0.0 if self._counter is not None else None

    def update(self) -> None:
        """Read the counter now, so that it cannot start again twice unseen."""
        if self._counter is None:
            return
        try:
            self._used = self._counter.joules()
        except (OSError, ValueError) as error:
            self._counter, self._used = None, None
            self.source = f"not available: {error}"

    def joules(self) -> float | None:
        """Return what was used since the meter was made, None where that is not available."""
        self.update()
        return self._used


def _find_counter(system: Path, platform: str) -> tuple[Counter | None, str]:
    """Return the best counter there is and its source, or None and the reason."""
    if not platform.startswith("linux"):
        return None, f"not available: {platform} has no energy counter that an ordinary program can read"
    reason = "there are no processor energy counters (RAPL), and no battery is being discharged"
    try:
        packages = [
            folder for folder in sorted((system / "powercap").glob("intel-rapl:*")) if _is_package(folder)
        ]
        if packages:
            return Packages(packages), Packages.source
    except PermissionError as error:
        reason = f"{error.filename} can be read by the administrator only"
    except (OSError, ValueError) as error:
        reason = f"the processor's energy counters cannot be read ({error})"
    batteries = [
        folder
        for folder in sorted((system / "power_supply").glob("*"))
        if (folder / "energy_now").is_file() and _is_discharging(folder)
    ]
    if batteries:
        return Battery(batteries), Battery.source
    return None, f"not available: {reason}"


def _is_package(folder: Path) -> bool:
    """Whether a domain is a whole package: its parts are inside it, and psys counts it once more."""
    return (folder / "name").read_text().startswith("package")


def _is_discharging(folder: Path) -> bool:
    try:
        return (folder / "status").read_text().strip() == "Discharging"
    except OSError:
        return False
