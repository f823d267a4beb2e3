"""The pictures of docs/prompts.md: weights, negative prompts, clip skip; `python -m demo.prompt_pictures`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image

from runtime import TextToImage, open_pipeline

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "images"
GAP, PAPER = 4, (255, 255, 255)
SIDE = 128  # pixels
# A row of pictures each: one seed, and what differs from picture to picture.
ROWS: dict[str, list[dict[str, Any]]] = {
    "prompt-weights.png": [
        {"prompt": f"a white house on the hills, (day:{day}), (night:{night}), a moon"}
        for day, night in ((2, 0.2), (1.4, 0.8), (0.8, 1.4), (0.2, 2))
    ],
    "prompt-negative.png": [
        {"prompt": "a blue castle in the mountains", "negative_prompt": negative}
        for negative in ("", "night", "day", "snow, mountains")
    ],
    "prompt-clip-skip.png": [
        {
            "prompt": "a yellow tower in the middle of the hills at sunset, the sun on the left",
            "clip_skip": layer,
        }
        for layer in (1, 2, 3)
    ],
}


def main() -> None:
    """Write every row."""
    with open_pipeline("demo-scenes", device="cpu") as pipeline:
        for name, cells in ROWS.items():
            sheet = Image.new("RGB", (len(cells) * (SIDE + GAP) - GAP, SIDE), PAPER)
            for column, fields in enumerate(cells):
                picture = pipeline.generate(TextToImage(seed=7, **fields)).result().images[0]
                sheet.paste(picture, (column * (SIDE + GAP), 0))
            FOLDER.mkdir(parents=True, exist_ok=True)
            sheet.save(FOLDER / name, optimize=True)


if __name__ == "__main__":
    main()
