import json
import shutil
import socket
from pathlib import Path

import openvino as ov
import pytest

from optimize import Phase, export_model
from optimize.families import MAX_ERROR
from runtime.errors import ExportError
from runtime.manifest import FileEntry, describe_files
from runtime.model_folder import ModelFolder

COMPONENTS = ("text_encoder", "unet", "vae_decoder", "vae_encoder")


def weights_of(folder: ModelFolder) -> dict[str, FileEntry]:
    """The weight files; graphs differ from run to run in the numbers that nodes are named by."""
    assert folder.manifest is not None
    return {name: entry for name, entry in folder.manifest.files.items() if name.endswith("model.bin")}


def test_exported_folder_opens_and_verifies(exported: ModelFolder, tiny_source: Path) -> None:
    folder = ModelFolder(exported.path)
    folder.verify()
    assert folder.kind == "openvino"
    assert folder.components == COMPONENTS
    assert folder.precision == "fp16"
    assert folder.notes == ()
    assert (folder.default_width, folder.default_height) == (64, 64)
    assert folder.source_path == tiny_source.resolve()


def test_weights_are_stored_in_fp16(exported: ModelFolder) -> None:
    model = ov.Core().read_model(exported.ir("unet"))
    stored = {ov.Type.f16: 0, ov.Type.f32: 0}
    for node in model.get_ops():
        if node.get_type_name() == "Constant" and node.get_element_type() in stored:
            stored[node.get_element_type()] += node.data.size
    assert stored[ov.Type.f16] > 900_000
    assert stored[ov.Type.f32] < 1024


def test_shapes_stay_dynamic_on_disk(exported: ModelFolder) -> None:
    sample = ov.Core().read_model(exported.ir("unet")).input("sample").get_partial_shape()
    assert [dimension.is_dynamic for dimension in sample] == [True, False, True, True]


def test_fp16_export_of_an_fp16_source_loses_nothing(exported: ModelFolder) -> None:
    assert exported.manifest is not None
    for component in COMPONENTS:
        errors = exported.manifest.errors[component]
        assert errors["fp16"] == errors["fp32"]
        assert 0 < errors["fp16"] < 1e-5


def test_fp16_export_of_an_fp32_source_records_both_errors(exported_v: ModelFolder) -> None:
    assert exported_v.manifest is not None
    for component in COMPONENTS:
        errors = exported_v.manifest.errors[component]
        assert errors["fp32"] < 1e-5 < errors["fp16"] < MAX_ERROR["fp16"]


def test_vae_of_a_model_that_predicts_v_keeps_its_activation_scale(
    exported: ModelFolder, exported_v: ModelFolder
) -> None:
    assert exported_v.prediction_type == "v_prediction"
    path = ["runtime_options", "ACTIVATIONS_SCALE_FACTOR"]
    for component in COMPONENTS:
        scaled = ov.Core().read_model(exported_v.ir(component))
        assert scaled.has_rt_info(path) == component.startswith("vae")
        assert not ov.Core().read_model(exported.ir(component)).has_rt_info(path)
    assert ov.Core().read_model(exported_v.ir("vae_decoder")).get_rt_info(path).value == "8.0"


def test_fp32_export_keeps_every_weight(tiny_source: Path, tmp_path: Path, recorded) -> None:
    phases: list[Phase] = []
    folder = export_model(
        tiny_source, tmp_path / "tiny", precision="fp32", progress=phases.append, convert=recorded
    )
    assert folder.precision == "fp32"
    assert folder.manifest is not None
    assert all(set(errors) == {"fp32"} for errors in folder.manifest.errors.values())
    assert [phase.index for phase in phases] == list(range(1, phases[0].total + 1))
    assert [phase.name for phase in phases] == [
        "checking source",
        "loading unet",
        "exporting unet",
        "loading text_encoder",
        "exporting text_encoder",
        "loading vae",
        "exporting vae_decoder",
        "exporting vae_encoder",
        "exporting tokenizer",
        "checking unet",
        "checking text_encoder",
        "checking vae_decoder",
        "checking vae_encoder",
        "writing manifest",
    ]
    types = {
        node.get_element_type()
        for node in ov.Core().read_model(folder.ir("unet")).get_ops()
        if node.get_type_name() == "Constant"
    }
    assert ov.Type.f16 not in types


def test_tokenizer_is_written_in_every_form(exported: ModelFolder, tiny_source: Path) -> None:
    names = {path.name for path in exported.tokenizer_dir.iterdir()}
    assert {"tokenizer.json", "vocab.json", "merges.txt", "tokenizer_config.json"} <= names
    assert {"openvino_tokenizer.xml", "openvino_tokenizer.bin", "openvino_detokenizer.xml"} <= names
    vocabulary = json.loads((tiny_source / "tokenizer/vocab.json").read_text(encoding="utf-8"))
    assert (
        json.loads((exported.tokenizer_dir / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
        == vocabulary
    )


def test_vocabulary_files_are_made_from_tokenizer_json(exported: ModelFolder, tmp_path: Path) -> None:
    from optimize.tokenizer import write_tokenizer

    source = tmp_path / "source"
    source.mkdir()
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(exported.tokenizer_dir / name, source)
    write_tokenizer(source, tmp_path / "out")
    for name in ("vocab.json", "merges.txt"):
        assert (tmp_path / "out" / name).exists()
    made = json.loads((tmp_path / "out/vocab.json").read_text("utf-8"))
    assert made == json.loads((exported.tokenizer_dir / "vocab.json").read_text("utf-8"))


def test_manifest_names_every_file_and_no_path_of_this_machine(exported: ModelFolder) -> None:
    assert exported.manifest is not None
    assert exported.manifest.files == describe_files(exported.path)
    assert set(exported.manifest.source.sha256) == {
        "unet/diffusion_pytorch_model.safetensors",
        "text_encoder/model.safetensors",
        "vae/diffusion_pytorch_model.safetensors",
    }
    assert not exported.manifest.source.location.startswith("/")
    assert {"openvino", "torch", "optimum-intel"} <= set(exported.manifest.tools)
    for path in exported.path.rglob("*.json"):
        assert str(exported.path.parents[2]) not in path.read_text("utf-8")
        assert "_name_or_path" not in path.read_text("utf-8")


def test_export_needs_no_network(tiny_source: Path, tmp_path: Path, export, monkeypatch) -> None:
    tried: list[object] = []

    def refuse(self: socket.socket, address: object) -> None:
        tried.append(address)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    export(tiny_source, tmp_path / "tiny")
    assert tried == []
    assert not (tmp_path / "home" / "intel").exists()  # where OpenVINO's telemetry keeps its identifier


def test_wrong_conversion_is_refused_and_leaves_nothing(
    tiny_source: Path, tmp_path: Path, export, monkeypatch
) -> None:
    from optimize import convert

    def spoil(module, row, source, arrange=convert._arrange) -> None:
        arrange(module, row, source)
        if row.name == "vae_decoder":
            decode = module.forward
            calls: list[int] = []

            def forward(latent_sample):
                calls.append(1)
                return decode(latent_sample if len(calls) == 1 else latent_sample * 1.5)

            module.forward = forward

    monkeypatch.setattr(convert, "_arrange", spoil)
    with pytest.raises(ExportError, match=r"vae_decoder in fp16 is off by .* at most 2e-02"):
        export(tiny_source, tmp_path / "tiny")
    assert list(tmp_path.iterdir()) == []


def test_missing_weights_are_refused_though_diffusers_would_fill_them_in(
    tiny_source: Path, tmp_path: Path, export
) -> None:
    from safetensors.numpy import load_file, save_file

    source = shutil.copytree(tiny_source, tmp_path / "source")
    path = source / "unet" / "diffusion_pytorch_model.safetensors"
    weights = load_file(path)
    del weights["conv_out.weight"]
    save_file(weights, path, metadata={"format": "pt"})
    with pytest.raises(ExportError, match=r"unet lacks 1 of the weights .* conv_out\.weight"):
        export(source, tmp_path / "tiny")
    assert not (tmp_path / "tiny").exists()


def test_sharded_and_variant_weights_export_the_same_weights(
    tiny_source: Path, exported: ModelFolder, tmp_path: Path, export
) -> None:
    from diffusers import UNet2DConditionModel

    source = shutil.copytree(tiny_source, tmp_path / "source")
    vae = source / "vae" / "diffusion_pytorch_model.safetensors"
    vae.rename(vae.with_name("diffusion_pytorch_model.fp16.safetensors"))
    unet = UNet2DConditionModel.from_pretrained(source / "unet")
    shutil.rmtree(source / "unet")
    unet.half().save_pretrained(source / "unet", max_shard_size="500KB")
    assert len(list((source / "unet").glob("*.safetensors"))) > 1
    folder = export(source, tmp_path / "tiny")
    assert weights_of(folder) == weights_of(exported)
