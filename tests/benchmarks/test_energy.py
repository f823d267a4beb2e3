"""The energy counters of a made-up machine."""

from pathlib import Path

import pytest

from benchmarks.energy import EnergyMeter


def rapl(system: Path, domain: str, name: str, energy: int, largest: int = 262_143_328_850) -> Path:
    folder = system / "powercap" / domain
    folder.mkdir(parents=True)
    (folder / "name").write_text(name + "\n")
    (folder / "max_energy_range_uj").write_text(f"{largest}\n")
    (folder / "energy_uj").write_text(f"{energy}\n")
    return folder / "energy_uj"


def battery(system: Path, stored: int, status: str = "Discharging") -> Path:
    folder = system / "power_supply" / "BAT0"
    folder.mkdir(parents=True)
    (folder / "energy_now").write_text(f"{stored}\n")
    (folder / "status").write_text(status + "\n")
    return folder


def test_packages_are_added_and_what_is_counted_twice_is_not(tmp_path: Path) -> None:
    first = rapl(tmp_path, "intel-rapl:0", "package-0", 5_000_000)
    second = rapl(tmp_path, "intel-rapl:1", "package-1", 0)
    core = rapl(tmp_path, "intel-rapl:0:0", "core", 1_000_000)
    whole = rapl(tmp_path, "intel-rapl:2", "psys", 9_000_000)
    twice = rapl(tmp_path, "intel-rapl-mmio:0", "package-0", 5_000_000)
    meter = EnergyMeter(tmp_path, "linux")
    for counter, value in ((first, 12_500_000), (second, 250_000), (core, 7), (whole, 8), (twice, 9)):
        counter.write_text(str(value))
    assert meter.joules() == pytest.approx(7.75)
    assert meter.source == "processor packages (RAPL)"


def test_a_counter_that_starts_again_is_followed(tmp_path: Path) -> None:
    counter = rapl(tmp_path, "intel-rapl:0", "package-0", 65_000_000_000, largest=65_532_610_987)
    meter = EnergyMeter(tmp_path, "linux")
    counter.write_text("32610987")  # 565_221_975 further, over the top
    meter.update()
    counter.write_text("65000000000")
    meter.update()
    counter.write_text("999999")
    assert meter.joules() == pytest.approx(65_532.610988 + 533.610987, abs=1e-3)


def test_a_laptop_without_counters_is_measured_by_its_battery(tmp_path: Path) -> None:
    folder = battery(tmp_path, 40_000_000)  # microwatt hours
    meter = EnergyMeter(tmp_path, "linux")
    (folder / "energy_now").write_text("39500000")
    assert meter.joules() == pytest.approx(1800.0)  # half a watt hour
    assert meter.source == "whole machine (battery)"


def test_a_charger_plugged_in_meanwhile_makes_it_unavailable(tmp_path: Path) -> None:
    folder = battery(tmp_path, 40_000_000)
    meter = EnergyMeter(tmp_path, "linux")
    (folder / "energy_now").write_text("39500000")
    (folder / "status").write_text("Charging")
    assert meter.joules() is None
    assert meter.source == "not available: the power source changed"


def test_a_battery_that_is_not_used_measures_nothing(tmp_path: Path) -> None:
    battery(tmp_path, 40_000_000, status="Full")
    meter = EnergyMeter(tmp_path, "linux")
    assert meter.joules() is None
    assert "no battery is being discharged" in meter.source


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_systems_without_counters_say_so(tmp_path: Path, platform: str) -> None:
    rapl(tmp_path, "intel-rapl:0", "package-0", 0)
    meter = EnergyMeter(tmp_path, platform)
    assert meter.joules() is None
    assert meter.source.startswith(f"not available: {platform} has no energy counter")


def test_counters_for_the_administrator_only_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = rapl(tmp_path, "intel-rapl:0", "package-0", 0)
    read = Path.read_text

    def refused(path: Path, *arguments: object, **options: object) -> str:
        if path == counter:  # permissions do not hold for an administrator, who may run this test
            raise PermissionError(13, "Permission denied", str(path))
        return read(path, *arguments, **options)

    monkeypatch.setattr(Path, "read_text", refused)
    meter = EnergyMeter(tmp_path, "linux")
    assert meter.joules() is None
    assert meter.source == f"not available: {counter} can be read by the administrator only"


def test_a_damaged_counter_is_no_number(tmp_path: Path) -> None:
    counter = rapl(tmp_path, "intel-rapl:0", "package-0", 0)
    meter = EnergyMeter(tmp_path, "linux")
    counter.write_text("much")
    assert meter.joules() is None
    assert meter.source.startswith("not available: invalid literal")
