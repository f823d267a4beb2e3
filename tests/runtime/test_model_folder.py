import hashlib
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.errors import ModelFolderError
from runtime.manifest import FileEntry, Manifest, Source, describe_files
from runtime.model_folder import ModelFolder, find_model, list_models

ROOT = Path(__file__).resolve().parents[2]
XML = '<net>\n<data element_type="{}" shape="4" offset="0" size="{}" />\n</net>\n'
CONFIGS: dict[str, dict[str, Any]] = {
    "text_encoder": {"hidden_size": 8},
    "unet": {"in_channels": 4, "out_channels": 4, "sample_size": 16, "cross_attention_dim": 8},
    "vae": {"block_out_channels": [8, 8, 8, 8], "latent_channels": 4, "scaling_factor": 0.25},
}


def write_json(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), "utf-8")


def edit(path: Path, **changes: object) -> None:
    write_json(path, json.loads(path.read_text("utf-8")) | changes)


def write_common(folder: Path) -> None:
    write_json(
        folder / "model_index.json",
        {
            "_class_name": "StableDiffusionPipeline",
            "safety_checker": [None, None],
            "scheduler": ["diffusers", "PNDMScheduler"],
            "text_encoder": ["transformers", "CLIPTextModel"],
            "tokenizer": ["transformers", "CLIPTokenizer"],
            "unet": ["diffusers", "UNet2DConditionModel"],
            "vae": ["diffusers", "AutoencoderKL"],
        },
    )
    write_json(folder / "scheduler" / "scheduler_config.json", {"prediction_type": "v_prediction"})
    write_json(folder / "tokenizer" / "tokenizer.json", {})


def write_ir(folder: Path, element_type: str = "f16", size: int = 8) -> Path:
    write_common(folder)
    for name in ("text_encoder", "unet", "vae_decoder", "vae_encoder"):
        write_json(folder / name / "config.json", CONFIGS[name.split("_")[0] if "vae" in name else name])
        (folder / name / "openvino_model.xml").write_text(XML.format(element_type, size), "utf-8")
        (folder / name / "openvino_model.bin").write_bytes(name.encode().ljust(size)[:size])
    return folder


def write_source(folder: Path) -> Path:
    write_common(folder)
    header = json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    for name, config in CONFIGS.items():
        write_json(folder / name / "config.json", config)
        stem = "model" if name == "text_encoder" else "diffusion_pytorch_model"
        weights = len(header).to_bytes(8, "little") + header + bytes(8)
        (folder / name / f"{stem}.safetensors").write_bytes(weights)
    return folder


def write_manifest(folder: Path, location: str = "../source") -> Manifest:
    edit(folder / "model_index.json", _manifest="manifest.json")
    manifest = Manifest(
        source=Source(location=location, revision=None, sha256={"unet/w.safetensors": "0" * 64}),
        precision="fp16",
        tools={"openvino": "2026.4.1"},
        created="2026-11-21T00:00:00+00:00",
        errors={"unet": {"fp32": 1e-6, "fp16": 2e-4}},
        files=describe_files(folder),
    )
    (folder / "manifest.json").write_bytes(manifest.to_bytes())
    return manifest


@pytest.fixture
def ir(tmp_path: Path) -> Path:
    return write_ir(tmp_path / "model")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_source(tmp_path / "source")


def refusal(path: Path) -> str:
    with pytest.raises(ModelFolderError) as caught:
        ModelFolder(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


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
    assert "holds a FluxPipeline without a UNet" in refusal(ir)


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


def test_every_file_must_be_what_the_manifest_says(ir: Path) -> None:
    write_manifest(ir)
    folder = ModelFolder(ir)
    folder.verify()
    assert folder.notes == ()
    assert folder.precision == "fp16"
    binary = ir / "unet" / "openvino_model.bin"
    binary.write_bytes(b"changed!")
    with pytest.raises(ModelFolderError, match=re.escape(f"{binary} is damaged: its sha256")):
        ModelFolder(ir).verify()
    binary.write_bytes(b"longer than it was")
    assert "it has 18 bytes, the manifest says 8" in refusal(ir)
    binary.unlink()
    assert f"{binary} is missing" in refusal(ir)


def test_changed_configuration_is_refused_when_opening(ir: Path) -> None:
    write_manifest(ir)
    path = ir / "unet" / "config.json"
    path.write_bytes(path.read_bytes().replace(b"16", b"24"))
    assert f"{path} is damaged: its sha256" in refusal(ir)


def test_what_was_verified_is_not_hashed_again(ir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_manifest(ir)
    folder = ModelFolder(ir)
    hashed: list[str] = []

    def count(path: Path) -> str:
        hashed.append(path.relative_to(ir).as_posix())
        return hashlib.sha256(path.read_bytes()).hexdigest()

    monkeypatch.setattr("runtime.model_folder.hash_of", count)
    folder.verify("unet")
    assert {name.split("/")[0] for name in hashed} == {"unet"}
    key = folder.content_key("unet")
    folder.verify()
    assert len(hashed) == len(set(hashed)) == len(describe_files(ir))
    assert folder.content_key("unet") == key


def test_content_key_follows_the_content_not_the_place(ir: Path, tmp_path: Path) -> None:
    copy = write_ir(tmp_path / "copy")
    key = ModelFolder(ir).content_key("unet")
    assert ModelFolder(copy).content_key("unet") == key
    write_manifest(copy)
    assert ModelFolder(copy).content_key("unet") == key
    assert ModelFolder(ir).content_key("vae_decoder") != key
    (ir / "unet" / "openvino_model.bin").write_bytes(b"retrained")
    assert ModelFolder(ir).content_key("unet") != key


def test_source_is_found_beside_the_model_until_it_is_gone(ir: Path, source: Path, tmp_path: Path) -> None:
    write_manifest(ir, location="../source")
    assert ModelFolder(ir).source_path == source.resolve()
    source.rename(tmp_path / "gone")
    assert ModelFolder(ir).source_path is None


def test_manifest_survives_a_round_trip(ir: Path) -> None:
    manifest = write_manifest(ir)
    assert Manifest.from_bytes(manifest.to_bytes(), "manifest.json") == manifest
    changed = replace(manifest, precision="fp32")
    assert changed.to_bytes() != manifest.to_bytes()


@given(st.data())
def test_no_changed_byte_of_a_manifest_goes_unnoticed(data: st.DataObject) -> None:
    manifest = Manifest(
        source=Source(location="org/model", revision="main", sha256={"w": "ab" * 32}),
        precision="fp16",
        tools={"openvino": "1"},
        created="now",
        errors={"unet": {"fp16": 0.5}},
        files={"unet/a": FileEntry(sha256="0" * 64, bytes=7)},
    )
    content = bytearray(manifest.to_bytes())
    index = data.draw(st.integers(0, len(content) - 1))
    content[index] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ModelFolderError):
        Manifest.from_bytes(bytes(content), "manifest.json")
    with pytest.raises(ModelFolderError):
        Manifest.from_bytes(bytes(content[:index]), "manifest.json")


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("format", 99, "has format 99, this version reads 1"),
        ("precision", "fp17", "precision must be one of fp32, fp16, int8"),
        ("source", None, "source must be an object"),
        ("tools", {"openvino": 1}, "tools.openvino must be a text"),
        ("errors", {"unet": {"fp16": "small"}}, "errors.unet.fp16 must be a number"),
        ("files", {"../outside": {"bytes": 1, "sha256": "0" * 64}}, "a path inside the folder"),
        ("files", {"C:/windows": {"bytes": 1, "sha256": "0" * 64}}, "a path inside the folder"),
        ("files", {"a": {"bytes": -1, "sha256": "0" * 64}}, "files.a.bytes must be a number of bytes"),
        ("files", {"a": {"bytes": 1, "sha256": "xyz"}}, "files.a.sha256 must be a sha256"),
        ("created", "another day", "was changed after it was written"),
    ],
)
def test_wrong_manifest_is_refused(ir: Path, key: str, value: object, says: str) -> None:
    write_manifest(ir)
    edit(ir / "manifest.json", **{key: value})
    text = refusal(ir)
    assert str(ir / "manifest.json") in text
    assert says in text


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
