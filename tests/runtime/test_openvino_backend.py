"""The OpenVINO backend on this CPU: the cache is never stale, any size fits, faults are one sentence."""

import gc
import re
import shutil
import time
import weakref
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import openvino as ov
import pytest

from runtime import DeviceError, ModelFolderError, TextToImage, open_pipeline
from runtime.arrays import Array
from runtime.backends.base import Device, Shape
from runtime.backends.compiled_cache import BLOB, CompiledCache
from runtime.backends.openvino_compile import CompileKey, compile_component, component_shapes
from runtime.backends.openvino_component import CompiledComponent
from runtime.backends.openvino_devices import list_openvino_devices
from runtime.backends.openvino_slots import choose_precision
from runtime.model_folder import ModelFolder
from tests.models import DEMO_MODEL

CORE = ov.Core()
CPU: Device = list_openvino_devices()[0]
SHAPE = Shape(batch=1, height=64, width=64)


def compiled(model: ModelFolder, precision: str, cache: CompiledCache | None) -> CompiledComponent:
    shapes = tuple(component_shapes(model, "unet", SHAPE).items())
    key = CompileKey(component="unet", device=CPU, precision=precision, shapes=shapes)
    component = compile_component(CORE, model, key, cache)
    if cache is not None:
        component.save(cache)
    return component


def output(component: CompiledComponent) -> Array:
    draw = np.random.default_rng(0)
    rows, channels = component.model.input("sample").shape[:2]
    embeds = draw.standard_normal(tuple(component.model.input("encoder_hidden_states").shape))
    return component(
        "out_sample",
        sample=draw.standard_normal((rows, channels, 8, 8)).astype(np.float32),
        timestep=np.array([400.5], np.float32),
        encoder_hidden_states=embeds.astype(np.float32),
    )


def test_f32_then_bf16_then_the_default_are_each_right_with_one_cache(tmp_path: Path) -> None:
    """OpenVINO's own cache gives the f32 model for bf16, and wrong values with it."""
    model, cache = ModelFolder(DEMO_MODEL), CompiledCache(tmp_path)
    default = choose_precision("unet", CPU, None)
    assert default == "f32"
    right = {precision: output(compiled(model, precision, None)) for precision in ("f32", "bf16")}
    difference = np.abs(right["bf16"] - right["f32"]).max()
    assert 0 < difference < 0.2
    for round_number in range(2):
        for place, precision in enumerate(("f32", "bf16", default)):
            component = compiled(model, precision, cache)
            assert component.executed.precision == precision
            assert component.from_cache is (round_number > 0 or place == 2)
            np.testing.assert_allclose(output(component), right[precision], atol=difference / 100)


def test_new_weights_under_the_same_graph_are_seen(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(DEMO_MODEL, folder, ignore=shutil.ignore_patterns("manifest.json"))
    index = folder / "model_index.json"
    index.write_text(index.read_text().replace('"_manifest"', '"_was_manifest"'))
    cache = CompiledCache(tmp_path / "cache")
    before = output(compiled(ModelFolder(folder), "f32", cache))
    weights = folder / "unet" / "openvino_model.bin"
    graph = weights.with_suffix(".xml").read_text()
    constants = re.findall(r'element_type="f16"[^>]*offset="(\d+)" size="(\d+)"', graph)
    offset, size = max(((int(at), int(length)) for at, length in constants), key=lambda constant: constant[1])
    values = np.memmap(weights, np.float16, mode="r+", offset=offset, shape=(size // 2,))
    values *= np.float16(0.5)
    values.flush()
    after = compiled(ModelFolder(folder), "f32", cache)
    assert not after.from_cache
    right = output(compiled(ModelFolder(folder), "f32", None))
    np.testing.assert_array_equal(output(after), right)
    assert np.abs(right - before).max() > 1e-3


def test_a_damaged_entry_of_the_cache_is_made_again(tmp_path: Path) -> None:
    model, cache = ModelFolder(DEMO_MODEL), CompiledCache(tmp_path)
    right = output(compiled(model, "f32", cache))
    (blob,) = tmp_path.glob(f"*/{BLOB}")
    content = bytearray(blob.read_bytes())
    content[len(content) // 2] ^= 1
    blob.write_bytes(content)
    again = compiled(model, "f32", cache)
    assert not again.from_cache
    np.testing.assert_array_equal(output(again), right)
    assert compiled(model, "f32", cache).from_cache


def test_a_second_pipeline_starts_from_the_cache_and_gives_the_same_picture(tmp_path: Path) -> None:
    request = TextToImage(prompt="a boat", seed=5, num_inference_steps=3)
    pictures, cached = [], []
    for _ in range(2):
        with open_pipeline(device="cpu", data_dir=tmp_path) as pipeline:
            result = pipeline.generate(request).result()
            pictures.append(result.images[0].tobytes())
            cached.append(set(result.timings.compiled_from_cache.values()))
    assert pictures[0] == pictures[1]
    assert cached == [{False}, {True}]


def test_a_pipeline_makes_pictures_of_any_size_one_after_the_other(tmp_path: Path) -> None:
    with open_pipeline(device="cpu", data_dir=tmp_path, cache=False) as pipeline:
        for width, height in ((64, 64), (72, 104), (200, 64), (64, 64)):
            asked = TextToImage(prompt="a tree", width=width, height=height, num_inference_steps=1, seed=1)
            assert pipeline.generate(asked).result().images[0].size == (width, height)


def without_manifest(folder: Path) -> Path:
    """Return a copy of the demo model of which nobody knows what it should hold."""
    shutil.copytree(DEMO_MODEL, folder, ignore=shutil.ignore_patterns("manifest.json"))
    index = folder / "model_index.json"
    index.write_text(index.read_text().replace('"_manifest"', '"_was_manifest"'))
    return folder


def test_a_decoder_that_cannot_be_read_is_reported_long_before_it_is_needed(tmp_path: Path) -> None:
    folder = without_manifest(tmp_path / "model")
    graph = folder / "vae_decoder" / "openvino_model.xml"
    graph.write_bytes(graph.read_bytes().replace(b'type="Convolution"', b'type="Konvolution"'))
    with open_pipeline(folder, device="cpu", cache=False) as pipeline:
        steps = iter(pipeline.generate(TextToImage(prompt="a", num_inference_steps=40)))
        next(steps)
        time.sleep(0.5)  # it is read beside the steps
        with pytest.raises(ModelFolderError, match="vae_decoder"):
            next(steps)


def test_a_cancelled_generation_does_not_wait_for_the_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = Event()

    def held(core: ov.Core, model: ModelFolder, key: CompileKey, cache: None) -> CompiledComponent:
        if key.component == "vae_decoder":
            ended.wait(60)
            raise DeviceError("the CPU cannot compile the vae_decoder")
        return compile_component(core, model, key, cache)

    monkeypatch.setattr("runtime.backends.openvino.compile_component", held)
    with open_pipeline(device="cpu", cache=False) as pipeline:
        try:
            running = pipeline.generate(TextToImage(prompt="a", num_inference_steps=4))
            for _ in running:
                running.cancel()
            result = running.result()
        finally:
            ended.set()
    assert result.cancelled
    assert set(result.placement) == {"text_encoder", "unet"}


def test_an_npu_without_f32_computes_the_vae_in_f16() -> None:
    npu = replace(CPU, id="npu", precisions=("f16", "int8"))
    assert choose_precision("vae_decoder", npu, None) == "f16"
    assert choose_precision("vae_decoder", replace(npu, precisions=("f32", "f16")), None) == "f32"


@pytest.mark.parametrize("name", ["openvino_model.xml", "openvino_model.bin"])
def test_a_truncated_ir_without_a_manifest_is_one_sentence(tmp_path: Path, name: str) -> None:
    folder = without_manifest(tmp_path / "model")
    damaged = folder / "unet" / name
    damaged.write_bytes(damaged.read_bytes()[: damaged.stat().st_size // 2])
    with (
        pytest.raises(ModelFolderError, match="unet"),
        open_pipeline(folder, device="cpu", cache=False) as pipeline,
    ):
        pipeline.generate(TextToImage(prompt="a", num_inference_steps=1)).result()


def test_what_is_closed_is_freed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks are gigabytes: a cycle that only the garbage collector finds would keep them."""
    made: list[weakref.ref[CompiledComponent]] = []

    def remembered(*given: Any) -> CompiledComponent:
        component = compile_component(*given)
        made.append(weakref.ref(component))
        return component

    monkeypatch.setattr("runtime.backends.openvino.compile_component", remembered)
    gc.disable()
    try:
        with open_pipeline(device="cpu", cache=False) as pipeline:
            pipeline.generate(TextToImage(prompt="a", num_inference_steps=1)).result()
            assert len([reference for reference in made if reference() is not None]) == 3
        del pipeline
        assert not [reference for reference in made if reference() is not None]
    finally:
        gc.enable()
