"""One call of each network, at the size of the model."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from runtime.backends.base import Components, Conditioning
from runtime.guidance import predict_guided, predict_plain
from runtime.latents import latent_shape
from runtime.model_folder import ModelFolder
from runtime.noise import NoiseSource
from runtime.placement import GUIDANCE_MODES
from runtime.tokenizer import ClipTokenizer

PROMPTS = ("", "a red house on green hills under a night sky with a moon")
TIMESTEP = 501.0
Benchmark = Callable[..., Any]
Open = Callable[..., Components]

pytestmark = pytest.mark.benchmark(group="networks")


def _latents(model: ModelFolder) -> Any:
    shape = latent_shape(
        1, model.latent_channels, model.default_height, model.default_width, model.vae_scale_factor
    )
    return NoiseSource(1).standard_normal(shape)


def _embeds(model: ModelFolder, rows: int) -> Any:
    width = int(model.config("unet")["cross_attention_dim"])
    return NoiseSource(2).standard_normal((rows, 77, width))


def test_text_encoder(benchmark: Benchmark, networks: Components, model: ModelFolder) -> None:
    """Both prompts of guidance."""
    tokenizer = ClipTokenizer(model.tokenizer_dir)
    ids = np.stack([tokenizer.row(tokenizer.words(text)) for text in PROMPTS])
    assert np.isfinite(benchmark(networks.text_encoder, ids).hidden).all()


@pytest.mark.parametrize("mode", GUIDANCE_MODES)
def test_guided_unet(benchmark: Benchmark, open_networks: Open, model: ModelFolder, mode: str) -> None:
    """Both halves of guidance, and their sum."""
    conditioning = Conditioning(encoder_hidden_states=_embeds(model, 2))
    predict = predict_guided(open_networks(mode).unet, conditioning, 7.5)
    assert np.isfinite(benchmark(predict, _latents(model), TIMESTEP, 0)).all()


def test_plain_unet(benchmark: Benchmark, open_networks: Open, model: ModelFolder) -> None:
    """One forward."""
    conditioning = Conditioning(encoder_hidden_states=_embeds(model, 1))
    predict = predict_plain(open_networks(guided=False).unet, conditioning)
    assert np.isfinite(benchmark(predict, _latents(model), TIMESTEP, 0)).all()


def test_vae_decoder(benchmark: Benchmark, networks: Components, model: ModelFolder) -> None:
    """Latents to pixels."""
    latents = _latents(model) / np.float32(model.scaling_factor)
    assert np.isfinite(benchmark(networks.vae_decoder, latents)).all()
