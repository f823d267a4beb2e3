"""Measures an unconditional model's butterflies: `python -m demo.evaluate_butterflies --model DIR`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from demo.butterflies import BACKGROUNDS, MAX_TILT, Butterfly, draw, random_butterfly

FRESH_SEED, MODEL_SEED = 977, 5000
CORNER = 6  # pixels
BACKGROUND_TOLERANCE = 12.0  # levels of 0 to 255, mean over the three colours
FIGURE_FROM = 24.0  # levels away from the background
CLEARLY = 0.8  # noise, tilted and shifted until it fits best, reaches 0.98
Painter = Callable[[int], Iterator[Image.Image]]


def paint_with_runtime(arguments: argparse.Namespace) -> Painter:
    """Return a painter that drives Lapdraw's own runtime on an IR folder."""
    from runtime import Unconditional, open_pipeline

    def paint(count: int) -> Iterator[Image.Image]:
        with open_pipeline(str(arguments.model), device=arguments.device) as pipeline:
            for index in range(count):
                request = Unconditional(seed=MODEL_SEED + index, num_inference_steps=arguments.steps)
                yield pipeline.generate(request).result().images[0]

    return paint


def paint_with_diffusers(arguments: argparse.Namespace) -> Painter:
    """Return a painter that drives diffusers on a source folder, 16 pictures at a time."""
    import torch
    from diffusers import DDPMPipeline

    pipeline = DDPMPipeline.from_pretrained(arguments.model)
    pipeline.set_progress_bar_config(disable=True)

    def paint(count: int) -> Iterator[Image.Image]:
        for start in range(0, count, 16):
            seeds = range(MODEL_SEED + start, MODEL_SEED + min(start + 16, count))
            yield from pipeline(
                batch_size=len(seeds),
                generator=[torch.Generator().manual_seed(seed) for seed in seeds],
                num_inference_steps=arguments.steps,
            ).images

    return paint


def asymmetry(picture: Image.Image, other: Image.Image | None = None) -> float:
    """Return how far a picture is from its own mirror image, or from that of `other`, in levels (0 to 255).

    It is the least mean absolute difference over tilts up to MAX_TILT and a little more, and over axes up to
    2 pixels off the centre; the outer eighth, which turning leaves empty, does not count.
    """
    edge = picture.width // 8
    best = np.inf
    for tilt in np.linspace(-MAX_TILT - 2, MAX_TILT + 2, 15):
        upright, mirrored = (
            np.asarray(p.rotate(-tilt, Image.Resampling.BICUBIC), np.float64)
            for p in (picture, other or picture)
        )
        for shift in range(-4, 5):
            difference = np.abs(upright - np.roll(mirrored[:, ::-1], shift, axis=1))
            best = min(best, float(difference[edge:-edge, edge:-edge].mean()))
    return best


def background_of(picture: Image.Image) -> int | None:
    """Return which of BACKGROUNDS the corners show, None if neither of them."""
    pixels = np.asarray(picture, np.float64)
    rows = np.r_[0:CORNER, -CORNER:0]
    corner = pixels[rows][:, rows].mean((0, 1))
    shown = [_corner_colour(index, picture.width, rows) for index in range(len(BACKGROUNDS))]
    distances = [float(np.abs(corner - colour).mean()) for colour in shown]
    nearest = int(np.argmin(distances))
    return nearest if distances[nearest] <= BACKGROUND_TOLERANCE else None


def _corner_colour(background: int, side: int, rows: np.ndarray) -> np.ndarray:
    tiny = Butterfly(shape="blue", pattern="plain", palette="azure", background=background, size=0.1)
    return np.asarray(np.asarray(draw(tiny, side), np.float64)[rows][:, rows].mean((0, 1)))


def as_rows(pictures: list[Image.Image]) -> np.ndarray:
    """Return (n, h*w*3) uint8."""
    return np.stack([np.asarray(picture).ravel() for picture in pictures])


def nearest(rows: np.ndarray, bank: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each row its nearest in `bank`: (n,) indices and (n,) root mean square differences."""
    wanted = rows.astype(np.float32)
    squared = []
    for part in np.array_split(bank, range(1000, len(bank), 1000)):
        known = part.astype(np.float32)
        squared.append((known**2).sum(1)[None] - 2 * wanted @ known.T)  # but for what all of a row share
    index = np.concatenate(squared, axis=1).argmin(1)
    return index, np.sqrt(((wanted - bank[index]) ** 2).mean(1))


def measures(pictures: list[Image.Image], bank: np.ndarray, labels: list[Butterfly]) -> dict[str, object]:
    """Return what is measured of a set of pictures; `bank` has a render per label."""
    index, distance = nearest(as_rows(pictures), bank)
    like = [labels[i] for i in index]
    backgrounds = [background_of(picture) for picture in pictures]
    others = pictures[1:] + pictures[:1]
    own = np.array([asymmetry(picture) for picture in pictures])
    swapped = np.array([asymmetry(picture, other) for picture, other in zip(pictures, others, strict=True)])
    return {
        "asymmetry": float(own.mean()),
        "asymmetry of two different pictures": float(swapped.mean()),
        "clearly nearer to own mirror image": float((own < CLEARLY * swapped).mean()),
        "known background": float(np.mean([b is not None for b in backgrounds])),
        "distance to nearest training picture": float(distance.mean()),
        "least distance to a training picture": float(distance.min()),
        "kinds": {
            "backgrounds": len({b for b in backgrounds if b is not None}),
            "palettes": len({b.palette for b in like}),
            "shapes": len({b.shape for b in like}),
            "patterns": len({b.pattern for b in like}),
        },
    }


def main() -> None:
    """Paint, measure the model's pictures, fresh renders and noise alike, print one JSON object."""
    from demo.train_butterflies import COUNT, SEED

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="IR folder, or a source with --diffusers")
    parser.add_argument("--diffusers", action="store_true")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--pictures", type=int, default=100)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--grid", type=Path, help="write the first 48 pictures on one sheet")
    arguments = parser.parse_args()
    painter = paint_with_diffusers if arguments.diffusers else paint_with_runtime
    made = list(painter(arguments)(arguments.pictures))
    side = made[0].width
    if arguments.grid:
        sheet = Image.new("RGB", (8 * side, 6 * side))
        for place, picture in enumerate(made[:48]):
            sheet.paste(picture, (place % 8 * side, place // 8 * side))
        sheet.save(arguments.grid)
    rng = np.random.default_rng(SEED)
    labels = [random_butterfly(rng) for _ in range(COUNT)]  # what the model was trained on
    drawn = [draw(butterfly, side) for butterfly in labels]
    bank = as_rows([*drawn, *(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT) for picture in drawn)])
    fresh_rng = np.random.default_rng(FRESH_SEED)
    fresh = [draw(random_butterfly(fresh_rng), side) for _ in made]
    noise = [Image.fromarray(fresh_rng.integers(0, 256, (side, side, 3), np.uint8)) for _ in made]
    sets = {"model": made, "fresh renders": fresh, "noise": noise}
    print(json.dumps({name: measures(part, bank, labels * 2) for name, part in sets.items()}, indent=1))


if __name__ == "__main__":
    main()
