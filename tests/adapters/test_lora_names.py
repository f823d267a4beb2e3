"""The names of layers in files, in diffusers and in the original code; the tags in prompts; --lora."""

from pathlib import Path

import pytest

from runtime.adapters.layer_names import flat, names_of
from runtime.adapters.lora_keys import Key, read_key
from runtime.adapters.tags import WantedLora, wanted_loras
from runtime.errors import InvalidRequest
from runtime.prompt_syntax import parse_prompt
from runtime.request import TextToImage
from ui.lora_options import read_loras, with_tags

# As kohya-ss/sd-scripts writes a LoRA for SDXL -> the layer in diffusers (sdxl_original_unet.py there).
SDXL = {
    "input_blocks_0_0": "conv_in",
    "time_embed_0": "time_embedding.linear_1",
    "label_emb_0_2": "add_embedding.linear_2",
    "input_blocks_1_0_in_layers_2": "down_blocks.0.resnets.0.conv1",
    "input_blocks_3_0_op": "down_blocks.0.downsamplers.0.conv",
    "input_blocks_4_0_skip_connection": "down_blocks.1.resnets.0.conv_shortcut",
    "input_blocks_4_1_transformer_blocks_0_attn1_to_q": (
        "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"
    ),
    "input_blocks_8_1_transformer_blocks_9_ff_net_0_proj": (
        "down_blocks.2.attentions.1.transformer_blocks.9.ff.net.0.proj"
    ),
    "middle_block_0_emb_layers_1": "mid_block.resnets.0.time_emb_proj",
    "middle_block_1_proj_in": "mid_block.attentions.0.proj_in",
    "middle_block_2_out_layers_3": "mid_block.resnets.1.conv2",
    "output_blocks_0_1_proj_out": "up_blocks.0.attentions.0.proj_out",
    "output_blocks_2_2_conv": "up_blocks.0.upsamplers.0.conv",
    "output_blocks_5_1_transformer_blocks_1_attn2_to_out_0": (
        "up_blocks.1.attentions.2.transformer_blocks.1.attn2.to_out.0"
    ),
    "output_blocks_8_0_in_layers_2": "up_blocks.2.resnets.2.conv1",
    "out_2": "conv_out",
}


def test_names_of_the_original_code_are_those_of_the_same_layers() -> None:
    paths = {*SDXL.values(), "down_blocks.0.resnets.1.conv1"}  # which shows how many a level has
    names = names_of(paths)
    for original, path in SDXL.items():
        assert names[original] == path
        assert names[flat(path)] == path


@pytest.mark.parametrize(
    ("name", "network", "layer", "part"),
    [
        ("lora_unet_mid_block_attentions_0_proj_in.alpha", "unet", "mid_block_attentions_0_proj_in", "alpha"),
        ("lora_te_text_model_encoder_layers_0_mlp_fc1.lora_up.weight", "text_encoder",
         "encoder_layers_0_mlp_fc1", "up"),
        ("lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_up.weight", "text_encoder_2",
         "encoder_layers_0_mlp_fc1", "up"),
        ("unet.conv_in.lora_A.weight", "unet", "conv_in", "down"),
        ("unet.conv_in.lora_B.default.weight", "unet", "conv_in", "up"),
        ("base_model.model.conv_in.lora_A.weight", "unet", "conv_in", "down"),
        ("unet.mid_block.attentions.0.attn1.processor.to_out_lora.up.weight", "unet",
         "mid_block_attentions_0_attn1_to_out_0", "up"),
        ("text_encoder.text_model.encoder.layers.0.self_attn.q_proj.lora_linear_layer.down.weight",
         "text_encoder", "encoder_layers_0_self_attn_q_proj", "down"),
        ("text_encoder_2.text_model.encoder.layers.0.self_attn.q_proj.lora_A.weight", "text_encoder_2",
         "encoder_layers_0_self_attn_q_proj", "down"),
        ("lora_unet_conv_in.lora_mid.weight", "unet", "conv_in", "mid"),
    ],
)  # fmt: skip
def test_every_key_style_names_a_layer_and_a_part(name: str, network: str, layer: str, part: str) -> None:
    assert read_key(name) == Key(network=network, layer=layer, part=part)


@pytest.mark.parametrize(
    "name", ["", "x", "conv.weight", "vae.conv_in.lora_A.weight", "lora_x.lora_up.weight"]
)
def test_other_names_mean_nothing(name: str) -> None:
    assert read_key(name) is None


@pytest.mark.parametrize(
    ("tag", "name", "text", "unet"),
    [
        ("<lora:ink>", "ink", 1.0, 1.0),
        ("<lora:ink:0.8>", "ink", 0.8, 0.8),
        ("<lyco:my ink:0.8:-0.5>", "my ink", 0.8, -0.5),
        ("<LoRA:ink:te=0.25:unet=2>", "ink", 0.25, 2.0),
        ("<lora:ink:1:unet=0>", "ink", 1.0, 0.0),
    ],
)
def test_a_tag_says_the_name_and_both_weights(tag: str, name: str, text: float, unet: float) -> None:
    assert wanted_loras(parse_prompt(f"a house {tag}")) == (WantedLora(name=name, text=text, unet=unet),)


@pytest.mark.parametrize("tag", ["<lora::1>", "<lora:a:b>", "<lora:a:1:2:3>", "<lora:a:nan>", "<lora:a:1e9>"])
def test_a_tag_that_cannot_be_read_is_refused_with_the_request(tag: str) -> None:
    with pytest.raises(InvalidRequest, match="<lora:"):
        TextToImage(prompt=f"a house {tag}")


def test_a_negative_prompt_takes_no_lora() -> None:
    with pytest.raises(InvalidRequest, match="LoRAs have effect in the prompt only"):
        TextToImage(negative_prompt="<lora:ink:1>")


def test_the_option_becomes_a_tag_that_the_picture_keeps(tmp_path: Path) -> None:
    file = tmp_path / "my ink.safetensors"
    file.write_bytes(b"")
    loras = read_loras(["ink", "other:0.5", str(file), f"{file}:-0.25"])
    assert with_tags("a house", loras) == (
        "a house <lora:ink:1> <lora:other:0.5> <lora:my ink:1> <lora:my ink:-0.25>"
    )
    assert [lora.file for lora in loras] == [None, None, file, file]
    for wrong in (":1", str(tmp_path / "gone.safetensors"), "a>b"):
        with pytest.raises(InvalidRequest, match="--lora"):
            read_loras([wrong])
