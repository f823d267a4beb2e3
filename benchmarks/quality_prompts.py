"""What is painted to measure quality: held-out scenes for a demo model, everyday prompts for any other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from runtime.model_folder import ModelFolder
from runtime.models import find_model
from runtime.places import BUNDLED_MODELS

DEMO = "demo-scenes"
SEED = 9000  # of the scenes, and of the first picture
EVERYDAY = (
    "a portrait photo of an old fisherman, natural light",
    "a bowl of ramen on a wooden table, top view",
    "a red bicycle leaning against a brick wall",
    "an oil painting of a harbour at sunset",
    "a snowy mountain lake, mist, early morning",
    "a golden retriever puppy running on a beach",
    "an isometric drawing of a small office",
    "a street market at night in the rain, neon signs",
    "a close-up of a dragonfly on a leaf",
    "a watercolour of a lighthouse on a cliff",
    "a glass of orange juice beside a window",
    "a futuristic train station, wide angle",
    "a cat asleep on a pile of books",
    "a medieval castle on a hill, fantasy art",
    "a steam locomotive crossing a stone bridge",
    "a vase of tulips, still life, soft light",
    "a city skyline from above, aerial photo",
    "a child's drawing of a house and a tree",
    "an astronaut riding a horse on the moon",
    "a bakery window full of bread and cakes",
    "a forest path in autumn",
    "a black and white photo of a jazz band",
    "a green sports car on a mountain road",
    "a stained glass window with a peacock",
)
Judge = Callable[
    [int, Image.Image], Mapping[str, bool]
]  # number of the prompt, its picture -> attribute -> right


@dataclass(frozen=True, kw_only=True)
class Prompts:
    """The prompts and, where the truth is known, who says which attributes a picture shows."""

    texts: tuple[str, ...]
    guidance_scale: float | None
    judge: Judge | None


def prompts_for(model: ModelFolder, count: int, given: Sequence[str] = ()) -> Prompts:
    """Return `count` prompts for a model: those given, its own scenes, or everyday ones, over and over."""
    if not given and is_demo(model):
        return _scenes(count)
    texts = tuple(given) or EVERYDAY
    repeated = tuple(texts[number % len(texts)] for number in range(count))
    return Prompts(texts=repeated, guidance_scale=None, judge=None)


def is_demo(model: ModelFolder) -> bool:
    """Whether a model was made from the bundled one's weights, in whatever precision."""
    if model.manifest is None:
        return False
    bundled = find_model(DEMO, BUNDLED_MODELS, BUNDLED_MODELS).manifest
    return bundled is not None and model.manifest.source.sha256 == bundled.source.sha256


def _scenes(count: int) -> Prompts:
    """Scenes that nobody trained on; the renderer knows what a picture of each shows."""
    from demo.captions import random_caption
    from demo.measure import is_right, look_at
    from demo.scenes import random_scenes

    scenes = random_scenes(count, SEED, keep_out=True)
    draw = np.random.default_rng(SEED)
    return Prompts(
        texts=tuple(random_caption(scene, draw, casual=0) for scene in scenes),
        guidance_scale=5.0,
        judge=lambda number, picture: is_right(look_at(picture), scenes[number]),
    )
