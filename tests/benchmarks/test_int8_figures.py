"""The figures of int8, from the rows that were timed to what is read."""

from typing import Any

import pytest

from benchmarks import int8_figures
from benchmarks.int8_figures import _answer, main, table
from runtime.errors import ExportError


def row(weights: str, precision: str, seconds: float) -> dict[str, Any]:
    weight_bytes = 1_720_000_000 if weights == "fp16" else 861_000_000
    return {
        "model": weights,
        "weights": weights,
        "weight_bytes": weight_bytes,
        "precision": precision,
        "kernels": {},
        "seconds": [seconds, seconds * 3, seconds],
    }


def figures(features: tuple[str, ...], native: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "cpu": "A CPU",
        "features": features,
        "cores": 2,
        "model": "sd15-int8",
        "seconds": 1500,
        "peak_bytes": 13_400_000_000,
        "quantization": {"unet_error": 0.031, "picture_psnr": 41.2, "lowest_psnr": 30.5},
        "calls": {"native": native, "avx2": [row("fp16", "f32", 4.0), row("int8", "f32", 2.0)]},
    }


def test_int8_stands_beside_every_precision_of_the_model_before() -> None:
    native = [
        row(weights, precision, seconds)
        for weights, precision, seconds in (
            ("fp16", "f32", 3.0),
            ("fp16", "bf16", 1.5),
            ("int8", "f32", 1.2),
            ("int8", "bf16", 1.0),
        )
    ]
    said = table(figures(("avx2", "avx_vnni"), native))
    assert "peak of its processes 13.40 GB; error of the UNet 3.10%, PSNR 41.2 dB (lowest 30.5)" in said
    assert "native: weights 1720.0 MB before, 861.0 after (0.501)" in said
    assert "  int8 in f32: 1.2 s a call, 2.50 times f32, 1.25 times bf16" in said
    assert "  int8 in bf16: 1 s a call, 3.00 times f32, 1.50 times bf16" in said
    assert "  int8 in f32: 2 s a call, 2.00 times f32" in said
    assert "bf16 is not native" not in said
    assert "AVX-VNNI" not in said


def test_what_a_cpu_cannot_show_is_said() -> None:
    said = table(figures(("avx2", "avx512_vnni"), [row("fp16", "f32", 3.0), row("int8", "f32", 1.2)]))
    assert "bf16 is not native to this CPU" in said
    assert "this CPU has no AVX-VNNI" in said


def test_the_result_is_found_among_what_a_command_says() -> None:
    lines = [
        '{"phase": "[1/2] quantization"}',
        '{"name": "x", "quantization": {"mode": "full"}}',
        "a warning",
    ]
    assert _answer(lines)["quantization"] == {"mode": "full"}
    with pytest.raises(ExportError, match="printed no result"):
        _answer(lines[:1])


def test_what_fails_is_a_sentence_with_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    monkeypatch.setattr(int8_figures, "find_or_build", lambda *arguments: tmp_path / "none")
    assert main(["tiny", "--data-dir", str(tmp_path)]) == 2
    assert "optimize ended with status 2" in capsys.readouterr().err
