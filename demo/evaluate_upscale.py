"""Compares an upscaler with Lanczos on held-out scenes: `python -m demo.evaluate_upscale --model DIR`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from demo.captions import plain_caption
from demo.renderer import render
from demo.scenes import random_scenes
from demo.upscale_data import FACTOR

SEED = 977
EDGE_FROM = 0.06  # luminance (0 to 1) a pixel; the steepest 6 % of 128x128 pixels, 1.6 % of 512x512
Upscaler = Callable[[list[Image.Image], list[str]], Iterator[Image.Image]]


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """How near an enlarged picture comes to the true one.

    `psnr` is over all pixels and `edge_psnr` over the true edges alone, both in dB. `sharpness` is the mean
    steepness at the true edges as a share of the true one: 1 is as sharp as the truth, less is blurred.
    """

    psnr: float
    edge_psnr: float
    sharpness: float


def steepness(picture: Image.Image) -> np.ndarray:
    """Return (h, w): the length of the luminance's gradient by central differences, per pixel."""
    across, down = np.gradient(np.asarray(picture.convert("L"), np.float64) / 255)
    return np.asarray(np.hypot(across, down))


def likeness(made: Image.Image, true: Image.Image) -> Likeness:
    """Compare two pictures of one size."""
    squared = (np.asarray(made, np.float64) - np.asarray(true, np.float64)) ** 2 / 255**2
    steep = steepness(true)
    edges = steep >= EDGE_FROM
    return Likeness(
        psnr=float(-10 * np.log10(max(squared.mean(), 1e-10))),
        edge_psnr=float(-10 * np.log10(max(squared[edges].mean(), 1e-10))),
        sharpness=float(steepness(made)[edges].mean() / steep[edges].mean()),
    )


def upscale_with_runtime(arguments: argparse.Namespace) -> Upscaler:
    """Return an upscaler that drives Lapdraw's own runtime on an IR folder."""
    from runtime import Upscale, open_pipeline

    def upscale(pictures: list[Image.Image], prompts: list[str]) -> Iterator[Image.Image]:
        with open_pipeline(str(arguments.model), device=arguments.device) as pipeline:
            for index, (picture, prompt) in enumerate(zip(pictures, prompts, strict=True)):
                request = Upscale(
                    image=picture,
                    prompt=prompt,
                    seed=SEED + index,
                    noise_level=arguments.noise_level,
                    num_inference_steps=arguments.steps,
                    guidance_scale=arguments.guidance_scale,
                )
                yield pipeline.generate(request).result().images[0]

    return upscale


def upscale_with_diffusers(arguments: argparse.Namespace) -> Upscaler:
    """Return an upscaler that drives diffusers on a source folder."""
    import torch
    from diffusers import StableDiffusionUpscalePipeline

    pipeline = StableDiffusionUpscalePipeline.from_pretrained(arguments.model, torch_dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)

    def upscale(pictures: list[Image.Image], prompts: list[str]) -> Iterator[Image.Image]:
        for index, (picture, prompt) in enumerate(zip(pictures, prompts, strict=True)):
            yield pipeline(
                prompt=prompt,
                image=picture,
                noise_level=arguments.noise_level,
                num_inference_steps=arguments.steps,
                guidance_scale=arguments.guidance_scale,
                generator=torch.Generator().manual_seed(SEED + index),
            ).images[0]

    return upscale


def summary(made: list[Likeness], usual: list[Likeness]) -> dict[str, object]:
    """Return the means of both and in how many pictures the model is nearer to the truth than Lanczos."""
    measures = ("psnr", "edge_psnr", "sharpness")
    pairs = list(zip(made, usual, strict=True))
    return {
        "pictures": len(made),
        "model": {name: float(np.mean([getattr(m, name) for m in made])) for name in measures},
        "lanczos": {name: float(np.mean([getattr(u, name) for u in usual])) for name in measures},
        "model_wins": {
            "psnr": sum(m.psnr > u.psnr for m, u in pairs),
            "edge_psnr": sum(m.edge_psnr > u.edge_psnr for m, u in pairs),
            "sharpness": sum(abs(1 - m.sharpness) < abs(1 - u.sharpness) for m, u in pairs),
        },
    }


def main() -> None:
    """Render, shrink, enlarge again in both ways, measure, print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="IR folder, or a source with --diffusers")
    parser.add_argument("--diffusers", action="store_true")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--scenes", type=int, default=60)
    parser.add_argument("--side", type=int, default=128, help="of the enlarged picture")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--guidance-scale", type=float, default=1.0)
    parser.add_argument("--noise-level", type=int, default=0)
    parser.add_argument("--captions", action="store_true", help="say what the picture shows")
    parser.add_argument("--filter", choices=("BOX", "BICUBIC", "LANCZOS"), default="BICUBIC")
    parser.add_argument("--grid", type=Path, help="write small picture, Lanczos, model, truth side by side")
    arguments = parser.parse_args()
    scenes = random_scenes(arguments.scenes, SEED, keep_out=True)
    true = [render(scene, arguments.side, arguments.side).picture for scene in scenes]
    small = arguments.side // FACTOR
    low = [picture.resize((small, small), Image.Resampling[arguments.filter]) for picture in true]
    prompts = [plain_caption(scene) if arguments.captions else "" for scene in scenes]
    upscaler = upscale_with_diffusers if arguments.diffusers else upscale_with_runtime
    made = list(upscaler(arguments)(low, prompts))
    usual = [picture.resize(true[0].size, Image.Resampling.LANCZOS) for picture in low]
    pairs = zip(made, true, strict=True), zip(usual, true, strict=True)
    ours, theirs = ([likeness(*pair) for pair in part] for part in pairs)
    print(json.dumps(summary(ours, theirs), indent=1))
    if arguments.grid:
        side = arguments.side
        sheet = Image.new("RGB", (4 * side, min(8, len(made)) * side))
        for row, parts in enumerate(zip(low, usual, made, true, strict=True)):
            for column, picture in enumerate(parts):
                shown = picture.resize((side, side), Image.Resampling.NEAREST)
                sheet.paste(shown, (column * side, row * side))
        sheet.save(arguments.grid)


if __name__ == "__main__":
    main()
