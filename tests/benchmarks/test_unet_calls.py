"""`benchmark unet`: UNets timed in turn, under the limits of a class of machines."""

import json
from pathlib import Path

import pytest

from benchmarks.unet_calls import REFUSED, UNetCalls, run_unet_calls, table
from runtime.errors import ModelFolderError


def test_every_model_is_timed_as_often_with_its_bytes_and_its_kernels(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    models = ["demo-scenes", "demo-scenes"]
    assert run_unet_calls(models, tmp_path, size=64, rounds=2, isa="avx2", as_json=True) == 0
    rows = [row for row in json.loads(capsys.readouterr().out) if row["precision"] == "f32"]
    assert [row["model"] for row in rows] == models
    for row in rows:
        assert len(row["seconds"]) == 2
        assert min(row["seconds"]) > 0
        assert row["weight_bytes"] > 10**7
        assert row["weights"] == "fp16"
        products = [kernel for kernel in row["kernels"] if kernel.startswith("brg")]
        assert products
        assert not any("avx512" in kernel for kernel in products)  # oneDNN's limit holds in there


def test_a_model_of_another_kind_is_refused_with_status_2(tmp_path: Path) -> None:
    models = ["demo-butterflies"]
    assert run_unet_calls(models, tmp_path, size=64, rounds=1, isa="native", as_json=False) == REFUSED
    with pytest.raises(ModelFolderError, match="there is no model 'nothing'"):
        run_unet_calls(["nothing"], tmp_path, size=64, rounds=1, isa="native", as_json=False)


def test_speeds_are_those_beside_the_first_row() -> None:
    def row(model: str, seconds: tuple[float, ...]) -> UNetCalls:
        return UNetCalls(
            model=model, weights="fp16", weight_bytes=2 * 10**6, precision="f32", kernels={}, seconds=seconds
        )

    lines = table([row("slow", (3.0, 9.0, 4.0)), row("fast", (2.0, 2.0, 1.0))], "avx2").splitlines()
    assert lines[1].split() == ["slow", "fp16", "2", "f32", "4", "1.00"]
    assert lines[2].split() == ["fast", "fp16", "2", "f32", "2", "2.00"]
