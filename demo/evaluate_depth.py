"""Measures a depth-to-image model: `python -m demo.evaluate_depth --model DIR --scenes 100`.

Each picture gets a held-out scene's depth map, and a caption of another sky and another object's colour. Its
object's silhouette is compared with the map's own.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from demo.captions import random_caption
from demo.evaluate import grid
from demo.measure import connected, is_right, look_at
from demo.renderer import Rendering, render
from demo.scenes import COLOURS, SKIES, Scene, light_of, random_scenes

ATTRIBUTES = ("sky", "terrain", "object", "colour", "position", "light")
DEPARTURE = 24.0  # of 255: more than a well painted landscape is off by


@dataclass(frozen=True, kw_only=True)
class Case:
    """A depth map, the prompt, the scene that both describe, and its true render."""

    scene: Scene
    prompt: str
    truth: Rendering

    @property
    def depth(self) -> Image.Image:
        """The map as people keep it: 16-bit grey, near is bright."""
        return Image.fromarray(np.round(self.truth.depth * 65535).astype(np.uint16))


Painter = Callable[[list[Case], list[int]], Iterator[Image.Image]]


def cases(count: int, seed: int, width: int, height: int) -> list[Case]:
    """Return `count` cases: the depth of a held-out scene, under a sky and in a colour drawn anew."""
    rng = np.random.default_rng(seed)
    made = []
    for scene in random_scenes(count, seed, keep_out=True):
        sky = SKIES[rng.integers(len(SKIES))]
        light = "none" if scene.light == "none" else light_of(sky)
        scene = replace(scene, sky=sky, light=light, colour=COLOURS[rng.integers(len(COLOURS))])
        prompt = random_caption(scene, rng, casual=0)
        made.append(Case(scene=scene, prompt=prompt, truth=render(scene, width, height)))
    return made


def paint_with_runtime(arguments: argparse.Namespace) -> Painter:
    """Return a painter that drives Lapdraw's own runtime on an IR folder."""
    from runtime import DepthToImage, open_pipeline

    def paint(asked: list[Case], seeds: list[int]) -> Iterator[Image.Image]:
        with open_pipeline(str(arguments.model), device=arguments.device) as pipeline:
            for case, seed in zip(asked, seeds, strict=True):
                request = DepthToImage(
                    depth=case.depth,
                    prompt=case.prompt,
                    seed=seed,
                    num_inference_steps=arguments.steps,
                    guidance_scale=arguments.guidance_scale,
                )
                yield pipeline.generate(request).result().images[0]

    return paint


def paint_with_diffusers(arguments: argparse.Namespace) -> Painter:
    """Return a painter that drives diffusers on a source folder; it needs a picture, and gets a grey one."""
    import torch
    from diffusers import StableDiffusionDepth2ImgPipeline

    pipeline = StableDiffusionDepth2ImgPipeline.from_pretrained(
        arguments.model, torch_dtype=torch.float32, depth_estimator=None, feature_extractor=None
    )
    pipeline.set_progress_bar_config(disable=True)

    def paint(asked: list[Case], seeds: list[int]) -> Iterator[Image.Image]:
        for case, seed in zip(asked, seeds, strict=True):
            yield pipeline(
                case.prompt,
                image=Image.new("RGB", case.depth.size, (128, 128, 128)),
                depth_map=torch.from_numpy(case.truth.depth)[None],
                strength=1.0,
                generator=torch.Generator().manual_seed(seed),
                num_inference_steps=arguments.steps,
                guidance_scale=arguments.guidance_scale,
            ).images[0]

    return paint


def silhouette(picture: Image.Image, case: Case) -> np.ndarray:
    """Return (height, width) bool: where the picture departs from the scene's landscape with no object in it.

    The landscape is that of true renders of the scene with the object left, in the middle and right: per
    pixel the one nearest to the picture counts. Of what departs, the largest joined piece is kept.
    """
    size = picture.size
    shown = np.asarray(picture.convert("RGB"), np.float32)
    bare = []
    for position in ("left", "middle", "right"):
        drawn = render(replace(case.scene, position=position), *size)
        around = np.asarray(drawn.picture, np.float32)
        bare.append(np.where(drawn.object_mask[..., None], np.inf, around))
    departs = np.min([np.abs(shown - landscape).max(axis=-1) for landscape in bare], axis=0) > DEPARTURE
    near = Image.fromarray(departs).convert("L").filter(ImageFilter.MaxFilter(5))  # joins what is 4 apart
    return np.asarray(departs & _largest(np.asarray(near) > 0))


def _largest(mask: np.ndarray) -> np.ndarray:
    """Return the largest 4-connected component of a boolean array."""
    largest = np.zeros_like(mask)
    pieces = connected(mask)
    if pieces:
        largest[tuple(np.transpose(max(pieces, key=len)))] = True
    return largest


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Return intersection over union of two masks, 0 if both are empty."""
    union = (one | other).sum()
    return float((one & other).sum() / union) if union else 0.0


def table_of(pictures: list[Image.Image], asked: list[Case], seed: int) -> dict[str, dict[str, float]]:
    """Return for true renders, the model, and the model against other cases, what is right and how well."""
    others = [asked[i] for i in np.random.default_rng(seed).permutation(len(asked))]
    truths = [case.truth.picture for case in asked]
    table = {}
    for name, shown, wanted in (
        ("true renders", truths, asked),
        ("model", pictures, asked),
        ("chance", pictures, others),
    ):
        results = [
            is_right(look_at(picture), case.scene) for picture, case in zip(shown, wanted, strict=True)
        ]
        table[name] = {what: float(np.mean([r[what] for r in results])) for what in ATTRIBUTES}
        found = [silhouette(picture, case) for picture, case in zip(shown, asked, strict=True)]
        table[name]["silhouette IoU"] = float(
            np.mean([overlap(f, case.truth.object_mask) for f, case in zip(found, wanted, strict=True)])
        )
    return table


def sheet(pictures: list[Image.Image], asked: list[Case]) -> Image.Image:
    """Return rows of depth maps, of what the model made of them, and of true renders."""
    tiles: list[Image.Image] = []
    for start in range(0, min(len(pictures), 30), 10):
        row = asked[start : start + 10]
        tiles.extend(Image.fromarray(np.round(case.truth.depth * 255).astype(np.uint8)) for case in row)
        tiles.extend(pictures[start : start + 10])
        tiles.extend(case.truth.picture for case in row)
    return grid(tiles, 10)


def main() -> None:
    """Read the command line, evaluate, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="a diffusers folder or an IR folder")
    parser.add_argument("--scenes", type=int, default=100)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--height", type=int, default=128)
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--guidance-scale", type=float, default=7.5)
    parser.add_argument("--seed", type=int, default=9000)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--grid", type=Path, help="save the first 30 pictures here")
    parser.add_argument("--json", type=Path, help="write the table here")
    arguments = parser.parse_args()
    is_ir = (arguments.model / "unet" / "openvino_model.xml").exists()
    paint = paint_with_runtime(arguments) if is_ir else paint_with_diffusers(arguments)
    asked = cases(arguments.scenes, arguments.seed, arguments.width, arguments.height)
    pictures = list(paint(asked, list(range(arguments.seed, arguments.seed + len(asked)))))
    table = table_of(pictures, asked, arguments.seed)
    print(json.dumps(table, indent=2))
    if arguments.grid:
        sheet(pictures, asked).save(arguments.grid)
    if arguments.json:
        arguments.json.write_text(json.dumps(table, indent=2) + "\n")


if __name__ == "__main__":
    main()
