"""A checkpoint in the original layout fills a module with exactly the weights of the folder it came from."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from optimize.checkpoint_weights import load_module
from runtime.checkpoint import Part, open_checkpoint, open_vae_file
from runtime.errors import ExportError, ModelFolderError
from tests.optimize.original_layout import (
    CLIP,
    OLD_CLIP,
    OPEN_CLIP,
    UNET,
    VAE,
    XL_CLIP,
    XL_OPEN_CLIP,
    vae_tensors,
    write_checkpoint,
)

CLASSES = {
    "unet": ("diffusers", "UNet2DConditionModel"),
    "vae": ("diffusers", "AutoencoderKL"),
    "text_encoder": ("transformers", "CLIPTextModel"),
    "text_encoder_2": ("transformers", "CLIPTextModelWithProjection"),
}
XL_UNET: dict[str, Any] = {
    "sample_size": 8,
    "in_channels": 9,
    "block_out_channels": (32, 64, 64),
    "layers_per_block": 2,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": (1, 2, 3),
    "cross_attention_dim": 64,
    "attention_head_dim": (2, 4, 4),
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 8,
    "projection_class_embeddings_input_dim": 80,
    "norm_num_groups": 8,
}


def _text(width: int, layers: int) -> dict[str, Any]:
    return {
        "vocab_size": 514,
        "hidden_size": width,
        "intermediate_size": 37,
        "num_attention_heads": 4,
        "num_hidden_layers": layers,
        "projection_dim": width,
        "max_position_embeddings": 77,
    }


@pytest.fixture(scope="session")
def xl_networks(tmp_path_factory: pytest.TempPathFactory, tiny_source: Path) -> Path:
    """The networks of a small SDXL for inpainting, as a diffusers folder keeps them."""
    import torch
    from diffusers import UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    folder = tmp_path_factory.mktemp("xl")
    torch.manual_seed(1)
    UNet2DConditionModel(**XL_UNET).save_pretrained(folder / "unet")
    CLIPTextModel(CLIPTextConfig(**_text(32, 2))).save_pretrained(folder / "text_encoder")
    CLIPTextModelWithProjection(CLIPTextConfig(**_text(64, 3))).save_pretrained(folder / "text_encoder_2")
    shutil.copytree(tiny_source / "vae", folder / "vae")
    return folder


def load(path: Path, folder: Path, entry: str) -> Any:
    part = open_checkpoint(path, recognise=False).parts[entry]
    return load_module(*CLASSES[entry], folder / entry, part)


def original(folder: Path, entry: str) -> Any:
    """The same module by diffusers' or transformers' own way."""
    import diffusers
    import torch
    import transformers

    library, class_name = CLASSES[entry]
    if library == "diffusers":
        return getattr(diffusers, class_name).from_pretrained(folder / entry, torch_dtype=torch.float32)
    return getattr(transformers, class_name).from_pretrained(folder / entry, dtype=torch.float32)


def assert_same(module: Any, wanted: Any, dtype: str | None = None) -> None:
    import torch

    found, expected = module.state_dict(), wanted.state_dict()
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        rounded = tensor if dtype is None else tensor.to(getattr(torch, dtype)).to(torch.float32)
        assert found[name].dtype == torch.float32
        assert torch.equal(found[name], rounded), name
    for name, buffer in wanted.named_buffers():
        assert torch.equal(dict(module.named_buffers())[name], buffer)
    assert not module.training


@pytest.mark.parametrize(
    ("family", "prefix", "dtype"),
    [
        ("tiny", CLIP, None),
        ("tiny", OLD_CLIP, "float16"),
        ("tiny-v", OPEN_CLIP, "bfloat16"),
        ("tiny-v", "conditioner.embedders.0.model.", None),
        ("tiny-inpaint", CLIP, "float16"),
    ],
)
def test_every_weight_is_that_of_the_folder(
    family_source: Callable[[str], Path], tmp_path: Path, family: str, prefix: str, dtype: str | None
) -> None:
    import torch

    folder = family_source(family)
    averages = {f"model_ema.diffusion_model{number}": torch.full((2,), 9.0) for number in range(150)}
    path = write_checkpoint(
        folder, tmp_path / "x.safetensors", text={"text_encoder": prefix}, dtype=dtype, extra=averages
    )
    for entry in ("unet", "vae", "text_encoder"):
        assert_same(load(path, folder, entry), original(folder, entry), dtype)


def test_both_text_encoders_and_the_sizes_of_sdxl(xl_networks: Path, tmp_path: Path) -> None:
    text = {"text_encoder": XL_CLIP, "text_encoder_2": XL_OPEN_CLIP}
    path = write_checkpoint(xl_networks, tmp_path / "x.safetensors", text=text)
    for entry in CLASSES:
        assert_same(load(path, xl_networks, entry), original(xl_networks, entry))


def test_it_is_what_diffusers_makes_of_the_file(
    family_source: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import diffusers

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    folder = family_source("tiny")
    path = write_checkpoint(folder, tmp_path / "x.safetensors", text={"text_encoder": CLIP})
    for entry, class_name in (("unet", "UNet2DConditionModel"), ("vae", "AutoencoderKL")):
        theirs = getattr(diffusers, class_name).from_single_file(
            str(path), config=str(folder), subfolder=entry, local_files_only=True
        )
        assert_same(load(path, folder, entry), theirs)


def _changed(path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path)
    return path


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.pop(f"{UNET}out.2.bias"), f"1 weights differ, such as {UNET}out.2.bias is missing"),
        (
            lambda t: t.update({f"{UNET}out.2.bias": t[f"{UNET}out.0.bias"].clone()}),
            "out.2.bias is (32,), not (4,)",
        ),
        (
            lambda t: t.update({f"{UNET}out.3.bias": t[f"{UNET}out.0.bias"].clone()}),
            "out.3.bias has no place",
        ),
        (lambda t: t.update({f"{UNET}out.2.bias": t[f"{UNET}out.2.bias"][:0]}), "(0,), not (4,)"),
    ],
)
def test_a_weight_too_few_too_many_or_of_another_shape_is_named(
    family_source: Callable[[str], Path], tmp_path: Path, change: Callable[[Any], object], said: str
) -> None:
    folder = family_source("tiny")
    path = write_checkpoint(folder, tmp_path / "x.safetensors", text={"text_encoder": CLIP})
    with pytest.raises(ExportError) as caught:
        load(_changed(path, change), folder, "unet")
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def _original_vae(folder: Path, path: Path, prefix: str) -> None:
    save_file({prefix + name: tensor for name, tensor in vae_tensors(folder).items()}, path)


def _diffusers_vae(folder: Path, path: Path, **renamed: str) -> None:
    tensors = load_file(folder / "diffusion_pytorch_model.safetensors")
    for new, old in renamed.items():
        name = new.replace("__", ".")
        tensors = {
            key.replace(f"attentions.0.{name}.", f"attentions.0.{old}."): tensor
            for key, tensor in tensors.items()
        }
    save_file(tensors, path)


@pytest.mark.parametrize(
    "write",
    [
        lambda folder, path: _original_vae(folder, path, ""),
        lambda folder, path: _original_vae(folder, path, VAE),
        lambda folder, path: _original_vae(folder, path, "vae."),
        _diffusers_vae,
        lambda folder, path: _diffusers_vae(
            folder, path, to_q="query", to_k="key", to_v="value", to_out__0="proj_attn"
        ),
    ],
)
def test_a_vae_alone_is_read_in_every_layout_that_circulates(
    family_source: Callable[[str], Path], tmp_path: Path, write: Callable[[Path, Path], None]
) -> None:
    folder = family_source("tiny")
    path = tmp_path / "vae.safetensors"
    write(folder / "vae", path)
    module = load_module(*CLASSES["vae"], folder / "vae", open_vae_file(path))
    assert_same(module, original(folder, "vae"))


def test_a_file_that_shrank_since_and_a_wrong_configuration(
    family_source: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = family_source("tiny")
    path = write_checkpoint(folder, tmp_path / "x.safetensors", text={"text_encoder": CLIP})
    part = open_checkpoint(path, recognise=False).parts["unet"]
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(ModelFolderError, match="is damaged"):
        load_module(*CLASSES["unet"], folder / "unet", part)
    gone = Part(file=tmp_path / "none.safetensors", layout="unet", prefix=UNET, numbers=1)
    with pytest.raises(ModelFolderError, match="is missing"):
        load_module(*CLASSES["unet"], folder / "unet", gone)
    (tmp_path / "config.json").write_text(json.dumps({"block_out_channels": 7}), "utf-8")
    with pytest.raises(ExportError, match="cannot be used"):
        load_module(*CLASSES["unet"], tmp_path, part)
