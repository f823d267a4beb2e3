"""The choice of `auto:measured` over timings of machines that are not here, and its memory."""

import json
from pathlib import Path

import pytest

from runtime.backends.base import Device
from runtime.errors import DeviceError
from runtime.measured import Measured, Memory, Timing, choose

KEY = {"model": {"unet": "0a"}, "devices": [["GPU.0", "Arc", "1.6"]], "size": [512, 512]}


def device(id_: str, backend: str = "openvino") -> Device:
    return Device(
        id=id_,
        backend=backend,
        native=id_,
        name=id_,
        kind="",
        driver="",
        precisions=("f32",),
        memory_bytes=None,
    )


LAPTOP = [device("cpu"), device("igpu"), device("npu"), device("cuda", "pytorch")]


def timing(what: str, seconds: float | None, fault: str = "", guidance: str = "batch") -> Timing:
    component, place, precision = what.split()
    return Timing(
        component=component,
        device=place,
        precision=precision,
        guidance=guidance,
        seconds=seconds,
        error=0.001,
        fault=fault,
    )


def test_each_component_goes_where_it_is_fastest() -> None:
    chosen = choose(
        [
            timing("unet cpu f32", 4.0),
            timing("unet igpu f32", 2.0),
            timing("unet igpu f16", 1.0),
            timing("unet npu f16", 0.9),
            timing("vae_decoder cpu f32", 3.0),
            timing("vae_decoder igpu f32", 1.5),
            timing("text_encoder cpu f32", 0.1),
            timing("text_encoder igpu f16", 0.3),
        ],
        LAPTOP,
    )
    assert {name: where.id for name, where in chosen.devices.items()} == {
        "text_encoder": "cpu",
        "unet": "npu",
        "vae_decoder": "igpu",
        "vae_encoder": "cpu",
        "depth_estimator": "cpu",
        "text_encoder_2": "cpu",
    }
    assert chosen.precisions == {"text_encoder": "f32", "unet": "f16", "vae_decoder": "f32"}
    assert chosen.guidance == "batch"


def test_without_a_cpu_it_says_so() -> None:
    with pytest.raises(DeviceError, match="'cpu' is not available here: choose one of igpu"):
        choose([timing("unet igpu f16", 1.0)], [device("igpu")])


def test_what_was_wrong_or_not_timed_or_is_gone_is_left_out() -> None:
    chosen = choose(
        [
            timing("unet igpu f16", 0.5, fault="gave values that are not numbers"),
            timing("unet igpu f32", None),
            timing("unet gpu f16", 0.1),
            timing("unet cuda f32", 0.1),
            timing("unet npu f16", 0.8),
            timing("vae_decoder igpu f16", 0.5, fault="gave a flat result"),
        ],
        LAPTOP,
    )
    assert chosen.devices["unet"].id == "npu"
    assert chosen.devices["vae_decoder"].id == "cpu"


@pytest.mark.parametrize(("seconds", "expected"), [(0.99, "cpu"), (0.96, "igpu"), (1.2, "cpu")])
def test_a_device_must_be_clearly_faster_than_the_cpu(seconds: float, expected: str) -> None:
    timings = [timing("unet cpu f32", 1.0), timing("unet igpu f16", seconds)]
    assert choose(timings, LAPTOP).devices["unet"].id == expected


@pytest.mark.parametrize(
    ("batch", "sequential", "parallel", "expected"),
    [
        (1.0, 0.9, 0.8, "parallel"),
        (1.0, 0.8, 0.9, "sequential"),
        (1.0, 0.99, 0.98, "batch"),
        (None, 0.9, 0.8, "parallel"),
        (1.0, None, None, "batch"),
    ],
)
def test_the_mode_of_guidance_is_the_fastest_of_where_the_unet_runs(
    batch: float | None, sequential: float | None, parallel: float | None, expected: str
) -> None:
    timings = [
        timing("unet cpu f32", batch),
        timing("unet cpu f32", sequential, guidance="sequential"),
        timing("unet cpu f32", parallel, guidance="parallel"),
        timing("unet cpu bf16", 0.1, guidance="sequential"),
    ]
    assert choose(timings, [device("cpu")]).guidance == expected


MEASURED = Measured(
    model="m",
    width=512,
    height=512,
    created="2026-11-21T07:00:00+00:00",
    timings=(timing("unet cpu f32", 1.5), timing("unet igpu f16", None, fault="failed")),
)


def test_what_was_measured_is_remembered_under_its_key_only(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "measured")
    assert memory.load(KEY) is None
    memory.store(KEY, MEASURED)
    assert memory.load(KEY) == MEASURED
    assert memory.load(KEY | {"devices": [["GPU.0", "Arc", "1.7"]]}) is None
    assert list(memory.everything()) == [MEASURED]


@pytest.mark.parametrize(
    "damage",
    [
        lambda record: "",
        lambda record: json.dumps(record)[:-9],
        lambda record: json.dumps([record]),
        lambda record: json.dumps(record | {"schema": "lapdraw-measured/0"}),
        lambda record: json.dumps(record | {"key": KEY | {"size": [1, 1]}}),
        lambda record: json.dumps(record | {"timings": 5}),
        lambda record: json.dumps(record | {"timings": [record["timings"][0] | {"seconds": "1"}]}),
        lambda record: json.dumps(record | {"timings": [record["timings"][0] | {"seconds": -1}]}),
        lambda record: json.dumps(record | {"timings": [record["timings"][0] | {"seconds": None}]}),
        lambda record: json.dumps(record | {"timings": [record["timings"][0] | {"seconds": float("nan")}]}),
        lambda record: json.dumps(record | {"timings": [record["timings"][0] | {"guidance": "thrice"}]}),
        lambda record: json.dumps(record | {"timings": [record["timings"][0] | {"more": 1}]}),
        lambda record: "\xff\x00",
        lambda record: "[" * 100_000,
    ],
)
def test_a_damaged_memory_is_measured_anew(damage, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    memory = Memory(tmp_path)
    memory.store(KEY, MEASURED)
    (path,) = tmp_path.glob("*.json")
    path.write_text(damage(json.loads(path.read_text())), "latin-1")
    assert memory.load(KEY) is None


def test_a_place_that_cannot_be_written_to_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    memory = Memory(tmp_path / "file")
    memory.store(KEY, MEASURED)
    assert memory.load(KEY) is None
