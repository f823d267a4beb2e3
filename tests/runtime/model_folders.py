"""Small model folders written by hand: the files and values that opening one looks at, and no networks."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from runtime.errors import ModelFolderError
from runtime.manifest import Manifest, Source, describe_files
from runtime.model_folder import ModelFolder

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
        write_network(folder, name, CONFIGS["vae" if "vae" in name else name], element_type, size)
    return folder


def write_network(
    folder: Path, name: str, config: dict[str, Any], element_type: str = "f16", size: int = 8
) -> None:
    """Write one component's IR, and enter it in the index if need be."""
    entry = "vae" if "vae" in name else name
    if entry not in json.loads((folder / "model_index.json").read_text("utf-8")):
        edit(folder / "model_index.json", **{entry: ["library", "Class"]})
    write_json(folder / name / "config.json", config)
    (folder / name / "openvino_model.xml").write_text(XML.format(element_type, size), "utf-8")
    (folder / name / "openvino_model.bin").write_bytes(name.encode().ljust(size)[:size])


def write_unconditional(folder: Path) -> Path:
    """A model of pixels: a UNet, a scheduler, and nothing else."""
    write_json(folder / "model_index.json", {"_class_name": "DDPMPipeline"})
    write_json(folder / "scheduler" / "scheduler_config.json", {})
    write_network(folder, "unet", {"in_channels": 3, "out_channels": 3, "sample_size": 32})
    return folder


def write_upscaler(folder: Path) -> Path:
    """An upscaler as optimize writes it: no VAE encoder, a VAE of factor 4, two schedulers."""
    write_ir(folder)
    shutil.rmtree(folder / "vae_encoder")
    edit(folder / "unet" / "config.json", in_channels=7, num_class_embeds=1000, sample_size=128)
    edit(folder / "vae_decoder" / "config.json", block_out_channels=[8, 8, 8])
    write_json(folder / "low_res_scheduler" / "scheduler_config.json", {"beta_end": 0.02})
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


def write_manifest(folder: Path, /, location: str = "../source", **source: Any) -> Manifest:
    edit(folder / "model_index.json", _manifest="manifest.json")
    manifest = Manifest(
        source=Source(**{"location": location, "sha256": {"unet/w.safetensors": "0" * 64}} | source),
        precision="fp16",
        tools={"openvino": "2026.4.1"},
        created="2026-11-21T00:00:00+00:00",
        errors={"unet": {"fp32": 1e-6, "fp16": 2e-4}},
        files=describe_files(folder),
    )
    (folder / "manifest.json").write_bytes(manifest.to_bytes())
    return manifest


def refusal(path: Path) -> str:
    with pytest.raises(ModelFolderError) as caught:
        ModelFolder(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)
