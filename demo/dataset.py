"""Renders scenes to memory-mapped files, several processes at a time."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from demo.renderer import render
from demo.scenes import Scene, random_scenes

OBJECT, LIGHT = 1, 2  # bits of a mask


@dataclass(frozen=True, kw_only=True)
class Frames:
    """Pictures (n, height, width, 3) uint8, their masks (n, height, width) uint8, and their scenes.

    `added_above` (n,) is how many rows of sky `heightened` put on top, None for frames as they were drawn.
    """

    pictures: np.ndarray
    masks: np.ndarray
    scenes: list[Scene]
    added_above: np.ndarray | None = None


def _render_one(scene: Scene, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    drawn = render(scene, width, height)
    mask = drawn.object_mask * np.uint8(OBJECT) + drawn.light_mask * np.uint8(LIGHT)
    return np.asarray(drawn.picture), mask.astype(np.uint8)


def rendered(
    count: int, seed: int, *, width: int = 128, height: int = 128, keep_out: bool, folder: Path
) -> Frames:
    """Return `count` frames, from `folder` if an earlier run left them there, else drawn now and kept."""
    scenes = random_scenes(count, seed, keep_out=keep_out)
    name = f"{width}x{height}-{count}-{seed}{'-held-out' if keep_out else ''}"
    pictures_at, masks_at = folder / f"{name}-pictures.npy", folder / f"{name}-masks.npy"
    if not masks_at.exists():
        folder.mkdir(parents=True, exist_ok=True)
        shape = (count, height, width)
        partial_at = folder / f"{name}-partial.npy"
        pictures = np.lib.format.open_memmap(partial_at, "w+", np.uint8, (*shape, 3))
        masks = np.empty(shape, np.uint8)
        with ProcessPoolExecutor(os.cpu_count()) as pool:
            work = pool.map(partial(_render_one, width=width, height=height), scenes, chunksize=64)
            for index, (picture, mask) in enumerate(work):
                pictures[index], masks[index] = picture, mask
        pictures.flush()
        partial_at.replace(pictures_at)
        np.save(masks_at, masks)
    return Frames(pictures=np.load(pictures_at, mmap_mode="r"), masks=np.load(masks_at), scenes=scenes)


def heightened(frames: Frames, rows: int, rng: np.random.Generator) -> Frames:
    """Return the frames `rows` higher, some of that above and the rest below: more sky, more ground.

    The outermost row is repeated, blurred along the picture: what lies beyond a scene that is already whole.
    """
    above = rng.integers(0, rows // 8 + 1, len(frames.scenes)) * 8
    pictures, masks = [], []
    for picture, mask, top in zip(frames.pictures, frames.masks, above, strict=True):
        new_rows = ((0, 0), (15, 15), (0, 0))
        outer = np.stack([picture[:2].mean(0), picture[-2:].mean(0)])  # (2, width, 3)
        smooth = np.lib.stride_tricks.sliding_window_view(np.pad(outer, new_rows, "edge"), 31, axis=1).mean(
            -1
        )
        sky, ground = np.round(smooth).astype(np.uint8)
        parts = np.repeat(sky[None], top, 0), picture, np.repeat(ground[None], rows - top, 0)
        pictures.append(np.concatenate(parts))
        masks.append(np.pad(mask, ((top, rows - top), (0, 0))))
    return Frames(pictures=np.stack(pictures), masks=np.stack(masks), scenes=frames.scenes, added_above=above)
