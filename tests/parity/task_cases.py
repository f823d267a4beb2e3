"""What is asked of diffusers and of us alike: a row per pipeline, and the cases that each is tried on."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from runtime import DepthToImage, ImageToImage, Inpaint, TextToImage, Unconditional, Upscale
from runtime.request import Request
from tests.parity.reference_samplers import HALF_WAY

PROMPT = "a blue castle on the left in the mountains at sunset, a sun on the right"
NEGATIVE = "night, snow"
STEPS = 10
SEED = 42


@dataclass(frozen=True, kw_only=True)
class Case:
    """One comparison."""

    sampler: str
    size: tuple[int, int]  # width, height of the result
    strength: float = 1.0
    guidance_scale: float = 1.0
    count: int = 1
    mask: tuple[int, int, int, int] | None = None  # what is repainted: left, top, right, bottom
    noise_level: int = 20
    negative: str = NEGATIVE
    steps: int = STEPS

    def __str__(self) -> str:
        width, height = self.size
        more = "" if self.steps == STEPS else f"-{self.steps} steps"
        more += "" if self.negative else "-no negative"
        strength, scale = f"{self.strength:g}", f"cfg{self.guidance_scale:g}"
        return f"{self.sampler}-{width}x{height}-{strength}-{scale}-{self.count}{more}"


@dataclass(frozen=True, kw_only=True)
class Task:
    """A pipeline of diffusers: its class, the model it is tried on, and the values its cases take."""

    reference: str
    model: str  # "demo-scenes", or a family of benchmarks/skeleton_families.py
    request: type[Request]
    axes: Mapping[str, Sequence[Any]]
    more_samplers: Sequence[str] = ()  # for the long run alone
    estimates_depth: bool = False
    fewer: Mapping[str, Sequence[Any]] = field(default_factory=dict)  # values of axes for the short run

    def few_cases(self) -> list[Case]:
        """As few as have every pair of values."""
        return _cases({**self.axes, **self.fewer}, covering)

    def all_cases(self) -> list[Case]:
        """Every combination, and few with further samplers."""
        more = _cases({**self.axes, "sampler": self.more_samplers}, covering) if self.more_samplers else []
        return _cases(self.axes, lambda axes: product(*axes)) + more


def _cases(
    axes: Mapping[str, Sequence[Any]], choose: Callable[[Sequence[Sequence[Any]]], Iterable[tuple[Any, ...]]]
) -> list[Case]:
    """Return the chosen combinations, those of one shape side by side, since a shape is compiled once."""
    cases = [Case(**dict(zip(axes, values, strict=True))) for values in choose(list(axes.values()))]
    return sorted(cases, key=lambda case: (case.size, case.guidance_scale, case.count))


def covering(axes: Sequence[Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
    """Yield combinations until every pair of values of two axes was in one; the fullest first."""
    wanted = {
        (i, a, j, b)
        for i, j in combinations(range(len(axes)), 2)
        for a, b in product(range(len(axes[i])), range(len(axes[j])))
    }
    all_places = list(product(*(range(len(axis)) for axis in axes)))
    while wanted:
        pairs = [
            {(i, places[i], j, places[j]) for i, j in combinations(range(len(axes)), 2)} & wanted
            for places in all_places
        ]
        best = max(range(len(all_places)), key=lambda number: len(pairs[number]))
        wanted -= pairs[best]
        yield tuple(axis[place] for axis, place in zip(axes, all_places[best], strict=True))


GUIDANCE = (1.0, 6.0)
# 136x200 has 17x25 latents; sides that are no multiple of what the UNet halves need sizes of their own.
COMMON: Mapping[str, Sequence[Any]] = {
    "sampler": ("DDIM", "Euler a", "DPM++ 2M"),
    "size": ((192, 128), (136, 200)),
    "strength": (0.1, 0.5, 1.0),
    "guidance_scale": GUIDANCE,
    "count": (1, 2),
}
# Along the borders of latents, and across them.
MASKS = ((32, 40, 96, 104), (21, 35, 107, 90))
MORE_SAMPLERS = ("PLMS", "Heun", "DDPM")
XL: Mapping[str, Sequence[Any]] = {
    **COMMON,
    "sampler": ("Euler", "Euler a", "DPM++ 2M"),
    "negative": (NEGATIVE, ""),
}
FEWER: Mapping[str, Sequence[Any]] = {"sampler": ("Euler", "Euler a"), "strength": (0.5, 1.0)}
LCM: Mapping[str, Sequence[Any]] = {
    "sampler": ("LCM",),
    "size": COMMON["size"],
    "strength": (0.5, 1.0),
    "guidance_scale": (1.0, 8.5),
    "steps": (4, 8),
    "count": (1, 2),
    "negative": ("",),
}


def _without_strength(axes: Mapping[str, Sequence[Any]]) -> Mapping[str, Sequence[Any]]:
    return {name: values for name, values in axes.items() if name != "strength"}


OTHER_SAMPLERS = [name for name in HALF_WAY if name not in COMMON["sampler"]]

TASKS: Mapping[str, Task] = {
    "img2img": Task(
        reference="StableDiffusionImg2ImgPipeline",
        model="demo-scenes",
        request=ImageToImage,
        axes=COMMON,
        more_samplers=OTHER_SAMPLERS,
    ),
    "inpaint, 4 channels": Task(
        reference="StableDiffusionInpaintPipeline",
        model="demo-scenes",
        request=Inpaint,
        axes={**COMMON, "mask": MASKS},
        # Between the two evaluations of DPM2, diffusers noises the known part to the level after both.
        more_samplers=[name for name in OTHER_SAMPLERS if name != "DPM2"],
    ),
    "inpaint, 9 channels": Task(
        reference="StableDiffusionInpaintPipeline",
        model="tiny-inpaint",
        request=Inpaint,
        axes={**COMMON, "mask": MASKS},
        more_samplers=MORE_SAMPLERS,
    ),
    "depth given": Task(
        reference="StableDiffusionDepth2ImgPipeline",
        model="tiny-depth",
        request=DepthToImage,
        axes=COMMON,
        more_samplers=MORE_SAMPLERS,
    ),
    "depth estimated": Task(
        reference="StableDiffusionDepth2ImgPipeline",
        model="tiny-depth",
        request=DepthToImage,
        axes=COMMON,
        estimates_depth=True,
    ),
    "upscale": Task(
        reference="StableDiffusionUpscalePipeline",
        model="tiny-upscale",
        request=Upscale,
        axes={
            "sampler": COMMON["sampler"],
            "size": ((96, 64), (68, 100)),  # of 24x16 and 17x25 pixels
            "guidance_scale": GUIDANCE,
            "count": (1, 2),
            "noise_level": (0, 20, 350),
        },
        more_samplers=MORE_SAMPLERS,
    ),
    "SDXL": Task(
        reference="StableDiffusionXLPipeline",
        model="tiny-xl",
        request=TextToImage,
        axes=_without_strength(XL),
        more_samplers=MORE_SAMPLERS,
        fewer=_without_strength(FEWER),
    ),
    "SDXL img2img": Task(
        reference="StableDiffusionXLImg2ImgPipeline",
        model="tiny-xl",
        request=ImageToImage,
        axes=XL,
        more_samplers=MORE_SAMPLERS,
        fewer=FEWER,
    ),
    "SDXL inpaint, 4 channels": Task(
        reference="StableDiffusionXLInpaintPipeline",
        model="tiny-xl",
        request=Inpaint,
        axes={**XL, "mask": MASKS},
        more_samplers=MORE_SAMPLERS,
        fewer=FEWER,
    ),
    "SDXL inpaint, 9 channels": Task(
        reference="StableDiffusionXLInpaintPipeline",
        model="tiny-xl-inpaint",
        request=Inpaint,
        axes={**XL, "mask": MASKS},
        more_samplers=MORE_SAMPLERS,
        fewer=FEWER,
    ),
    # Turbo and Lightning: an ordinary UNet, at timesteps counted from the end, mostly without guidance.
    "few steps": Task(
        reference="StableDiffusionXLPipeline",
        model="tiny-xl",
        request=TextToImage,
        axes={
            "sampler": ("Euler Trailing", "Euler a Trailing"),
            "size": COMMON["size"],
            "guidance_scale": (0.0, 1.0, 2.0),
            "steps": (1, 4),
            "count": (1, 2),
        },
    ),
    "LCM": Task(
        reference="LatentConsistencyModelPipeline",
        model="tiny-lcm",
        request=TextToImage,
        axes=_without_strength(LCM),
    ),
    "LCM img2img": Task(
        reference="LatentConsistencyModelImg2ImgPipeline",
        model="tiny-lcm",
        request=ImageToImage,
        axes=LCM,
    ),
    "DDPM": Task(
        reference="DDPMPipeline",
        model="tiny-unconditional",
        request=Unconditional,
        axes={"sampler": ("DDPM",), "size": ((32, 48), (40, 24)), "count": (1, 2)},
    ),
    "DDIM": Task(
        reference="DDIMPipeline",
        model="tiny-unconditional",
        request=Unconditional,
        axes={"sampler": ("DDIM",), "size": ((32, 48), (40, 24)), "count": (1, 2)},
    ),
}

# The tasks of SDXL and LCM, and the others: a file of tests each, so that two processes share the work.
FAMILIES = [name for name, task in TASKS.items() if task.model.startswith(("tiny-xl", "tiny-lcm"))]
USUAL = [name for name in TASKS if name not in FAMILIES]


def request_of(task: Task, case: Case) -> Request:
    """Return the case as we are asked for it."""
    values: dict[str, Any] = {
        "seed": SEED,
        "count": case.count,
        "batch_size": case.count,
        "sampler": case.sampler,
        "num_inference_steps": case.steps,
    }
    values |= {"width": case.size[0], "height": case.size[1]}
    if task.request is Unconditional:
        return Unconditional(**values)
    values |= {"prompt": PROMPT, "negative_prompt": case.negative}
    values |= {"guidance_scale": case.guidance_scale}
    if task.request is TextToImage:
        return TextToImage(**values)
    if task.request is Upscale:
        small = picture((case.size[0] // 4, case.size[1] // 4))
        return Upscale(**values, image=small, noise_level=case.noise_level)
    values |= {"image": picture(case.size), "strength": case.strength}
    if task.request is Inpaint:
        return Inpaint(**values, mask=mask_of(case), mask_blur=0)
    if task.request is DepthToImage and not task.estimates_depth:
        values["depth"] = Image.fromarray(depth_of(case.size))
    return task.request(**values)


def picture(size: tuple[int, int]) -> Image.Image:
    """Return a picture with smooth parts, an edge and fine grain, different in every channel."""
    width, height = size
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    smooth = np.stack([200 * x + 30, 220 * (1 - y) + 10, 120 + 90 * np.sin(7 * x + 5 * y)], axis=-1)
    grain = np.random.default_rng(7).normal(0, 6, smooth.shape)
    image = Image.fromarray(np.clip(smooth + grain, 0, 255).astype(np.uint8))
    shape = (width // 5, height // 4, width // 2, height * 3 // 4)
    ImageDraw.Draw(image).ellipse(shape, fill=(230, 200, 40), outline=(20, 20, 60), width=2)
    return image


def mask_of(case: Case) -> Image.Image:
    """Return the mask of a case, with greys at its edge, of which the lighter half is to be repainted."""
    mask = Image.new("L", case.size)
    assert case.mask is not None
    ImageDraw.Draw(mask).rectangle(case.mask, fill=255)
    return mask.filter(ImageFilter.BoxBlur(1))


def depth_of(size: tuple[int, int]) -> np.ndarray:
    """Return a depth (H, W) in units of its own, brighter is nearer: a slope with a ball before it."""
    width, height = size
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    ball = np.hypot(x - width / 3, y - height / 2) < min(size) / 4
    return np.asarray(3.0 + y / height * 20 + ball * 15, np.float32)
