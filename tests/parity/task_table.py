"""The tasks that are compared with diffusers, a row per pipeline, and the values that each is tried with."""

from collections.abc import Mapping, Sequence
from typing import Any

from runtime import DepthToImage, ImageToImage, Inpaint, TextToImage, Unconditional, Upscale
from tests.parity.reference_samplers import HALF_WAY, SAMPLERS, STOCHASTIC
from tests.parity.task_cases import NEGATIVE, SEED, Case, Task
from tests.parity.task_few import (
    FEW,
    FEW_LCM,
    FEW_LCM_FROM_PICTURES,
    FEW_PLAIN,
    FEW_STEPS,
    FEW_UPSCALED,
    FEW_XL,
    FEW_XL_FROM_PICTURES,
    FEW_XL_MASKED,
    MASKED,
    MASKS,
)

GUIDANCE = (1.0, 6.0)
# 136x200 has 17x25 latents; sides that are no multiple of what the UNet halves need sizes of their own.
COMMON: Mapping[str, Sequence[Any]] = {
    "sampler": ("DDIM", "Euler a", "DPM++ 2M"),
    "size": ((192, 128), (136, 200)),
    "strength": (0.1, 0.5, 1.0),
    "guidance_scale": GUIDANCE,
    "count": (1, 2),
}
MORE_SAMPLERS = ("PLMS", "Heun", "DDPM")
XL: Mapping[str, Sequence[Any]] = {
    **COMMON,
    "sampler": ("Euler", "Euler a", "DPM++ 2M"),
    "negative": (NEGATIVE, ""),
}
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
    "text to image": Task(
        reference="StableDiffusionPipeline",
        model="demo-scenes",
        request=TextToImage,
        axes={
            "sampler": (*SAMPLERS, *STOCHASTIC),
            "size": ((128, 128), *COMMON["size"]),
            "guidance_scale": GUIDANCE,
            "seed": (0, SEED, 2**32 + 5),
            "count": (1, 2),
            "steps": (12,),
        },
        few=[Case(sampler=name, size=(128, 128), guidance_scale=6.0) for name in (*SAMPLERS, *STOCHASTIC)],
    ),
    "img2img": Task(
        reference="StableDiffusionImg2ImgPipeline",
        model="demo-scenes",
        request=ImageToImage,
        axes=COMMON,
        few=FEW,
        more_samplers=OTHER_SAMPLERS,
    ),
    "inpaint, 4 channels": Task(
        reference="StableDiffusionInpaintPipeline",
        model="demo-scenes",
        request=Inpaint,
        axes={**COMMON, "mask": MASKS},
        few=MASKED,
        # Between the two evaluations of DPM2, diffusers noises the known part to the level after both.
        more_samplers=[name for name in OTHER_SAMPLERS if name != "DPM2"],
    ),
    "inpaint, 9 channels": Task(
        reference="StableDiffusionInpaintPipeline",
        model="tiny-inpaint",
        request=Inpaint,
        axes={**COMMON, "mask": MASKS},
        few=MASKED,
        more_samplers=MORE_SAMPLERS,
    ),
    "depth given": Task(
        reference="StableDiffusionDepth2ImgPipeline",
        model="tiny-depth",
        request=DepthToImage,
        axes=COMMON,
        few=FEW,
        more_samplers=MORE_SAMPLERS,
    ),
    "depth estimated": Task(
        reference="StableDiffusionDepth2ImgPipeline",
        model="tiny-depth",
        request=DepthToImage,
        axes=COMMON,
        few=FEW,
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
        few=FEW_UPSCALED,
        more_samplers=MORE_SAMPLERS,
    ),
    "SDXL": Task(
        reference="StableDiffusionXLPipeline",
        model="tiny-xl",
        request=TextToImage,
        axes=_without_strength(XL),
        few=FEW_XL,
        more_samplers=MORE_SAMPLERS,
    ),
    "SDXL img2img": Task(
        reference="StableDiffusionXLImg2ImgPipeline",
        model="tiny-xl",
        request=ImageToImage,
        axes=XL,
        few=FEW_XL_FROM_PICTURES,
        more_samplers=MORE_SAMPLERS,
    ),
    "SDXL inpaint, 4 channels": Task(
        reference="StableDiffusionXLInpaintPipeline",
        model="tiny-xl",
        request=Inpaint,
        axes={**XL, "mask": MASKS},
        few=FEW_XL_MASKED,
        more_samplers=MORE_SAMPLERS,
    ),
    "SDXL inpaint, 9 channels": Task(
        reference="StableDiffusionXLInpaintPipeline",
        model="tiny-xl-inpaint",
        request=Inpaint,
        axes={**XL, "mask": MASKS},
        few=FEW_XL_MASKED,
        more_samplers=MORE_SAMPLERS,
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
        few=FEW_STEPS,
    ),
    "LCM": Task(
        reference="LatentConsistencyModelPipeline",
        model="tiny-lcm",
        request=TextToImage,
        axes=_without_strength(LCM),
        few=FEW_LCM,
    ),
    "LCM img2img": Task(
        reference="LatentConsistencyModelImg2ImgPipeline",
        model="tiny-lcm",
        request=ImageToImage,
        axes=LCM,
        few=FEW_LCM_FROM_PICTURES,
    ),
    "DDPM": Task(
        reference="DDPMPipeline",
        model="tiny-unconditional",
        request=Unconditional,
        axes={"sampler": ("DDPM",), "size": ((32, 48), (40, 24)), "count": (1, 2)},
        few=FEW_PLAIN["DDPM"],
    ),
    "DDIM": Task(
        reference="DDIMPipeline",
        model="tiny-unconditional",
        request=Unconditional,
        axes={"sampler": ("DDIM",), "size": ((32, 48), (40, 24)), "count": (1, 2)},
        few=FEW_PLAIN["DDIM"],
    ),
}
