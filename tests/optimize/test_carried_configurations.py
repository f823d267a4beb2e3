"""The configurations that we carry are those of the published networks, whose weights all have a place."""

from collections import Counter
from typing import Any

import pytest

from optimize.checkpoint_keys import stored_of
from optimize.configurations import CONFIGS

# The numbers of weights that the published networks have.
PUBLISHED = {
    "sd1": {"unet": 859_520_964, "vae": 83_653_863, "text_encoder": 123_060_480},
    "sd2": {"unet": 865_910_724, "vae": 83_653_863, "text_encoder": 340_387_840},
    "sdxl": {
        "unet": 2_567_463_684,
        "vae": 83_653_863,
        "text_encoder": 123_060_480,
        "text_encoder_2": 694_659_840,
    },
}
LAYOUTS = {
    "unet": "unet",
    "vae": "vae",
    "text_encoder": "clip",
    "text_encoder_2": "open_clip",
}
LANDMARKS = {
    ("sd1", "unet"): (
        "output_blocks.11.1.transformer_blocks.0.attn2.to_k.weight",
        "input_blocks.9.0.op.bias",
    ),
    ("sd2", "unet"): ("output_blocks.8.2.conv.weight", "output_blocks.2.1.conv.weight", "time_embed.2.bias"),
    ("sd2", "text_encoder"): ("transformer.resblocks.22.mlp.c_proj.bias", "ln_final.weight"),
    ("sdxl", "unet"): ("label_emb.0.2.weight", "middle_block.1.transformer_blocks.9.ff.net.0.proj.weight"),
    ("sdxl", "text_encoder_2"): ("transformer.resblocks.31.attn.in_proj_weight", "text_projection"),
    ("sdxl", "vae"): ("decoder.up.0.block.0.nin_shortcut.weight", "encoder.down.2.downsample.conv.bias"),
}


def network(kind: str, entry: str) -> tuple[Any, dict[str, Any]]:
    """The network of a configuration, without memory for its weights."""
    import diffusers
    import torch
    import transformers

    folder = CONFIGS / kind / entry
    with torch.device("meta"):
        if entry in ("unet", "vae"):
            made = getattr(diffusers, {"unet": "UNet2DConditionModel", "vae": "AutoencoderKL"}[entry])
            settings = dict(made.load_config(folder))
            return made.from_config(settings), settings
        name = "CLIPTextModelWithProjection" if entry == "text_encoder_2" else "CLIPTextModel"
        config = transformers.CLIPTextConfig.from_pretrained(folder)
        return getattr(transformers, name)(config), config.to_dict()


@pytest.mark.parametrize(
    ("kind", "entry"), [(kind, entry) for kind in PUBLISHED for entry in PUBLISHED[kind]]
)
def test_a_network_has_the_published_size_and_each_weight_a_place(kind: str, entry: str) -> None:
    module, settings = network(kind, entry)
    assert sum(parameter.numel() for parameter in module.parameters()) == PUBLISHED[kind][entry]
    layout = "open_clip" if (kind, entry) == ("sd2", "text_encoder") else LAYOUTS[entry]
    places = [stored_of(layout, name, settings) for name in module.state_dict()]
    counted = Counter((place.names[0], place.third) for place in places)
    assert max(counted.values()) == 1
    assert {name for name, _ in counted} >= set(LANDMARKS.get((kind, entry), ()))
