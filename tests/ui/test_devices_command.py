"""`devices` says what is there, and measures the CPU unless told not to."""

import json
from functools import partial
from pathlib import Path

import pytest

from runtime.backends.base import Device, Peak
from runtime.measured import Measured, Memory, Timing
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


def test_a_cpu_tells_its_threads_and_whether_int8_is_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.devices_command.lists_every_feature", lambda: True)
    with_vnni, without = describe(cpu("avx2", "avx_vnni")), describe(cpu("avx2", logical=16))
    assert "16 cores (22 threads), 32 GiB" in with_vnni[1]
    assert "16 cores, 32 GiB" in without[1]
    assert with_vnni[2].endswith("f32, int8 (VNNI)")
    assert without[2].endswith("f32, int8 (without VNNI)")
    assert describe(cpu())[2].endswith("f32, int8")  # nothing is known of it
    monkeypatch.setattr("ui.devices_command.lists_every_feature", lambda: False)
    assert describe(cpu("avx2"))[2].endswith("f32, int8")


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


def test_what_was_measured_is_told_with_what_was_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["devices", "--measured", "--data-dir", str(tmp_path)]) == 0
    assert "nothing was measured yet" in capsys.readouterr().out
    unet = partial(Timing, component="unet", error=0.0)
    timings = (
        unet(device="npu", precision="f16", seconds=None, fault="gave a flat result"),
        unet(device="cpu", precision="f32", seconds=1.5),
        unet(device="cpu", precision="f32", guidance="parallel", seconds=1.25),
        Timing(component="text_encoder", device="igpu", precision="f16", seconds=0.01, error=0.0),
    )
    measured = Measured(model="m", width=512, height=512, created="2026-11-21T07:00", timings=timings)
    Memory(tmp_path / "cache" / "measured").store({}, measured)
    main(["devices", "--measured", "--data-dir", str(tmp_path)])
    title, *lines = capsys.readouterr().out.splitlines()
    assert title == "m, 512x512, measured 2026-11-21T07:00"
    assert [line.split(maxsplit=4) for line in lines] == [
        ["text_encoder", "igpu", "f16", "batch", "0.010 s"],
        ["unet", "cpu", "f32", "parallel", "1.250 s"],
        ["unet", "cpu", "f32", "batch", "1.500 s"],
        ["unet", "npu", "f16", "batch", "gave a flat result"],
    ]
