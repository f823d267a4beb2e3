"""What colour a latent is: the linear map to RGB that a model's step previews are made with."""

import json
from pathlib import Path

import numpy as np
import openvino as ov
from PIL import Image

from runtime.arrays import Array
from runtime.weight_files import XML_NAME

SIDE = 128  # pixels of a fitted picture
PICTURES = 12


def fit_latent_rgb(vae_encoder: Path) -> tuple[tuple[float, ...], ...]:
    """Return (C + 1, 3): RGB in [-1, 1] is the latent's channels times the first rows, plus the last.

    Least squares over random colour fields, encoded by the IR in `vae_encoder` and averaged to the size of
    their latents. A few seconds, since the pictures are small.
    """
    config = json.loads((vae_encoder / "config.json").read_bytes())
    factor = 1 << (len(config["block_out_channels"]) - 1)
    pictures = colour_fields()
    encode = ov.Core().compile_model(vae_encoder / XML_NAME, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    rows, colours = [], []
    for picture in pictures:
        moments = encode({"sample": picture[None]})[0]  # (1, 2C, h, w), the mean first
        latent = moments[0, : moments.shape[1] // 2] * np.float32(config.get("scaling_factor", 0.18215))
        rows.append(latent.reshape(len(latent), -1).T)
        cells = picture.reshape(3, SIDE // factor, factor, SIDE // factor, factor).mean((2, 4))
        colours.append(cells.reshape(3, -1).T)
    channels = np.concatenate(rows)
    with_offset = np.concatenate([channels, np.ones((len(channels), 1), np.float32)], axis=1)
    solution = np.linalg.lstsq(with_offset, np.concatenate(colours), rcond=None)[0]
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
