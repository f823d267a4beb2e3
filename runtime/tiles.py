"""Networks over more than they were prepared for: overlapping tiles, blended with soft edges.

Predictions are blended at every step (Bar-Tal et al. 2023, arXiv 2302.08113), so that tiles agree on the
picture while it forms and no seam is left to hide; memory is that of one tile.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from runtime.arrays import Array
from runtime.backends.base import Conditioning, UNet, VaeDecoder

Size = tuple[int, int]  # height, width in latents
OnTile = Callable[[str, int, int], None]  # what is going on, number of the tile from 1, how many there are
OVERLAP = 4  # neighbours share at least one part in this many of a tile's side


def tile_starts(length: int, tile: int) -> list[int]:
    """Return where tiles of side `tile` begin, so that they cover `length` evenly, neighbours overlapping."""
    if tile >= length:
        return [0]
    stride = tile - max(1, tile // OVERLAP)
    count = 1 + -(-(length - tile) // stride)
    return [round(number * (length - tile) / (count - 1)) for number in range(count)]


def soft_edges(tile: Size) -> Array:
    """Return weights (h, w) that fall off linearly over the overlap towards every edge, nowhere to zero."""
    rows, columns = (_ramp(side) for side in tile)
    return np.asarray(rows[:, None] * columns[None, :], np.float32)


def predict_in_tiles(unet: UNet, whole: Size, tile: Size, on_tile: OnTile) -> UNet:
    """Return a UNet for samples of size `whole` from one prepared for size `tile`."""
    if whole == tile:
        return unet

    def tiled(sample: Array, timestep: float, conditioning: Conditioning) -> Array:
        told = conditioning

        def begin(number: int, total: int) -> None:
            nonlocal told
            told = replace(conditioning, tile=number)
            on_tile("denoising", number, total)

        return _blended(lambda part: unet(part, timestep, told), sample, tile, 1, begin)

    return tiled


def decode_in_tiles(
    vae_decoder: VaeDecoder, latents: Array, tile: Size, factor: int, on_tile: OnTile
) -> Array:
    """Return pixels (B, 3, H, W) of latents of any size from a decoder prepared for size `tile`."""
    if latents.shape[2:] == tile:
        return vae_decoder(latents)
    return _blended(vae_decoder, latents, tile, factor, lambda *where: on_tile("decoding", *where))


def _blended(
    network: Callable[[Array], Array],
    whole: Array,
    tile: Size,
    factor: int,
    on_tile: Callable[[int, int], None],
) -> Array:
    """Run a network over every tile of `whole` (B, C, h, w); its results are `factor` times as large."""
    places = list(_places(whole.shape[2:], tile))
    weights = soft_edges((tile[0] * factor, tile[1] * factor))
    total: Array | None = None
    height, width = whole.shape[2] * factor, whole.shape[3] * factor
    covered = np.zeros((height, width), np.float32)
    for number, (y, x) in enumerate(places, start=1):
        on_tile(number, len(places))
        part = network(np.ascontiguousarray(whole[:, :, y : y + tile[0], x : x + tile[1]]))
        if total is None:
            total = np.zeros((*part.shape[:2], height, width), np.float32)
        rows = slice(y * factor, (y + tile[0]) * factor)
        columns = slice(x * factor, (x + tile[1]) * factor)
        total[:, :, rows, columns] += part * weights
        covered[rows, columns] += weights
    assert total is not None  # there is at least one tile
    total /= covered
    return total


def _places(whole: Size, tile: Size) -> Iterator[Size]:
    for y in tile_starts(whole[0], tile[0]):
        for x in tile_starts(whole[1], tile[1]):
            yield y, x


def _ramp(side: int) -> Array:
    steps = np.arange(1, side + 1, dtype=np.float32)
    return np.minimum(np.minimum(steps, steps[::-1]), max(1, side // OVERLAP))
