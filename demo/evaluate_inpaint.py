"""Measures an inpainting model: `python -m demo.evaluate_inpaint --model DIR --scenes 100`.

Three tasks on held-out scenes. "replace": a landscape with one object, masked about it and about where the
asked object is to stand. "name": the same, but the prompt names only the object and its colour. "outpaint":
a side view that lost 64 of its 192 columns, on one side or on both.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from demo.captions import object_caption, random_caption
from demo.evaluate import grid
from demo.masks import around
from demo.measure import Seen, is_right, landscape_of, look_at
from demo.renderer import render
from demo.scenes import COLOURS, POSITIONS, Scene, kinds_on, random_scenes

TASKS = ("replace", "name", "outpaint")
NEW_COLUMNS = 64


@dataclass(frozen=True, kw_only=True)
class Case:
    """One picture to complete: `picture` with `mask` (bool, True where unknown), and what is asked for."""

    picture: Image.Image
    mask: np.ndarray
    prompt: str
    scene: Scene
    truth: Image.Image
    margins: tuple[int, int]  # new columns on the left and on the right


Painter = Callable[[list[Case], list[int]], Iterator[Image.Image]]


def cases(task: str, count: int, seed: int) -> list[Case]:
    """Return `count` cases of a task."""
    rng = np.random.default_rng(seed)
    scenes = random_scenes(count, seed, keep_out=True)
    return [_outpaint(scene, rng) if task == "outpaint" else _replace(scene, task, rng) for scene in scenes]


def _replace(scene: Scene, task: str, rng: np.random.Generator) -> Case:
    kinds, colours = kinds_on(scene.terrain), [c for c in COLOURS if c != scene.colour]
    before = replace(
        scene, kind=kinds[rng.integers(len(kinds))], colour=colours[rng.integers(len(colours))],
        position=scene.position if rng.random() < 0.5 else POSITIONS[rng.integers(3)],
    )  # fmt: skip
    drawn, wanted = render(before), render(scene)
    margin = int(rng.integers(4, 12))
    mask = around(drawn.object_mask, margin) | around(wanted.object_mask, margin)
    prompt = object_caption(scene, rng) if task == "name" else random_caption(scene, rng, casual=0)
    return Case(
        picture=drawn.picture, mask=mask, prompt=prompt, scene=scene, truth=wanted.picture, margins=(0, 0)
    )


def _outpaint(scene: Scene, rng: np.random.Generator) -> Case:
    truth = render(scene, 192, 128).picture
    left = (0, NEW_COLUMNS // 2, NEW_COLUMNS)[rng.integers(3)]
    mask = np.ones((128, 192), bool)
    mask[:, left : left + 192 - NEW_COLUMNS] = False
    prompt = random_caption(scene, rng, casual=0)
    margins = (left, NEW_COLUMNS - left)
    return Case(picture=truth, mask=mask, prompt=prompt, scene=scene, truth=truth, margins=margins)


def paint_with_runtime(arguments: argparse.Namespace) -> Painter:
    """Return a painter that drives Lapdraw's own runtime on an IR folder."""
    from runtime import Inpaint, Outpaint, open_pipeline

    def paint(asked: list[Case], seeds: list[int]) -> Iterator[Image.Image]:
        with open_pipeline(str(arguments.model), device=arguments.device) as pipeline:
            for case, seed in zip(asked, seeds, strict=True):
                common = {
                    "prompt": case.prompt, "seed": seed, "num_inference_steps": arguments.steps,
                    "guidance_scale": arguments.guidance_scale,
                }  # fmt: skip
                left, right = case.margins
                if left or right:
                    known = case.picture.crop((left, 0, case.picture.width - right, case.picture.height))
                    request: Outpaint | Inpaint = Outpaint(image=known, left=left, right=right, **common)
                else:
                    request = Inpaint(image=case.picture, mask=Image.fromarray(case.mask), **common)
                yield pipeline.generate(request).result().images[0]

    return paint


def paint_with_diffusers(arguments: argparse.Namespace) -> Painter:
    """Return a painter that drives diffusers on a source folder and pastes the known part back."""
    import torch
    from diffusers import StableDiffusionInpaintPipeline

    pipeline = StableDiffusionInpaintPipeline.from_pretrained(arguments.model, torch_dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)

    def paint(asked: list[Case], seeds: list[int]) -> Iterator[Image.Image]:
        for case, seed in zip(asked, seeds, strict=True):
            mask = Image.fromarray(case.mask).convert("L")
            made = pipeline(
                case.prompt, image=case.picture, mask_image=mask, width=mask.width, height=mask.height,
                generator=torch.Generator().manual_seed(seed), num_inference_steps=arguments.steps,
                guidance_scale=arguments.guidance_scale, strength=1.0,
            )  # fmt: skip
            yield Image.composite(made.images[0], case.picture, mask)

    return paint


def seam(picture: Image.Image, mask: np.ndarray) -> float:
    """Return the mean absolute difference, 0 to 255, of the pixels that touch across the mask's border."""
    pixels = np.asarray(picture.convert("RGB"), np.float32)
    steps = []
    for axis in (0, 1):
        border = np.diff(mask.astype(np.int8), axis=axis) != 0
        steps.append(np.abs(np.diff(pixels, axis=axis)).mean(axis=-1)[border])
    return float(np.concatenate(steps).mean())


def landscape_share(pictures: list[Image.Image], asked: list[Case], scenes: list[Scene]) -> dict[str, float]:
    """Return how often the new columns alone show the scene's sky and terrain."""
    right = []
    for picture, case, scene in zip(pictures, asked, scenes, strict=True):
        pixels = np.asarray(picture.convert("RGB"), np.float32)[:, case.mask.any(axis=0)]
        sky, terrain = landscape_of(pixels, (picture.width, picture.height))
        right.append((sky == scene.sky, terrain == scene.terrain))
    return dict(zip(("new sky", "new terrain"), np.mean(right, axis=0).tolist(), strict=True))


def table_of(task: str, pictures: list[Image.Image], asked: list[Case], seed: int) -> dict[str, object]:
    """Return how often true renders and pictures show what was asked, chance included; and their seams."""
    others = [asked[i].scene for i in np.random.default_rng(seed).permutation(len(asked))]
    scenes, truths = [case.scene for case in asked], [case.truth for case in asked]
    columns: dict[str, dict[str, float]] = {}
    for name, shown, wanted in (
        ("true renders", truths, scenes),
        ("model", pictures, scenes),
        ("chance", pictures, others),
    ):
        seen = [look_at(picture) for picture in shown]
        columns[name] = shares(seen, wanted)
        if task == "outpaint":
            columns[name] |= landscape_share(shown, asked, wanted)
    known = [
        (np.asarray(picture)[~case.mask] == np.asarray(case.picture)[~case.mask]).all()
        for picture, case in zip(pictures, asked, strict=True)
    ]
    return {
        **columns,
        "known part unchanged": float(np.mean(known)),
        "seam": float(np.mean([seam(p, c.mask) for p, c in zip(pictures, asked, strict=True)])),
        "seam of true renders": float(np.mean([seam(c.truth, c.mask) for c in asked])),
    }


def shares(seen: list[Seen], scenes: list[Scene]) -> dict[str, float]:
    """Return the share of pictures that show each attribute, and all three of the object's."""
    results = [is_right(what, scene) for what, scene in zip(seen, scenes, strict=True)]
    named = ("object", "colour", "position", "light")
    table = {name: float(np.mean([r[name] for r in results])) for name in named}
    table["all of the object"] = float(np.mean([all(r[name] for name in named[:3]) for r in results]))
    return table


def sheet(pictures: list[Image.Image], asked: list[Case]) -> Image.Image:
    """Return rows of what was given, what the model made of it, and the true render."""
    tiles = []
    for start in range(0, min(len(pictures), 30), 10):
        row = asked[start : start + 10]
        for case in row:
            pixels = np.array(case.picture)
            pixels[case.mask] = 128
            tiles.append(Image.fromarray(pixels))
        tiles.extend(pictures[start : start + 10])
        tiles.extend(case.truth for case in row)
    return grid(tiles, 10)


def main() -> None:
    """Read the command line, evaluate, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="a diffusers folder or an IR folder")
    parser.add_argument("--scenes", type=int, default=100)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--guidance-scale", type=float, default=7.5)
    parser.add_argument("--seed", type=int, default=9000)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--grids", type=Path, help="save the first 30 pictures of each task in this folder")
    parser.add_argument("--json", type=Path, help="write the tables here")
    arguments = parser.parse_args()
    is_ir = (arguments.model / "unet" / "openvino_model.xml").exists()
    paint = paint_with_runtime(arguments) if is_ir else paint_with_diffusers(arguments)
    tables = {}
    for task in arguments.tasks:
        asked = cases(task, arguments.scenes, arguments.seed)
        pictures = list(paint(asked, list(range(arguments.seed, arguments.seed + len(asked)))))
        tables[task] = table_of(task, pictures, asked, arguments.seed)
        print(task, json.dumps(tables[task], indent=2), flush=True)
        if arguments.grids:
            arguments.grids.mkdir(parents=True, exist_ok=True)
            sheet(pictures, asked).save(arguments.grids / f"{task}.png")
    if arguments.json:
        arguments.json.write_text(json.dumps(tables, indent=2) + "\n")


if __name__ == "__main__":
    main()
