"""The pictures, masks and depths that a case is about, and what is asked of us."""

from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from runtime import DepthToImage, Inpaint, TextToImage, Unconditional, Upscale
from runtime.request import Request
from tests.parity.task_cases import PROMPT, Case, Task


def request_of(task: Task, case: Case) -> Request:
    """Return the case as we are asked for it."""
    values: dict[str, Any] = {
        "seed": case.seed,
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
