"""What a manifest says of an int8 model is read back as it was written, and refused when it is not that."""

from dataclasses import replace
from typing import Any

import pytest

from runtime.backends.base import Shape
from runtime.errors import ModelFolderError
from runtime.manifest import Manifest, Source
from runtime.memory import count_weights, estimate_bytes
from runtime.model_folder import ModelFolder
from runtime.quantization import Quantization
from runtime.quantize_needs import quantize_needs
from tests.models import DEMO_MODEL, DEMO_SOURCE

MADE = Quantization(
    mode="full",
    base="fp16",
    samples=128,
    prompts=8,
    calibration_steps=20,
    calibration_guidance=7.5,
    kept_in_float=("conv_in", "conv_out"),
    width=512,
    height=512,
    unet_error=0.03,
    largest_unet_error=0.15,
    pictures=4,
    steps=20,
    picture_psnr=41.0,
    lowest_psnr=32.0,
    base_seconds=3.0,
    seconds=2.0,
    machine="a CPU",
)


def test_a_manifest_with_a_quantization_is_read_as_it_was_written() -> None:
    manifest = _manifest(MADE)
    assert Manifest.from_bytes(manifest.to_bytes(), "manifest.json") == manifest
    assert MADE.speed == 1.5


def test_a_manifest_without_one_has_the_bytes_it_always_had() -> None:
    assert b"quantization" not in _manifest(None).to_bytes()
    path = DEMO_MODEL / "manifest.json"
    assert Manifest.from_bytes(path.read_bytes(), "manifest.json").to_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mode", "half"),
        ("samples", -1),
        ("samples", True),
        ("seconds", 0),
        ("unet_error", "small"),
        ("unet_error", float("nan")),
        ("machine", ""),
        ("kept_in_float", "conv_in"),
        ("kept_in_float", [1]),
    ],
)
def test_a_field_of_the_wrong_kind_is_named(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name}$"):
        Quantization.from_dict(MADE.to_dict() | {name: value})


@pytest.mark.parametrize("values", [{}, MADE.to_dict() | {"more": 1}])
def test_a_missing_or_unknown_field_is_named(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^(base|base_seconds|more)$"):
        Quantization.from_dict(values)


def test_a_damaged_quantization_is_one_sentence() -> None:
    data = _manifest(MADE).to_bytes().replace(b'"mode": "full"', b'"mode": "half"')
    with pytest.raises(ModelFolderError, match=r"quantization\.mode must be .*got 'half': export"):
        Manifest.from_bytes(data, "manifest.json")
    data = _manifest(MADE).to_bytes().replace(b'"samples": 128', b'"samples": 129')
    with pytest.raises(ModelFolderError, match="was changed after it was written"):
        Manifest.from_bytes(data, "manifest.json")


def test_an_int8_unet_is_counted_by_its_own_weights_and_takes_less_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = ModelFolder(DEMO_MODEL)
    shape = Shape(batch=1, height=128, width=128)
    before = estimate_bytes(folder, shape, ("unet", "vae_decoder"), 4)
    numbers = count_weights(folder, "unet")
    assert folder.manifest is not None
    made_int8 = replace(folder.manifest, precision="int8", quantization=MADE)
    monkeypatch.setattr(folder, "manifest", made_int8)
    monkeypatch.setattr(folder, "precision", "int8")
    assert count_weights(folder, "vae_decoder") == count_weights(ModelFolder(DEMO_MODEL), "vae_decoder")
    assert estimate_bytes(folder, shape, ("unet", "vae_decoder"), 4) == before - 3 * numbers
    monkeypatch.setattr(folder, "manifest", replace(made_int8, quantization=replace(MADE, mode="weights")))
    assert estimate_bytes(folder, shape, ("unet", "vae_decoder"), 4) == before


def test_what_int8_takes_is_known_before_and_conversion_adds_to_it() -> None:
    of_ir = {name: quantize_needs(ModelFolder(DEMO_MODEL), name) for name in ("int8", "int8-weights")}
    assert of_ir["int8"].memory_bytes > of_ir["int8-weights"].memory_bytes
    of_source = quantize_needs(ModelFolder(DEMO_SOURCE), "int8")
    assert of_source.disk_bytes > of_ir["int8"].disk_bytes
    assert of_source.seconds > of_ir["int8"].seconds


def test_a_stable_diffusion_15_takes_what_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """15.3 GB on two cores, all processes together."""
    sizes = {"unet": 859_520_964}
    monkeypatch.setattr("runtime.quantize_needs.count_weights", lambda model, part: sizes.get(part, 10**8))
    assert 14.0e9 < quantize_needs(ModelFolder(DEMO_MODEL), "int8").memory_bytes < 16e9


def _manifest(made: Quantization | None) -> Manifest:
    return Manifest(
        source=Source(location="somewhere"),
        precision="int8" if made else "fp16",
        tools={"nncf": "3.4.0"},
        created="2026-11-21T00:00:00+00:00",
        errors={"unet": {"fp16": 1e-3}},
        files={},
        quantization=made,
    )
