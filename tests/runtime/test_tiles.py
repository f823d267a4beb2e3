"""Tiles cover everything, and what is local comes out as if there were none."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from runtime.arrays import Array
from runtime.backends.base import Conditioning
from runtime.tiles import decode_in_tiles, predict_in_tiles, tile_starts

NOTHING = Conditioning(encoder_hidden_states=None)


@given(st.integers(1, 600), st.integers(8, 128))
def test_tiles_cover_the_length_and_overlap(length: int, tile: int) -> None:
    starts = tile_starts(length, tile)
    assert starts[0] == 0
    if length > tile:
        assert starts[-1] == length - tile
        assert all(0 < b - a <= tile - tile // 4 + 1 for a, b in pairwise(starts))


@given(st.integers(8, 60), st.integers(8, 60), st.integers(8, 24))
def test_a_local_network_gives_the_same_in_tiles(height: int, width: int, tile: int) -> None:
    sample = np.random.default_rng(0).standard_normal((2, 4, height, width), dtype=np.float32)
    size = (min(tile, height), min(tile, width))
    seen: list[tuple[str, int, int]] = []

    def unet(part: Array, timestep: float, conditioning: Conditioning) -> Array:
        assert part.shape[2:] == size
        return part * np.float32(3)

    def decoder(part: Array) -> Array:
        return (part[:, :3] + 1).repeat(2, axis=2).repeat(2, axis=3)

    tiled = predict_in_tiles(unet, (height, width), size, lambda *where: seen.append(where))
    np.testing.assert_allclose(tiled(sample, 5.0, NOTHING), sample * 3, rtol=1e-5, atol=1e-6)
    pixels = decode_in_tiles(decoder, sample, size, 2, lambda *where: seen.append(where))
    np.testing.assert_allclose(pixels, decoder(sample), rtol=1e-5, atol=1e-5)
    is_tiled = size != (height, width)
    assert bool(seen) == is_tiled
    for what, number, total in seen:
        assert what in ("denoising", "decoding")
        assert 1 <= number <= total
