"""What a picture was becoming, saved every few steps: the latents as colours, and the decoded picture."""

from pathlib import Path

from PIL import Image

from runtime.denoise import DenoiseStep
from runtime.generation import Generation
from runtime.image_files import save_png

VIEWS = ("latent", "decoded")


def is_due(step: DenoiseStep, every: int) -> bool:
    """Whether a step is an `every`th one, counted over all passes, or the last."""
    return (step.index + 1) % every == 0 or step.index + 1 == step.total


def save_previews(generation: Generation, step: DenoiseStep, path: Path) -> list[Path]:
    """Write both views of the first picture of the batch beside `path`, the place of the finished picture.

    Both show what the last step expects in the end, at the size of the picture (of the piece, while
    outpainting): the latent view with its pixels enlarged, the decoded view through the VAE.
    """
    decoded = generation.decoded_preview()
    latent = generation.preview().resize(decoded.size, Image.Resampling.NEAREST)
    number = max(3, len(str(step.total)))
    places = []
    for view, image in zip(VIEWS, (latent, decoded), strict=True):
        place = path.with_stem(f"{path.stem}-step{step.index + 1:0{number}d}-{view}")
        with generation.timings.add("save"):
            save_png(_cut(image, generation.request.size), place, _text(step, view, path))
        places.append(place)
    return places


def _cut(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Cut off what was padded to a multiple of 8; a view of something else is left whole."""
    is_padded = all(0 <= padded - side < 8 for padded, side in zip(image.size, size, strict=True))
    return image.crop((0, 0, *size)) if is_padded else image


def _text(step: DenoiseStep, view: str, path: Path) -> str:
    return f"Step {step.index + 1} of {step.total} of {path.name}, {view} view"
