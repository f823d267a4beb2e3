"""Pictures to learn upscaling from: scenes drawn at several sizes, cut to squares, and shrunk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from demo.dataset import Frames, rendered
from demo.scenes import Scene
from demo.train_vae import crop

FACTOR = 4
SEED = 301
SIZES = (
    (128, 128, 4000, 0.40),
    (192, 128, 600, 0.10),
    (256, 256, 800, 0.20),
    (512, 512, 400, 0.30),
)  # width, height, frames, share
FILTERS = (Image.Resampling.BOX, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)


class Pictures:
    """Scenes of all sizes; the same detail is coarse in one and fine in another."""

    def __init__(self, folder: Path) -> None:
        self.frames: list[Frames] = [
            rendered(count, SEED + index, width=width, height=height, keep_out=False, folder=folder)
            for index, (width, height, count, _) in enumerate(SIZES)
        ]

    def draw(self, count: int, size: int, rng: np.random.Generator) -> tuple[np.ndarray, list[Scene]]:
        """Return `count` squares of `size` pixels, (count, size, size, 3) uint8, and their scenes."""
        fitting = [i for i, (width, height, _, _) in enumerate(SIZES) if min(width, height) >= size]
        shares = np.array([SIZES[i][3] for i in fitting])
        squares, scenes = [], []
        for i in rng.choice(len(fitting), count, p=shares / shares.sum()):
            frames = self.frames[fitting[i]]
            index = int(rng.integers(len(frames.scenes)))
            squares.append(crop(frames, index, rng, size))
            scenes.append(frames.scenes[index])
        return np.stack(squares), scenes


def shrunk(picture: np.ndarray) -> np.ndarray:
    """Return (3, h/4, w/4, 3) uint8: a picture (h, w, 3) made small by each filter of FILTERS."""
    size = (picture.shape[1] // FACTOR, picture.shape[0] // FACTOR)
    return np.stack([np.asarray(Image.fromarray(picture).resize(size, kind)) for kind in FILTERS])
