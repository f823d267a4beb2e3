"""Measuring a laptop that is not here: devices are fakes that compile on the CPU, and seconds are given."""

import math
from pathlib import Path

import pytest

from runtime import ModelFolderError, TextToImage, open_pipeline
from runtime.backends import openvino_choice
from runtime.backends.base import Shape
from runtime.backends.openvino_choice import measured_placement
from runtime.backends.openvino_devices import openvino_devices
from runtime.backends.openvino_measure import Run, measure
from runtime.measured import Measured, Memory, Timing, choose
from runtime.model_folder import ModelFolder
from runtime.placement import Placement
from tests.models import DEMO_MODEL, DEMO_SOURCE
from tests.runtime.fake_core import LAPTOP, FakeCore

MODEL = ModelFolder(DEMO_MODEL)
SHAPE = Shape(batch=1, height=64, width=64)
CPU_ALONE = {"CPU": LAPTOP["CPU"]}
INTEGRATED = {name: LAPTOP[name] for name in ("CPU", "GPU.0")}
SECONDS = {"cpu f32": 1.0, "igpu f32": 0.7, "igpu f16": 0.5, "gpu f32": 0.2, "gpu f16": 0.1, "npu f16": 0.4}
MODES = {"batch": 1.0, "sequential": 0.9, "parallel": 0.8}


def given_seconds(timing: Timing, run: Run) -> float:
    """The laptop's: the text encoder is fastest on the CPU. What runs was checked before it is timed."""
    if timing.component == "text_encoder" and timing.device != "cpu":
        return 3.0
    return SECONDS[f"{timing.device} {timing.precision}"] * MODES[timing.guidance]


def place(core: FakeCore, memory: Memory | None = None, precision: str | None = None) -> Placement:
    devices = openvino_devices(core, "2026.4.1")
    return measured_placement(
        MODEL,
        devices,
        SHAPE,
        memory=memory,
        precision=precision,
        core=core,  # type: ignore[arg-type]
        time_run=given_seconds,
    )


def timed(core: FakeCore, phases: list[str] | None = None) -> dict[str, Timing]:
    devices = openvino_devices(core, "2026.4.1")
    measured = measure(
        MODEL,
        devices,
        SHAPE,
        core=core,  # type: ignore[arg-type]
        time_run=given_seconds,
        on_phase=None if phases is None else phases.append,
    )
    return {f"{t.component} {t.device} {t.precision} {t.guidance}": t for t in measured.timings}


def test_a_laptop_with_everything_gets_the_fastest_right_mix() -> None:
    chosen = place(FakeCore(LAPTOP))
    assert {name: device.id for name, device in chosen.devices.items()} == {
        "text_encoder": "cpu",
        "unet": "gpu",
        "vae_decoder": "gpu",
        "vae_encoder": "gpu",
        "depth_estimator": "cpu",  # the model has none
        "text_encoder_2": "cpu",  # nor this
    }
    assert chosen.precisions["unet"] == "f16"
    assert chosen.guidance == "batch"


def test_broken_devices_are_left_out_and_the_record_says_why() -> None:
    broken: dict[str, float | str] = {"GPU.1": math.nan, "NPU": "refuses", "GPU.0": 0.0}
    results = timed(FakeCore(LAPTOP, broken))
    assert "not numbers" in results["unet gpu f16 batch"].fault
    assert results["unet gpu f16 batch"].error is None
    assert "cannot compile the unet" in results["unet npu f16 batch"].fault
    assert results["vae_decoder igpu f16 batch"].fault == "gave a flat result"
    assert all(result.seconds is None for result in results.values() if result.fault)
    chosen = choose(list(results.values()), openvino_devices(FakeCore(LAPTOP), "2026.4.1"))
    assert {device.id for device in chosen.devices.values()} == {"cpu"}
    assert chosen.guidance == "parallel"


def test_a_device_that_is_a_little_wrong_is_left_out() -> None:
    results = timed(FakeCore(INTEGRATED, {"GPU.0": 0.8}))
    assert "off the CPU in f32, more than 0.06" in results["unet igpu f16 batch"].fault
    assert results["unet igpu f16 batch"].error == pytest.approx(0.2, rel=0.05)


def test_a_precision_that_is_asked_for_is_the_only_one_tried() -> None:
    core = FakeCore(INTEGRATED)
    chosen = place(core, precision="f32")
    assert chosen.devices["unet"].id == "igpu"
    assert {precision for _, precision in core.compiled} == {"f32"}


def test_a_cpu_alone_times_only_the_modes_of_guidance() -> None:
    phases: list[str] = []
    results = timed(FakeCore(CPU_ALONE), phases)
    chosen = choose(list(results.values()), openvino_devices(FakeCore(CPU_ALONE), "2026.4.1"))
    assert list(results) == [f"unet cpu f32 {mode}" for mode in MODES]
    assert all(result.error is not None and result.error < 1e-4 for result in results.values())
    assert phases[:2] == ["measuring the unet: what is right", "measuring the unet on cpu in f32: compiling"]
    assert "measuring the unet on cpu in f32, guidance parallel: run 5 of 5" in phases
    assert chosen.guidance == "parallel"


def test_it_is_measured_once_and_anew_when_a_driver_changes(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    first = FakeCore(INTEGRATED)
    chosen = place(first, memory)
    again = FakeCore(INTEGRATED)
    assert place(again, memory) == chosen
    assert first.compiled
    assert not again.compiled
    newer = INTEGRATED | {"GPU.0": INTEGRATED["GPU.0"] | {"GPU_DRIVER_VERSION": "1.6.9"}}
    updated = FakeCore(newer)
    place(updated, memory)
    assert updated.compiled


def test_a_pipeline_opened_on_auto_measured_makes_the_picture_and_remembers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    phases: list[str] = []

    def quickly(*arguments: object, **named: object) -> Measured:
        named["time_run"] = given_seconds
        return measure(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(openvino_choice, "measure", quickly)
    request = TextToImage(prompt="a red house", width=64, height=64, num_inference_steps=2)
    with open_pipeline(
        device="auto:measured", data_dir=tmp_path, request=request, on_phase=phases.append
    ) as pipeline:
        first = pipeline.placement
        result = pipeline.generate(request).result()
    assert phases
    assert result.placement["unet"].device == first.devices["unet"].id
    phases.clear()
    with open_pipeline(
        device="Auto:Measured", data_dir=tmp_path, request=request, on_phase=phases.append
    ) as pipeline:
        assert pipeline.placement == first
    assert not phases
    assert first.guidance == ("parallel" if first.devices["unet"].id == "cpu" else "batch")


def test_source_weights_are_refused_with_the_remedy() -> None:
    with pytest.raises(ModelFolderError, match="auto:measured times OpenVINO's devices"):
        open_pipeline(DEMO_SOURCE, device="auto:measured")
