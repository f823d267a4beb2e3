"""`devices` says what is there, and measures the CPU unless told not to."""

import json

import pytest

from runtime.backends.base import Device, Peak
from ui.cli import main
from ui.devices_command import describe, describe_peak

GPU = Device(
    id="igpu",
    backend="openvino",
    native="GPU.0",
    name="Intel(R) Arc(TM) Graphics (iGPU)",
    kind="integrated GPU",
    driver="1.6.33578",
    precisions=("f32", "f16", "int8"),
    memory_bytes=16 * 2**30,
    cores=128,
    architecture="GPU: vendor=0x8086 arch=v12.71.4",
)


def cpu(*features: str, logical: int = 22) -> Device:
    return Device(
        id="cpu",
        backend="openvino",
        native="CPU",
        name="Intel(R) Core(TM) Ultra 7 155H",
        kind="CPU",
        driver="OpenVINO 2026.4.1",
        precisions=("f32", "int8"),
        memory_bytes=32 * 2**30,
        cores=16,
        logical_cores=logical,
        features=features,
    )


def test_each_device_is_told_in_a_few_lines() -> None:
    assert describe(GPU) == [
        "igpu         Intel(R) Arc(TM) Graphics (iGPU)",
        "             integrated GPU, 1.6.33578, 128 execution units, 16 GiB",
        "             computes in f32, f16, int8",
        "             GPU: vendor=0x8086 arch=v12.71.4",
    ]


def test_a_cpu_tells_its_threads_and_whether_int8_is_fast() -> None:
    with_vnni, without = describe(cpu("avx2", "avx_vnni")), describe(cpu("avx2", logical=16))
    assert "16 cores (22 threads), 32 GiB" in with_vnni[1]
    assert "16 cores, 32 GiB" in without[1]
    assert with_vnni[2].endswith("f32, int8 (VNNI)")
    assert without[2].endswith("f32, int8 (without VNNI)")
    assert describe(cpu())[2].endswith("f32, int8")  # nothing is known of it


def test_the_peak_is_one_line() -> None:
    peak = Peak(gflops={"f32": 160.4, "int8": 540.0}, gigabytes_per_second=23.14)
    text = "the CPU was measured at 160 GFLOPS in f32, 540 GOPS in int8; memory 23.1 GB/s"
    assert describe_peak(peak) == text


def test_without_the_peak_it_lists_this_machine(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.devices.pytorch_installed", lambda: False)
    assert main(["devices", "--no-peak", "--json"]) == 0
    (device,) = [device for device in json.loads(capsys.readouterr().out) if device["id"] == "cpu"]
    assert device["cores"] >= 1
    assert device["logical_cores"] >= device["cores"]
    assert device["memory_bytes"] > 2**30
    assert device["peak"] is None
