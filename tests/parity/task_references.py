"""diffusers' own pipelines on the weights that our tests run on, in float32."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import diffusers
import numpy as np
import torch

from tests.models import exported, source
from tests.parity.reference_samplers import HALF_WAY, SAMPLERS, STOCHASTIC
from tests.parity.task_cases import PROMPT, Case, Task
from tests.parity.task_requests import depth_of, mask_of, picture

__all__ = ["exported", "reference_pictures", "source"]


@cache
def _pipeline(name: str, model: str) -> tuple[Any, dict[str, Any]]:
    """Return the pipeline, and the configuration of the scheduler that it came with."""
    pipeline = getattr(diffusers, name).from_pretrained(
        source(model), torch_dtype=torch.float32, local_files_only=True
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline, dict(pipeline.scheduler.config)


@cache
def reference_pictures(task: Task, case: Case) -> list[np.ndarray]:
    """Return the pictures (H, W, 3) of a case that diffusers makes, picture i from a generator of its own."""
    pipeline, config = _pipeline(task.reference, task.model)
    scheduler, changes = (SAMPLERS | STOCHASTIC | HALF_WAY)[case.sampler]
    pipeline.scheduler = getattr(diffusers, scheduler).from_config(config, **changes)
    generators = [torch.Generator("cpu").manual_seed(case.seed + number) for number in range(case.count)]
    output = pipeline(
        **_arguments(task, case, pipeline), generator=generators, num_inference_steps=case.steps
    )
    return [np.asarray(image) for image in output.images]


def _arguments(task: Task, case: Case, pipeline: Any) -> dict[str, Any]:
    width, height = case.size
    if "Unconditional" in task.request.__name__:
        pipeline.unet.register_to_config(sample_size=(height, width))
        return {"batch_size": case.count}
    prompts: dict[str, Any] = {"prompt": [PROMPT] * case.count, "guidance_scale": case.guidance_scale}
    if "LatentConsistency" not in task.reference:  # which takes none
        # None is zeros to SDXL, "" what the encoders say of it; we have the one for the other, as A1111 has.
        prompts["negative_prompt"] = [case.negative] * case.count if case.negative else None
    if task.request.__name__ == "TextToImage":
        return prompts | {"width": width, "height": height}
    if task.reference == "StableDiffusionUpscalePipeline":
        # It would make sides multiples of four; ours may be any.
        pipeline.image_processor.register_to_config(do_resize=False)
        small = picture((width // 4, height // 4))
        return prompts | {"image": [small] * case.count, "noise_level": case.noise_level}
    if "LatentConsistency" in task.reference:
        # Left to itself it packs all steps into the part that strength leaves; ours are that share of them.
        pipeline.scheduler.set_timesteps(case.steps)
        prompts["timesteps"] = pipeline.scheduler.timesteps.tolist()
    pictures: dict[str, Any] = {"image": _copies(picture(case.size), case), "strength": case.strength}
    if "Inpaint" in task.reference:
        masks = {"mask_image": _copies(mask_of(case), case), "width": width, "height": height}
        return prompts | pictures | masks
    if task.reference == "StableDiffusionDepth2ImgPipeline" and not task.estimates_depth:
        return prompts | pictures | {"depth_map": torch.from_numpy(depth_of(case.size))[None]}
    return prompts | pictures


def _copies(image: Any, case: Case) -> Sequence[Any]:
    """One for each picture: of a single one diffusers draws its posterior once for all generators."""
    return [image] * case.count
