"""The key styles of LoRA files: which network, which layer and which part a tensor's name means.

kohya     lora_unet_down_blocks_0_..._to_q.lora_down.weight, .alpha; LyCORIS-LoCon has .lora_mid.weight too
diffusers unet.down_blocks.0....to_q.lora_A.weight (peft), ....to_q.lora.down.weight
          ....attn1.processor.to_q_lora.down.weight (attention processors, until diffusers 0.21)
"""

import re
from dataclasses import dataclass

from runtime.adapters.layer_names import flat

DOWN, UP, MID, ALPHA = "down", "up", "mid", "alpha"
UNET, TEXT, TEXT_2 = "unet", "text_encoder", "text_encoder_2"

# How a name ends -> the part that it is. "default" is a name that peft gives.
_PARTS = (
    (re.compile(r"\.lora_(?:down|A)(?:\.default)?\.weight$"), DOWN),
    (re.compile(r"\.lora_(?:up|B)(?:\.default)?\.weight$"), UP),
    (re.compile(r"\.lora_mid\.weight$"), MID),
    (re.compile(r"(?:\.lora|\.lora_linear_layer|_lora)\.down\.weight$"), DOWN),
    (re.compile(r"(?:\.lora|\.lora_linear_layer|_lora)\.up\.weight$"), UP),
    (re.compile(r"\.alpha$"), ALPHA),
)
# Other ways to change a layer; what they are called.
_OTHERS = (
    (re.compile(r"\.hada_[wt]"), "a LyCORIS LoHa"),
    (re.compile(r"\.lokr_[wt]"), "a LyCORIS LoKr"),
    (re.compile(r"\.(dora_scale|lora_magnitude_vector)"), "a DoRA"),
    (re.compile(r"\.(diff|diff_b)$|\.lora_B\.bias$"), "a LoRA with whole weights or biases in it"),
    (re.compile(r"\.oft_|\.boft_"), "an OFT"),
    (re.compile(r"\.on_input$|\.(ia3|vera)_"), "an IA3 or VeRA"),
)
_PREFIXES = (
    ("lora_unet_", UNET),
    ("lora_te1_", TEXT),
    ("lora_te2_", TEXT_2),
    ("lora_te_", TEXT),
    ("base_model.model.unet.", UNET),
    ("base_model.model.text_encoder.", TEXT),
    ("base_model.model.", UNET),
    ("model.diffusion_model.", UNET),
    ("diffusion_model.", UNET),
    ("unet.", UNET),
    ("text_encoder_2.", TEXT_2),
    ("text_encoder.", TEXT),
)
_BARE = re.compile(r"(down_blocks|up_blocks|mid_block|time_embedding|add_embedding|conv_in|conv_out)\.")
# Names that only other kinds of models have.
_STRANGERS = (
    (re.compile(r"(double_blocks|single_blocks|single_transformer_blocks)[._]"), "Flux"),
    (re.compile(r"joint_(transformer_)?blocks[._]"), "Stable Diffusion 3"),
    (re.compile(r"motion_modules?\."), "a video model"),
    (re.compile(r"^(lora_transformer_|transformer\.)"), "a model with a transformer in place of a UNet"),
)


@dataclass(frozen=True, kw_only=True)
class Key:
    """What a tensor is for: a layer, by its flat name, of a network, and a part of its change."""

    network: str
    layer: str
    part: str


def read_key(name: str) -> Key | None:
    """Return what a tensor's name means, None where no style has such names."""
    ending, part = next(
        ((found, part) for pattern, part in _PARTS if (found := pattern.search(name))), (None, "")
    )
    if ending is None:
        return None
    body = name[: ending.start()]
    for prefix, network in _PREFIXES:
        if body.startswith(prefix):
            return Key(network=network, layer=_layer(body.removeprefix(prefix)), part=part)
    if _BARE.match(body):
        return Key(network=UNET, layer=_layer(body), part=part)
    if body.startswith("text_model."):
        return Key(network=TEXT, layer=_layer(body), part=part)
    return None


def other_method(name: str) -> str | None:
    """Return what else than a LoRA a tensor's name is of, None for nothing that is known."""
    return next((what for pattern, what in _OTHERS if pattern.search(name)), None)


def strange_family(name: str) -> str | None:
    """Return the kind of model without a UNet that a tensor's name belongs to, None for none."""
    return next((what for pattern, what in _STRANGERS if pattern.search(name)), None)


def _layer(path: str) -> str:
    """Return the flat name; attention processors name the projections of the attention they sit in."""
    path = path.replace(".processor.", ".")
    if path.endswith(".to_out"):
        path += ".0"
    return flat(path)
