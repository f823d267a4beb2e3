"""The pictures of the documentation: sixteen prompts in two sizes, `python -m demo.showcase`."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from runtime import TextToImage, open_pipeline

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "images"
SIZES = {"demo-scenes.png": (128, 128), "demo-scenes-wide.png": (192, 128)}
COLUMNS, GAP, PAPER = 4, 4, (255, 255, 255)
PROMPTS = (
    "a red house on the left on green hills under a night sky, a moon on the right",
    "a blue boat in the middle of the sea at sunset, the sun on the left",
    "a white castle on the right in the mountains by day, a sun on the left, clouds",
    "a green cactus on the left in the desert at dawn, the sun on the right",
    "an orange tree in the middle of the hills by day, the sun on the right",
    "a purple tower on the right by the sea at night, a moon on the left",
    "a yellow house in the middle of the snow at night, a moon on the left, falling snow",
    "a red castle on the left in the desert at sunset, the sun on the right",
    "a green tree on the right in the mountains at dawn, the sun on the left",
    "a white boat on the left of the sea by day, a sun on the right, clouds",
    "a blue house on the right in the desert by day, the sun on the left",
    "a yellow tower in the middle of the hills at sunset, the sun on the left, clouds",
    "a purple castle in the middle of the mountains at night, a moon on the right",
    "an orange boat on the right of the sea at dawn, the sun on the left",
    "a red tree on the left in the snow by day, a sun on the right",
    "a white tower in the middle of the desert at night, a moon on the left",
)


def main() -> None:
    """Write every sheet; picture n has seed n."""
    with open_pipeline("demo-scenes", device="cpu") as pipeline:
        for name, (width, height) in SIZES.items():
            rows = -(-len(PROMPTS) // COLUMNS)
            sheet = Image.new("RGB", (COLUMNS * (width + GAP) - GAP, rows * (height + GAP) - GAP), PAPER)
            for number, prompt in enumerate(PROMPTS):
                asked = TextToImage(prompt=prompt, seed=number, width=width, height=height)
                picture = pipeline.generate(asked).result().images[0]
                column, row = number % COLUMNS, number // COLUMNS
                sheet.paste(picture, (column * (width + GAP), row * (height + GAP)))
            FOLDER.mkdir(parents=True, exist_ok=True)
            sheet.save(FOLDER / name, optimize=True)


if __name__ == "__main__":
    main()
