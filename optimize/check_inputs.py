"""What each converted network is tried with, here and in PyTorch: the same numbers every time."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from runtime.arrays import AnyArray

ADDED_CONDITIONS = ("text_embeds", "time_ids")  # inputs that diffusers takes as added_cond_kwargs


def _random(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def token_ids(config: Mapping[str, Any]) -> dict[str, AnyArray]:
    """Two prompts: (2, 77) int64, one full, one that ends after 8 tokens and is padded."""
    length, vocabulary = int(config["max_position_embeddings"]), int(config["vocab_size"])
    start, end = vocabulary - 2, vocabulary - 1
    ids = _random(1).integers(0, start, size=(2, length), dtype=np.int64)
    ids[:, 0] = start
    ids[0, -1] = end
    ids[1, 8:] = end
    return {"input_ids": ids}


def unet_inputs(config: Mapping[str, Any]) -> dict[str, AnyArray]:
    """Noise and two prompts' embeddings, early and late; not square, to tell height from width.

    Besides them whatever the UNet is conditioned on: a distilled guidance scale, SDXL's pooled embeddings
    and sizes.
    """
    random = _random(2)
    shape = (2, int(config["in_channels"]), 16, 24)
    inputs: dict[str, AnyArray] = {
        "sample": random.standard_normal(shape, dtype=np.float32),
        "timestep": np.array([981, 41], dtype=np.int64),
        "encoder_hidden_states": random.standard_normal(
            (2, 77, int(config["cross_attention_dim"])), dtype=np.float32
        ),
    }
    if config.get("time_cond_proj_dim") is not None:
        width = int(config["time_cond_proj_dim"])
        inputs["timestep_cond"] = random.standard_normal((2, width), dtype=np.float32)
    if config.get("addition_embed_type") == "text_time":
        inputs["text_embeds"] = random.standard_normal((2, pooled_width(config)), dtype=np.float32)
        inputs["time_ids"] = np.array([[1024, 768, 0, 0, 1024, 768], [512, 512, 8, 16, 640, 512]], np.float32)
    return inputs


def control_inputs(config: Mapping[str, Any]) -> dict[str, AnyArray]:
    """What a UNet of latents gets, and two pictures to be controlled by, of eight pixels a latent."""
    inputs = unet_inputs(config)
    rows, _, height, width = inputs["sample"].shape
    factor = 1 << (len(config["conditioning_embedding_out_channels"]) - 1)
    shape = (rows, int(config["conditioning_channels"]), height * factor, width * factor)
    return inputs | {"controlnet_cond": _random(7).random(shape, dtype=np.float32)}


def pooled_width(config: Mapping[str, Any]) -> int:
    """Return how many pooled embeddings a UNet of SDXL takes beside six sizes."""
    return int(config["projection_class_embeddings_input_dim"]) - 6 * int(config["addition_time_embed_dim"])


def forward_arguments(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs of an IR as diffusers' `forward` takes them: some in a dictionary of their own."""
    arguments = {name: value for name, value in inputs.items() if name not in ADDED_CONDITIONS}
    added = {name: value for name, value in inputs.items() if name in ADDED_CONDITIONS}
    return arguments | ({"added_cond_kwargs": added} if added else {})


def upscaler_inputs(config: Mapping[str, Any]) -> dict[str, AnyArray]:
    """What a UNet gets, and two noise levels."""
    levels = np.array([20, min(350, int(config["num_class_embeds"]) - 1)], dtype=np.int64)
    return unet_inputs(config) | {"class_labels": levels}


def pixel_unet_inputs(config: Mapping[str, Any]) -> dict[str, AnyArray]:
    """Noise at two timesteps; of sides that the deepest UNet of this kind halves evenly."""
    step = 1 << (len(config["block_out_channels"]) - 1)
    shape = (2, int(config["in_channels"]), 2 * step, 3 * step)
    return {
        "sample": _random(5).standard_normal(shape, dtype=np.float32),
        "timestep": np.array([981, 41], dtype=np.int64),
    }


def depth_pixels(config: Mapping[str, Any]) -> dict[str, AnyArray]:
    """(1, 3, S, S) normalised pixels, of the only size that the network takes."""
    side = int(config["image_size"])
    return {"pixel_values": _random(6).uniform(-1.0, 1.0, (1, 3, side, side)).astype(np.float32)}


def checker_pixels(config: Mapping[str, Any]) -> dict[str, AnyArray]:
    """(2, 3, S, S) normalised pixels of the size that the safety checker takes."""
    side = int(config["vision_config"]["image_size"])
    return {"pixel_values": _random(7).uniform(-1.8, 2.0, (2, 3, side, side)).astype(np.float32)}


def latents(config: Mapping[str, Any]) -> dict[str, AnyArray]:
    """(1, C, 8, 12) latents of the spread that the decoder was trained on."""
    spread = 1.0 / float(config.get("scaling_factor", 0.18215))
    latents = _random(3).standard_normal((1, int(config["latent_channels"]), 8, 12), dtype=np.float32)
    return {"latent_sample": latents * np.float32(spread)}


def pixels(config: Mapping[str, Any]) -> dict[str, AnyArray]:
    """(1, 3, H, W) pixels in [-1, 1]."""
    factor = 1 << (len(config["block_out_channels"]) - 1)
    shape = (1, int(config["in_channels"]), 8 * factor, 12 * factor)
    return {"sample": _random(4).uniform(-1.0, 1.0, shape).astype(np.float32)}
