"""What a conversion of a full-size model takes of memory, of all its processes together.

    python -m pytest -m campaign tests/optimize/test_memory_of_optimizing.py

Takes 40 GB of disk, and for SDXL half an hour on two cores.
"""

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

LIMITS = {"sd15": 6.5e9, "sdxl": 14e9}  # bytes


def peak_of(command: list[str]) -> int:
    """Return the largest resident memory of a command and its children, looked at 20 times a second."""
    peak = 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        top = psutil.Process(process.pid)
        while process.poll() is None:
            peak = max(peak, resident(top))
            time.sleep(0.05)
    assert process.returncode == 0
    return peak


def resident(top: psutil.Process) -> int:
    total = 0
    try:
        for process in (top, *top.children(recursive=True)):
            total += process.memory_info().rss
    except psutil.Error:  # one of them has just ended
        return 0
    return total


@pytest.mark.campaign
@pytest.mark.parametrize("precision", ["fp16", "fp32"])
@pytest.mark.parametrize("family", LIMITS)
def test_peak_of_optimizing_a_full_size_model(
    family: str, precision: str, tmp_path_factory: pytest.TempPathFactory, record_property: object
) -> None:
    source = source_of(family, tmp_path_factory)
    output = tmp_path_factory.mktemp("output") / family
    command = [sys.executable, "-m", "optimize", str(source), "--output", str(output)]
    peak = peak_of([*command, "--precision", precision, "--json"])
    assert callable(record_property)
    record_property("peak_bytes", peak)
    assert peak <= LIMITS[family]


def source_of(family: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the FP16 source, written by another process, so that PyTorch is gone afterwards."""
    folder = tmp_path_factory.getbasetemp() / f"{family}-source"
    if not folder.is_dir():
        script = (
            "import sys; from pathlib import Path; from benchmarks.skeleton import write_skeleton; "
            "write_skeleton(Path(sys.argv[1]), sys.argv[2])"
        )
        subprocess.run([sys.executable, "-c", script, str(folder), family], check=True)
    return folder
