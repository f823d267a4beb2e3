"""A single file is recognised by its header, and what is something else is called by its name."""

from pathlib import Path

import pytest

from runtime.checkpoint import KINDS, open_checkpoint, open_vae_file
from runtime.errors import ModelFolderError
from tests.safetensors_files import UNET, checkpoint_shapes, header_of, write_header

Shapes = dict[str, tuple[int, ...]]


def write(folder: Path, shapes: Shapes, dtype: str = "F16") -> Path:
    return write_header(folder / "x.safetensors", header_of(shapes, dtype))


def refused(path: Path) -> str:
    with pytest.raises(ModelFolderError) as caught:
        open_checkpoint(path)
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(f"{path} ")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16"])
def test_each_kind_is_recognised_with_its_parts(tmp_path: Path, kind: object, dtype: str) -> None:
    wanted = next(row for row in KINDS if row == kind)
    path = write(tmp_path, checkpoint_shapes(wanted.context, wanted.channels), dtype)
    found = open_checkpoint(path)
    assert found.kind == wanted
    assert set(found.parts) == {"unet", "vae", *wanted.text_encoders}
    assert found.parts["vae"].numbers == 4 * 4 * 9


def test_a_file_without_its_vae_and_with_averaged_weights(tmp_path: Path) -> None:
    shapes = checkpoint_shapes(768, vae=False)
    shapes |= {"model_ema." + name.replace(".", ""): shape for name, shape in shapes.items()}
    found = open_checkpoint(write(tmp_path, shapes))
    assert set(found.parts) == {"unet", "text_encoder"}
    assert found.parts["unet"].numbers == sum((320 * 4 * 9, 4 * 768, 4 * 768))


@pytest.mark.parametrize(
    ("token", "layout", "prefix"),
    [
        ("cond_stage_model.transformer.text_model.embeddings.token_embedding.weight", "clip", "text_model."),
        ("cond_stage_model.transformer.embeddings.token_embedding.weight", "clip", "transformer."),
        ("conditioner.embedders.0.model.token_embedding.weight", "open_clip", "model."),
    ],
)
def test_text_encoders_under_the_names_that_circulate(
    tmp_path: Path, token: str, layout: str, prefix: str
) -> None:
    shapes = {name: shape for name, shape in checkpoint_shapes(768).items() if "token" not in name}
    part = open_checkpoint(write(tmp_path, shapes | {token: (2, 4)})).parts["text_encoder"]
    assert part.layout == layout
    assert part.prefix.endswith(prefix)


@pytest.mark.parametrize(
    ("shapes", "said"),
    [
        ({"lora_unet_down.lora_up.weight": (1,)}, "is a LoRA"),
        ({"unet.mid_block.attentions.0.proj_in.lora_A.weight": (1,)}, "is a LoRA"),
        ({"control_model.input_blocks.0.0.weight": (1,)}, "is a ControlNet"),
        ({"model.diffusion_model.joint_blocks.0.x_block.attn.proj.weight": (1,)}, "is a Stable Diffusion 3"),
        ({"double_blocks.0.img_attn.proj.weight": (1,)}, "is a Flux"),
        ({"emb_params": (2, 768)}, "is a textual inversion"),
        ({"down_blocks.0.resnets.0.conv1.weight": (1,)}, "is one network in diffusers' layout"),
        ({"text_model.final_layer_norm.weight": (1,)}, "is one network in diffusers' layout"),
        ({"first_stage_model.decoder.conv_in.weight": (4, 4, 3, 3)}, "is a VAE alone, which goes with --vae"),
        ({"decoder.mid.block_1.conv1.weight": (1,)}, "is a VAE alone"),
        ({"weight": (1,), "bias": (1,)}, "is no Stable Diffusion in the original layout (it holds 'bias'"),
        ({}, "(it holds nothing)"),
        ({UNET + "input_blocks.0.0.weight": (320, 4)}, "is no Stable Diffusion"),
        (checkpoint_shapes(1280), "prompts of width 1280, which is none of"),
        (checkpoint_shapes(768, 5), "takes 5 and prompts of width 768"),
        ({UNET + "input_blocks.0.0.weight": (320, 4, 3, 3)}, "prompts of width 0"),
        (
            checkpoint_shapes(768) | {f"{UNET}time_embed.cond_proj.weight": (320, 256)},
            "is distilled with a guidance embedding (LCM)",
        ),
        (checkpoint_shapes(2048) | {"edm_mean": (4,)}, "is a Playground"),
        (
            {name: shape for name, shape in checkpoint_shapes(2048).items() if ".9." not in name},
            "is smaller than a Stable Diffusion XL",
        ),
    ],
)
def test_what_is_something_else_is_called_by_its_name(tmp_path: Path, shapes: Shapes, said: str) -> None:
    assert said in refused(write(tmp_path, shapes))


@pytest.mark.parametrize("dtype", ["F8_E4M3", "I8", "F64"])
def test_numbers_of_another_kind_are_refused(tmp_path: Path, dtype: str) -> None:
    assert f"as {dtype}: take a version of it in F32" in refused(
        write(tmp_path, checkpoint_shapes(768), dtype)
    )


def test_a_vae_file_is_told_from_others(tmp_path: Path) -> None:
    part = open_vae_file(write(tmp_path, checkpoint_shapes(768)))
    assert (part.layout, part.prefix) == ("vae", "first_stage_model.")
    with pytest.raises(ModelFolderError, match="holds no VAE"):
        open_vae_file(write(tmp_path, checkpoint_shapes(768, vae=False)))
    with pytest.raises(ModelFolderError, match="is a pickle"):
        open_vae_file(tmp_path / "vae.pt")
