"""What the system tells of the processor, by the names of Linux and by NumPy's."""

from pathlib import Path

import pytest

from runtime import machine
from runtime.machine import FEATURES, cpu_features, cpu_name, lists_every_feature

CPUINFO = """processor\t: 0
model name\t: Example(R) CPU @ 2.50GHz
flags\t\t: fpu sse avx2 fma avx512f avx512_vnni amx_tile

processor\t: 1
model name\t: Another
"""


@pytest.mark.skipif(not Path("/proc/cpuinfo").is_file(), reason="Linux tells it so")
def test_processor_and_features_are_those_of_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    read = Path.read_text
    monkeypatch.setattr(
        Path,
        "read_text",
        lambda path, **options: CPUINFO if path == Path("/proc/cpuinfo") else read(path, **options),
    )
    assert cpu_name() == "Example(R) CPU @ 2.50GHz"
    assert cpu_features() == ("avx2", "fma", "avx512f", "avx512_vnni", "amx_tile")
    assert lists_every_feature()


def test_without_linux_the_features_come_from_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    known = cpu_features()
    monkeypatch.setattr(machine, "_cpuinfo", lambda key: "")
    found = cpu_features()
    assert set(found) <= set(FEATURES)
    assert not lists_every_feature()
    for name in ("avx2", "fma", "avx512f", "asimd"):
        assert (name in found) == (name in known)
