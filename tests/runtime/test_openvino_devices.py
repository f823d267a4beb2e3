"""OpenVINO's listing of machines that are not here, by substitution at the seam."""

from typing import Any

import openvino as ov
import pytest

from runtime.backends.base import Device
from runtime.backends.openvino_devices import openvino_devices
from runtime.backends.openvino_slots import choose_precision
from runtime.errors import DeviceError
from tests.runtime.fake_core import LAPTOP, FakeCore


def listed(machine: dict[str, dict[str, Any]]) -> dict[str, Device]:
    return {device.id: device for device in openvino_devices(FakeCore(machine), "2026.4.1")}


def test_a_laptop_is_told_in_the_words_people_use() -> None:
    devices = listed(LAPTOP)
    assert list(devices) == ["cpu", "igpu", "gpu", "npu"]
    assert devices["igpu"].native == "GPU.0"
    assert devices["igpu"].kind == "integrated GPU"
    assert devices["igpu"].memory_bytes == 16 * 2**30
    assert devices["gpu"].precisions == ("f32", "f16", "int8")
    assert devices["npu"].driver == "1003967"
    assert devices["cpu"].driver == "OpenVINO 2026.4.1"
    assert devices["gpu"].driver == "1.6.33578"


def test_cores_memory_and_architecture_are_what_each_plugin_tells() -> None:
    devices = listed(LAPTOP)
    assert {name: device.cores for name, device in devices.items()} == {
        "cpu": None,
        "igpu": 128,
        "gpu": None,
        "npu": 2,
    }
    assert devices["npu"].memory_bytes == 2**34
    assert devices["igpu"].architecture == "GPU: vendor=0x8086 arch=v12.71.4"
    assert devices["gpu"].architecture == "12.55.8"


def test_a_driver_that_is_not_told_is_not_made_up() -> None:
    silent = {name: value for name, value in LAPTOP["GPU.0"].items() if name != "GPU_DRIVER_VERSION"}
    assert listed(LAPTOP | {"GPU.0": silent})["igpu"].driver == "driver version not told"


@pytest.mark.parametrize(
    ("limit", "precisions"),
    [
        ("", ("f32", "bf16", "int8")),
        ("AVX2_VNNI", ("f32", "int8")),
        ("avx512_core", ("f32", "int8")),
        ("AVX512_CORE_AMX", ("f32", "bf16", "int8")),
    ],
)
def test_a_cpu_held_to_fewer_instructions_has_no_bf16(
    limit: str, precisions: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenVINO goes on listing it."""
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", limit)
    server = LAPTOP["CPU"] | {"OPTIMIZATION_CAPABILITIES": ["FP32", "BF16", "INT8"]}
    assert listed({"CPU": server})["cpu"].precisions == precisions


def test_a_second_card_gets_a_number() -> None:
    assert list(listed(LAPTOP | {"GPU.2": LAPTOP["GPU.1"]})) == ["cpu", "igpu", "gpu", "npu", "gpu.1"]


def test_a_single_gpu_without_a_number_is_found() -> None:
    assert listed({"CPU": LAPTOP["CPU"], "GPU": LAPTOP["GPU.0"]})["igpu"].native == "GPU"


def test_this_machine_has_a_cpu() -> None:
    devices = openvino_devices(ov.Core(), "x")
    assert devices[0].id == "cpu"
    assert "f32" in devices[0].precisions


def test_precision_is_f32_on_a_cpu_and_f16_on_a_gpu_with_the_vae_in_f32() -> None:
    devices = listed(LAPTOP)
    assert choose_precision("unet", devices["cpu"], None) == "f32"
    assert choose_precision("unet", devices["igpu"], None) == "f16"
    assert choose_precision("vae_decoder", devices["gpu"], None) == "f32"
    assert choose_precision("unet", devices["igpu"], "f32") == "f32"


def test_a_precision_that_is_not_native_is_refused() -> None:
    with pytest.raises(DeviceError, match="no native bf16: choose one of f32"):
        choose_precision("unet", listed(LAPTOP)["cpu"], "bf16")
