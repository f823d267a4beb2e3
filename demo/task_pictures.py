"""The example files and the pictures of docs/tasks.md: `python -m demo.task_pictures`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from demo.masks import around
from demo.renderer import render
from demo.scenes import Scene
from runtime import (
    DepthToImage,
    ImageToImage,
    Inpaint,
    Outpaint,
    TextToImage,
    Unconditional,
    Upscale,
    open_pipeline,
)
from runtime.lanczos import enlarge
from runtime.request import Request

DOCS = Path(__file__).resolve().parent.parent / "docs"
EXAMPLES, PICTURES = DOCS / "examples", DOCS / "images"
GAP, PAPER = 8, (255, 255, 255)
HOUSE = Scene(
    sky="day",
    light="sun",
    light_side="left",
    terrain="hills",
    kind="house",
    colour="red",
    position="middle",
    seed=5,
)
CASTLE = Scene(
    sky="night", light="moon", light_side="right", terrain="mountains", kind="castle", colour="white",
    position="middle", seed=8,
)  # fmt: skip
LANDSCAPE = "on green hills by day, a sun on the left"


def write_examples() -> dict[str, Image.Image]:
    """Write the files that the commands of the documentation start from, and return them by name."""
    house, castle = render(HOUSE), render(CASTLE)
    depth = np.round(castle.depth * 65535).astype(np.uint16)
    files = {
        "house": house.picture,
        "mask": Image.fromarray(around(house.object_mask, 20).astype(np.uint8) * 255),
        "depth": Image.fromarray(depth),
        "small": castle.picture.resize((32, 32), Image.Resampling.BICUBIC),
    }
    EXAMPLES.mkdir(parents=True, exist_ok=True)
    for name, image in files.items():
        image.save(EXAMPLES / f"{name}.png", optimize=True)
    return files


def strips(files: dict[str, Image.Image]) -> Iterator[tuple[str, list[Image.Image]]]:
    """Yield a name and what was given beside what came of it, for every task."""
    house, mask, small = files["house"], files["mask"], files["small"]
    depth = Image.fromarray((np.asarray(files["depth"]) // 257).astype(np.uint8))

    def made(model: str, request: type[Request], **fields: Any) -> list[Image.Image]:
        with open_pipeline(model, device="cpu") as pipeline:
            return list(pipeline.generate(request(seed=1, **fields)).result().images)

    yield "text-to-image", made("demo-scenes", TextToImage, prompt=f"a red house {LANDSCAPE}", count=4)
    evening = "a red house on snow at night, a moon on the left"
    yield (
        "image-to-image",
        [house, *made("demo-scenes", ImageToImage, prompt=evening, image=house, strength=0.7)],
    )
    house_again = f"a red house in the middle of the hills {LANDSCAPE.removeprefix('on green hills ')}"
    yield (
        "variations",
        [house, *made("demo-scenes", ImageToImage, prompt=house_again, image=house, strength=0.5, count=4)],
    )
    tree = f"a blue tree {LANDSCAPE}"
    yield "inpaint", [house, mask, *made("demo-inpaint", Inpaint, prompt=tree, image=house, mask=mask)]
    sides: dict[str, Any] = {"left": 64}
    yield (
        "outpaint",
        [house, *made("demo-inpaint", Outpaint, prompt="green hills by day", image=house, **sides)],
    )
    castle = "a yellow castle in the desert at sunset, a sun on the right"
    yield "depth-to-image", [depth, *made("demo-depth", DepthToImage, prompt=castle, depth=files["depth"])]
    enlarged = made("demo-upscale", Upscale, image=small, guidance_scale=1.0)
    yield "upscale", [small, enlarge(small), *enlarged]
    yield "unconditional", made("demo-butterflies", Unconditional, count=8, batch_size=8)


def side_by_side(images: list[Image.Image]) -> Image.Image:
    """Return the pictures in a row, on white."""
    width = sum(image.width for image in images) + GAP * (len(images) - 1)
    row = Image.new("RGB", (width, max(image.height for image in images)), PAPER)
    x = 0
    for image in images:
        row.paste(image.convert("RGB"), (x, (row.height - image.height) // 2))
        x += image.width + GAP
    return row


def main() -> None:
    """Write the examples, then a strip of each task."""
    for name, images in strips(write_examples()):
        side_by_side(images).save(PICTURES / f"task-{name}.png", optimize=True)
        print(f"wrote task-{name}.png", flush=True)


if __name__ == "__main__":
    main()
