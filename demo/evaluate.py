"""Measures how often a model shows what was asked: `python -m demo.evaluate --model DIR --prompts 300`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from demo.captions import plain_caption, random_caption
from demo.measure import Seen, is_right, look_at
from demo.renderer import render
from demo.scenes import Scene, random_scenes

ATTRIBUTES = ("sky", "terrain", "object", "colour", "position", "light", "light side")
Painter = Callable[[list[str], list[int]], Iterator[Image.Image]]


def accuracy(seen: list[Seen], scenes: list[Scene]) -> dict[str, float]:
    """Return for each attribute the share of pictures that show their scene's."""
    results = [is_right(picture, scene) for picture, scene in zip(seen, scenes, strict=True)]
    return {name: float(np.mean([r[name] for r in results if name in r])) for name in ATTRIBUTES}


def paint_with_runtime(arguments: argparse.Namespace) -> Painter:
    """Return a painter that drives Lapdraw's own runtime on an IR folder."""
    from runtime import TextToImage, open_pipeline

    def paint(prompts: list[str], seeds: list[int]) -> Iterator[Image.Image]:
        with open_pipeline(str(arguments.model), device=arguments.device) as pipeline:
            for prompt, seed in zip(prompts, seeds, strict=True):
                request = TextToImage(
                    prompt=prompt,
                    seed=seed,
                    num_inference_steps=arguments.steps,
                    guidance_scale=arguments.guidance_scale,
                    width=arguments.width,
                    height=arguments.height,
                )
                generation = pipeline.generate(request)
                yield generation.result().images[0]

    return paint


def paint_with_diffusers(arguments: argparse.Namespace) -> Painter:
    """Return a painter that drives diffusers on a source folder, 20 pictures at a time."""
    import torch
    from diffusers import DPMSolverMultistepScheduler, StableDiffusionPipeline

    pipeline = StableDiffusionPipeline.from_pretrained(arguments.model, torch_dtype=torch.float32)
    pipeline.scheduler = DPMSolverMultistepScheduler.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)

    def paint(prompts: list[str], seeds: list[int]) -> Iterator[Image.Image]:
        for start in range(0, len(prompts), 20):
            generators = [torch.Generator().manual_seed(seed) for seed in seeds[start : start + 20]]
            made = pipeline(
                prompts[start : start + 20],
                generator=generators,
                num_inference_steps=arguments.steps,
                guidance_scale=arguments.guidance_scale,
                width=arguments.width,
                height=arguments.height,
            )
            yield from made.images

    return paint


def grid(pictures: list[Image.Image], columns: int) -> Image.Image:
    """Return the pictures side by side, `columns` to a row."""
    width, height = pictures[0].size
    sheet = Image.new("RGB", (columns * width, -(-len(pictures) // columns) * height))
    for index, picture in enumerate(pictures):
        sheet.paste(picture, (index % columns * width, index // columns * height))
    return sheet


def autoencoder_psnr(model: Path, count: int) -> float:
    """Return the mean PSNR in dB over `count` unseen full frames of the source folder's autoencoder."""
    import torch
    from diffusers import AutoencoderKL

    from demo.train_vae import mean_psnr, to_tensor

    vae = AutoencoderKL.from_pretrained(model, subfolder="vae", torch_dtype=torch.float32)
    frames = [np.asarray(render(scene).picture) for scene in random_scenes(count, 4041, keep_out=True)]
    return float(mean_psnr(vae, to_tensor(np.stack(frames))))


def evaluate(arguments: argparse.Namespace) -> dict[str, object]:
    """Paint the held-out prompts, look at the pictures and at true renders, and return the table."""
    scenes = random_scenes(arguments.prompts, arguments.seed, keep_out=True)
    rng = np.random.default_rng(arguments.seed)
    prompts = [plain_caption(s) if arguments.plain else random_caption(s, rng, casual=0) for s in scenes]
    is_ir = (arguments.model / "unet" / "openvino_model.xml").exists()
    paint = paint_with_runtime(arguments) if is_ir else paint_with_diffusers(arguments)
    pictures = []
    for picture in paint(prompts, list(range(arguments.seed, arguments.seed + len(scenes)))):
        pictures.append(picture)
        if len(pictures) % 20 == 0:
            print(f"painted {len(pictures)} of {len(scenes)}", flush=True)
    seen = [look_at(picture) for picture in pictures]
    truth = [look_at(render(scene, arguments.width, arguments.height).picture) for scene in scenes]
    others = [scenes[i] for i in rng.permutation(len(scenes))]
    if arguments.grid:
        grid(pictures[:32], 8).save(arguments.grid)
    if arguments.failures:
        for scene, prompt, what in zip(scenes, prompts, seen, strict=True):
            wrong = [name for name, good in is_right(what, scene).items() if not good]
            if wrong:
                print(f"{', '.join(wrong)}: {prompt!r} shows {what}")
    return {
        "prompts": len(scenes),
        "steps": arguments.steps,
        "guidance_scale": arguments.guidance_scale,
        "size": [arguments.width, arguments.height],
        "model": accuracy(seen, scenes),
        "true renders": accuracy(truth, scenes),
        "chance": accuracy(seen, others),
    }


def main() -> None:
    """Read the command line, evaluate, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="a diffusers folder or an IR folder")
    parser.add_argument("--prompts", type=int, default=300)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--guidance-scale", type=float, default=5.0)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--height", type=int, default=128)
    parser.add_argument("--seed", type=int, default=9000)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--plain", action="store_true", help="one fixed wording instead of many")
    parser.add_argument("--grid", type=Path, help="save the first 32 pictures here")
    parser.add_argument("--failures", action="store_true", help="list every wrong picture")
    parser.add_argument("--vae", action="store_true", help="measure the source folder's autoencoder too")
    parser.add_argument("--json", type=Path, help="write the table here")
    arguments = parser.parse_args()
    table = evaluate(arguments)
    if arguments.vae:
        table["autoencoder_psnr_db"] = autoencoder_psnr(arguments.model, 300)
    columns = ("true renders", "model", "chance")
    print(f"{'':12}" + "".join(f"{name:>14}" for name in columns))
    for name in ATTRIBUTES:
        print(f"{name:12}" + "".join(f"{table[column][name]:14.3f}" for column in columns))  # type: ignore[index]
    if arguments.vae:
        print(f"autoencoder {table['autoencoder_psnr_db']:.2f} dB")
    if arguments.json:
        arguments.json.write_text(json.dumps(table, indent=2) + "\n")


if __name__ == "__main__":
    main()
