"""Measures a demo ControlNet: `python -m demo.evaluate_controlnet --net DIR --scenes 50`.

Each picture gets a held-out scene's outlines, and a caption of another sky and another object's colour. The
outlines of what comes are compared with those that were given, a pixel of distance allowed.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from demo.evaluate import grid
from demo.evaluate_depth import Case, cases
from demo.measure import is_right, look_at
from demo.train_controlnet import outlines_of
from runtime import TextToImage, open_pipeline

ATTRIBUTES = ("sky", "colour")  # what the caption says and outlines do not


def overlap(given: np.ndarray, found: np.ndarray) -> float:
    """Return the F1 score of outlines (H, W) bool within a pixel of each other, 0 where either has none."""
    if not given.any() or not found.any():
        return 0.0
    precision = (found & _grown(given)).sum() / found.sum()
    recall = (given & _grown(found)).sum() / given.sum()
    return float(2 * precision * recall / max(precision + recall, 1e-9))


def _grown(mask: np.ndarray) -> np.ndarray:
    """Return the mask with every pixel beside it."""
    return np.asarray(Image.fromarray(mask).convert("L").filter(ImageFilter.MaxFilter(3))) > 0


def outline_picture(case: Case) -> Image.Image:
    """Return what the net is shown of a case: white outlines on black."""
    edges = outlines_of(np.asarray(case.truth.picture))
    return Image.fromarray(np.where(edges, 255, 0).astype(np.uint8)).convert("RGB")


def paint(arguments: argparse.Namespace, asked: list[Case], *, weight: float) -> list[Image.Image]:
    """Return a picture for each case, made by our own runtime; without the net at weight 0."""
    pictures = []
    with open_pipeline(str(arguments.model), device=arguments.device) as pipeline:
        for number, case in enumerate(asked):
            control = {"net": str(arguments.net), "image": outline_picture(case), "weight": weight}
            request = TextToImage(
                prompt=case.prompt,
                seed=arguments.seed + number,
                num_inference_steps=arguments.steps,
                guidance_scale=arguments.guidance_scale,
                width=128,
                height=128,
                controls=[control],
            )
            pictures.append(pipeline.generate(request).result().images[0])
    return pictures


def row(pictures: list[Image.Image], asked: list[Case]) -> dict[str, float]:
    """Return how well outlines and attributes are met."""
    found = [outlines_of(np.asarray(picture)) for picture in pictures]
    given = [outlines_of(np.asarray(case.truth.picture)) for case in asked]
    results = [is_right(look_at(picture), case.scene) for picture, case in zip(pictures, asked, strict=True)]
    told = {what: float(np.mean([result[what] for result in results])) for what in ATTRIBUTES}
    return {"outline F1": float(np.mean([overlap(*pair) for pair in zip(given, found, strict=True)]))} | told


def main() -> None:
    """Read the command line, evaluate, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--net", type=Path, required=True, help="its OpenVINO folder")
    parser.add_argument("--model", default="demo-scenes")
    parser.add_argument("--scenes", type=int, default=50)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--guidance-scale", type=float, default=7.5)
    parser.add_argument("--weight", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=9000)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--grid", type=Path, help="save the first pictures here")
    parser.add_argument("--json", type=Path, help="write the table here")
    arguments = parser.parse_args()
    asked = cases(arguments.scenes, arguments.seed, 128, 128)
    made = paint(arguments, asked, weight=arguments.weight)
    table = {
        "true renders": row([case.truth.picture for case in asked], asked),
        "with the net": row(made, asked),
        "without it": row(paint(arguments, asked, weight=0), asked),
    }
    print(json.dumps(table, indent=2))
    if arguments.grid:
        grid([*map(outline_picture, asked[:10]), *made[:10]], 10).save(arguments.grid)
    if arguments.json:
        arguments.json.write_text(json.dumps(table, indent=2) + "\n")


if __name__ == "__main__":
    main()
