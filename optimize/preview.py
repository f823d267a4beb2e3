"""What colour a latent is: the linear map to RGB that a model's step previews are made with."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from PIL import Image

from runtime.arrays import Array
from runtime.weight_files import XML_NAME

SIDE = 128  # pixels of a fitted picture
PICTURES = 12

_EXACT = {"INFERENCE_PRECISION_HINT": "f32"}


def fit_latent_rgb(model: Path) -> tuple[tuple[float, ...], ...]:
    """Return (C + 1, 3): RGB in [-1, 1] is the latent's channels times the first rows, plus the last.

    Least squares over random colour fields, encoded by the model's IR and averaged to the size of their
    latents; where there is no encoder, over random latents and what they are decoded to. A few seconds, since
    the pictures are small. A model without a VAE needs no map: its latents are pixels.
    """
    if not (model / "vae_decoder").is_dir():
        return ()
    encodes = (model / "vae_encoder").is_dir()
    pairs = _encoded(model / "vae_encoder") if encodes else _decoded(model / "vae_decoder")
    channels = np.concatenate([latent.reshape(len(latent), -1).T for latent, _ in pairs])
    colours = np.concatenate([_shrunk(picture, latent.shape[-1]) for latent, picture in pairs])
    with_offset = np.concatenate([channels, np.ones((len(channels), 1), np.float32)], axis=1)
    solution = np.linalg.lstsq(with_offset, colours, rcond=None)[0]
    return tuple(tuple(round(float(number), 5) for number in row) for row in solution)


def colour_fields() -> list[Array]:
    """Return pictures (3, SIDE, SIDE) in [-1, 1]: random colours, blended into one another or with edges."""
    draw = np.random.default_rng(0)
    fields = []
    for number in range(PICTURES):
        cells = draw.integers(0, 256, (2 + number // 2, 2 + number // 2, 3), dtype=np.uint8)
        blend = Image.Resampling.BICUBIC if number % 2 else Image.Resampling.NEAREST
        field = Image.fromarray(cells).resize((SIDE, SIDE), blend)
        fields.append(np.asarray(field, np.float32).transpose(2, 0, 1) / 127.5 - 1)
    return fields


def _encoded(encoder: Path) -> list[tuple[Array, Array]]:
    """Return latents (C, h, w), scaled as the loop has them, and the pictures they came from."""
    factor = _config(encoder)[1]
    encode = ov.Core().compile_model(encoder / XML_NAME, "CPU", _EXACT)
    pairs = []
    for picture in colour_fields():
        moments = encode({"sample": picture[None]})[0]  # (1, 2C, h, w), the mean first
        pairs.append((moments[0, : moments.shape[1] // 2] * np.float32(factor), picture))
    return pairs


def _decoded(decoder: Path) -> list[tuple[Array, Array]]:
    """Return latents (C, h, w) of the spread that the loop ends with, and the pictures they become."""
    config, factor = _config(decoder)
    side = SIDE >> (len(config["block_out_channels"]) - 1)
    decode = ov.Core().compile_model(decoder / XML_NAME, "CPU", _EXACT)
    draw = np.random.default_rng(0)
    pairs = []
    for number in range(PICTURES):
        cells = draw.standard_normal((int(config["latent_channels"]), 2 + number // 2, 2 + number // 2))
        nearest = np.arange(side) * cells.shape[1] // side
        latent = cells[:, nearest][:, :, nearest].astype(np.float32)
        pairs.append((latent, np.array(decode({"latent_sample": latent[None] / np.float32(factor)})[0][0])))
    return pairs


def _config(component: Path) -> tuple[dict[str, Any], float]:
    config = json.loads((component / "config.json").read_bytes())
    return config, float(config.get("scaling_factor", 0.18215))


def _shrunk(picture: Array, side: int) -> Array:
    """Return (side * side, 3): a square picture (3, H, W) averaged to the size of its latent."""
    factor = picture.shape[-1] // side
    cells = picture.reshape(3, side, factor, side, factor).mean((2, 4))
    return np.asarray(cells.reshape(3, -1).T)
