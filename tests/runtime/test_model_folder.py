import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runtime.errors import ModelFolderError
from runtime.model_folder import ModelFolder
from runtime.models import find_model, list_models
from tests.runtime.model_folders import CONFIGS, edit, refusal, write_ir, write_json

ROOT = Path(__file__).resolve().parents[2]


def test_ir_folder_tells_what_it_holds(ir: Path) -> None:
    folder = ModelFolder(ir)
    assert folder.name == "model"
    assert folder.kind == "openvino"
    assert folder.components == ("text_encoder", "unet", "vae_decoder", "vae_encoder")
    assert folder.precision == "fp16"
    assert folder.ir("unet") == ir / "unet" / "openvino_model.xml"
    assert folder.tokenizer_dir == ir / "tokenizer"
    assert (folder.vae_scale_factor, folder.scaling_factor) == (8, 0.25)
    assert (folder.default_width, folder.default_height) == (128, 128)
    assert (folder.latent_channels, folder.unet_in_channels) == (4, 4)
    assert folder.prediction_type == "v_prediction"
    assert folder.pipeline_class == "StableDiffusionPipeline"
    assert folder.notes == ("no manifest.json: contents are not verified",)
    assert folder.source_path is None


def test_source_folder_tells_what_it_holds(source: Path) -> None:
    folder = ModelFolder(source)
    assert folder.kind == "diffusers"
    assert folder.components == ("text_encoder", "unet", "vae_decoder", "vae_encoder")
    assert folder.precision == "fp32"
    assert folder.config("vae_encoder") == CONFIGS["vae"]
    assert folder.source_path == source
    with pytest.raises(ModelFolderError, match=r"diffusers folder without OpenVINO IR: convert it"):
        folder.ir("unet")


@pytest.mark.parametrize(
    ("element_type", "precision"), [("f32", "fp32"), ("f16", "fp16"), ("u8", "int8"), ("boolean", "unknown")]
)
def test_precision_without_a_manifest_is_read_from_the_graph(
    tmp_path: Path, element_type: str, precision: str
) -> None:
    assert ModelFolder(write_ir(tmp_path / "m", element_type)).precision == precision


def test_sample_size_may_have_two_sides(ir: Path) -> None:
    edit(ir / "unet" / "config.json", sample_size=[16, 24])
    folder = ModelFolder(ir)
    assert (folder.default_height, folder.default_width) == (128, 192)


def test_text_to_image_needs_no_vae_encoder(ir: Path) -> None:
    for path in (ir / "vae_encoder").iterdir():
        path.unlink()
    (ir / "vae_encoder").rmdir()
    folder = ModelFolder(ir)
    assert "vae_encoder" not in folder.components
    with pytest.raises(
        ModelFolderError, match="has no vae_encoder: it holds text_encoder, unet, vae_decoder"
    ):
        folder.ir("vae_encoder")


def test_model_without_a_text_encoder_takes_no_prompt(tmp_path: Path) -> None:
    folder = write_ir(tmp_path / "m")
    write_json(
        folder / "model_index.json", {"_class_name": "DDPMPipeline", "unet": ["diffusers", "UNet2DModel"]}
    )
    opened = ModelFolder(folder)
    assert opened.components == ("unet",)
    assert (opened.vae_scale_factor, opened.default_width) == (1, 16)
    with pytest.raises(ModelFolderError, match="takes no prompt"):
        _ = opened.tokenizer_dir


@pytest.mark.parametrize("component", ["text_encoder", "unet", "vae_decoder"])
def test_missing_component_is_named(ir: Path, component: str) -> None:
    (ir / component).rename(ir / "elsewhere")
    assert f"lacks its {component}" in refusal(ir)


@pytest.mark.parametrize(
    "name",
    [
        "model_index.json",
        "scheduler/scheduler_config.json",
        "tokenizer/tokenizer.json",
        "unet/config.json",
        "unet/openvino_model.xml",
        "unet/openvino_model.bin",
        "vae_encoder/openvino_model.bin",
        "vae_decoder/openvino_model.xml",
    ],
)
def test_missing_file_is_named(ir: Path, name: str) -> None:
    (ir / name).unlink()
    text = refusal(ir)
    assert str(ir / name) in text or (name.startswith("tokenizer") and "tokenizer.json" in text)
    assert "missing" in text


def test_truncated_graph_and_weights_are_named(ir: Path) -> None:
    xml, binary = ir / "unet" / "openvino_model.xml", ir / "vae_decoder" / "openvino_model.bin"
    whole = xml.read_bytes()
    xml.write_bytes(whole[: len(whole) // 2])
    assert f"{xml} is damaged" in refusal(ir)
    xml.write_bytes(whole)
    binary.write_bytes(binary.read_bytes()[:-1])
    assert f"{binary} is damaged: it has 7 bytes, its xml needs 8" in refusal(ir)


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("model_index.json", b"{", "not valid JSON"),
        ("model_index.json", b"\xff\xfe", "not valid JSON"),
        ("model_index.json", b"[1]", "must hold a JSON object"),
        ("unet/config.json", b"[" * 100_000, "not valid JSON"),
        ("unet/config.json", b"{}", "in_channels must be a positive integer, got None"),
        ("unet/config.json", b'{"in_channels": 4, "out_channels": 4, "sample_size": "x"}', "sample_size"),
        ("vae_decoder/config.json", b'{"latent_channels": 4, "block_out_channels": 3}', "block_out_channels"),
        (
            "vae_decoder/config.json",
            b'{"latent_channels": true}',
            "latent_channels must be a positive integer",
        ),
        ("scheduler/scheduler_config.json", b'{"prediction_type": "flow"}', "prediction_type 'flow'"),
    ],
)
def test_wrong_content_is_named(ir: Path, file: str, content: bytes, says: str) -> None:
    (ir / file).write_bytes(content)
    text = refusal(ir)
    assert str(ir / file) in text
    assert says in text


def test_scaling_factor_must_be_positive(ir: Path) -> None:
    edit(ir / "vae_decoder" / "config.json", scaling_factor=0)
    assert "scaling_factor must be a positive number, got 0" in refusal(ir)


def test_other_architecture_is_refused(ir: Path) -> None:
    write_json(ir / "model_index.json", {"_class_name": "FluxPipeline", "transformer": ["diffusers", "Flux"]})
    assert "holds a FluxPipeline, which is not a UNet" in refusal(ir)


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "is a file, not a model folder" in refusal(tmp_path / "file")
    assert "there is no model folder" in refusal(tmp_path / "nothing")
    assert "the folder holds file" in refusal(tmp_path)


@pytest.mark.parametrize("blocked", ["model", "config.json", "openvino_model.xml", "openvino_model.bin"])
def test_unreadable_files_are_named(ir: Path, monkeypatch: pytest.MonkeyPatch, blocked: str) -> None:
    def guard(method: Any) -> Any:
        def guarded(self: Path, *arguments: Any, **options: Any) -> Any:
            if self.name == blocked:
                raise PermissionError(13, "Permission denied", str(self))
            return method(self, *arguments, **options)

        return guarded

    for name in ("read_bytes", "iterdir"):
        monkeypatch.setattr(Path, name, guard(getattr(Path, name)))
    if blocked == "openvino_model.bin":
        monkeypatch.setattr(Path, "open", guard(Path.open))
        folder = ModelFolder(ir)
        with pytest.raises(ModelFolderError, match="cannot be read"):
            folder.content_key("unet")
    else:
        assert "cannot be read (Permission denied): check its permissions" in refusal(ir)


def test_model_is_found_by_path_then_by_name_and_ones_own_first(tmp_path: Path) -> None:
    data, bundled = tmp_path / "data", tmp_path / "bundled"
    write_ir(data / "models" / "mine", "f32")
    write_ir(data / "models" / "demo", "f32")
    write_ir(bundled / "demo", "f16")
    write_ir(bundled / "other", "f16")
    (data / "models" / ".partial-x" / "model").mkdir(parents=True)
    assert find_model("demo", data, bundled).precision == "fp32"
    assert find_model("other", data, bundled).path == bundled / "other"
    assert find_model(bundled / "demo", data, bundled).precision == "fp16"
    listed = list_models(data, bundled)
    assert [(model.name, model.bundled) for model in listed] == [
        ("demo", False),
        ("mine", False),
        ("other", True),
    ]
    assert listed[1].open().name == "mine"


def test_unknown_model_is_refused_with_the_known_names(tmp_path: Path) -> None:
    write_ir(tmp_path / "models" / "mine")
    with pytest.raises(ModelFolderError, match="no model 'mien': known are mine; or give a folder"):
        find_model("mien", tmp_path, tmp_path / "nowhere")
    with pytest.raises(ModelFolderError, match="known are none"):
        find_model("mine", tmp_path / "elsewhere")


@pytest.mark.skipif(os.name == "nt", reason="folders of that name are not possible")
def test_folder_beside_the_caller_does_not_hide_a_model_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    write_ir(tmp_path / "data" / "models" / "mine")
    assert find_model("mine", tmp_path / "data").kind == "openvino"
    with pytest.raises(ModelFolderError, match="the folder holds nothing"):
        find_model("mine", tmp_path / "empty")


def test_opening_imports_no_heavy_library() -> None:
    script = (
        "import sys, runtime.model_folder; "
        "print(sorted({'torch', 'openvino', 'numpy', 'diffusers', 'transformers'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
