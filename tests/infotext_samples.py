"""Texts in the forms in which other programs write them into pictures, and what they say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A text, and some of what must be read from it."""

    text: str
    prompt: str
    negative_prompt: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    absent: tuple[str, ...] = ()  # fields that it does not give
    values: Mapping[str, str] = field(default_factory=dict)


SAMPLES: Mapping[str, Sample] = {
    # A1111 1.5: the schedule is a part of the sampler's name.
    "schedule in the sampler": Sample(
        text="a castle\nNegative prompt: blurry\nSteps: 20, Sampler: DPM++ 2M Karras, CFG "
        "scale: 7, Seed: 965400086, "
        "Size: 512x512, Model hash: 6ce0161689, Model: v1-5-pruned-emaonly, Version: v1.5.1",
        prompt="a castle",
        negative_prompt="blurry",
        fields={
            "num_inference_steps": 20,
            "sampler": "DPM++ 2M Karras",
            "guidance_scale": 7.0,
            "seed": 965400086,
            "width": 512,
            "height": 512,
        },
        absent=("schedule", "strength"),
        values={"Model hash": "6ce0161689"},
    ),
    # A1111 1.10, image to image with several lines of both prompts.
    "many lines": Sample(
        text="masterpiece, (best quality:1.2),\na hill\n\nat night\nNegative prompt: "
        "text,\n(worst quality:1.4)\n"
        "Steps: 30, Sampler: Euler a, Schedule type: Automatic, CFG scale: 6.5, Seed: 1, Size: 640x384, "
        "Model hash: 6ce0161689, Model: v1-5, Denoising strength: 0.55, Clip skip: 2, Version: v1.10.1",
        prompt="masterpiece, (best quality:1.2),\na hill\n\nat night",
        negative_prompt="text,\n(worst quality:1.4)",
        fields={"strength": 0.55, "schedule": "Automatic", "width": 640, "height": 384},
    ),
    "inpainting": Sample(
        text="a door\nSteps: 20, Sampler: DDIM, CFG scale: 7, Seed: 5, Size: 512x512, "
        "Denoising strength: 0.75, "
        "Conditional mask weight: 1.0, Mask blur: 12, Inpaint area: Only masked, Masked area padding: 48, "
        "Mask mode: Inpaint not masked, Version: v1.9.4",
        prompt="a door",
        fields={"mask_blur": 12, "only_masked": True, "padding": 48, "invert_mask": True, "strength": 0.75},
    ),
    "hashes and ControlNet in quotes": Sample(
        text="a cat <lora:ink:0.8>\nSteps: 25, Sampler: DPM++ SDE, Schedule type: Karras, CFG "
        "scale: 7.5, Seed: 42, "
        'Size: 512x768, Lora hashes: "ink: 0123456789ab, other: cd", TI hashes: "easy: ef", '
        'ControlNet 0: "Module: canny, Model: control_v11p_sd15_canny [d14c016b], '
        'Weight: 1, Guidance: 0.0, \\"x\\"", '
        'Hashes: {"model": "6ce0161689", "lora:ink": "01"}, Version: v1.10.1',
        prompt="a cat <lora:ink:0.8>",
        fields={"seed": 42, "height": 768, "schedule": "Karras"},
        values={
            "Lora hashes": "ink: 0123456789ab, other: cd",
            "ControlNet 0": "Module: canny, Model: control_v11p_sd15_canny [d14c016b], Weight: 1, "
            'Guidance: 0.0, "x"',
            "Hashes": '{"model": "6ce0161689", "lora:ink": "01"}',
            "Version": "v1.10.1",
        },
    ),
    "hires fix": Sample(
        text="a tower\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 3, Size: 512x512, "
        "Denoising strength: 0.7, "
        "Hires upscale: 2, Hires steps: 10, Hires upscaler: Latent, Version: v1.6.0",
        prompt="a tower",
        fields={"strength": 0.7, "width": 512},
        values={"Hires upscaler": "Latent"},
    ),
    # A saver for ComfyUI: names of ComfyUI, "CFG Scale", an empty negative prompt, seeds of 64 bits.
    "ComfyUI, its own names": Sample(
        text="a boat on a river\nNegative prompt: \nSteps: 20, Sampler: dpmpp_2m_karras, CFG Scale: 8.0, "
        "Seed: 156680208700286, Size: 512x512, Model: v1-5-pruned-emaonly.safetensors, "
        "Model hash: 6ce0161689, "
        'Hashes: {"model": "6ce0161689"}',
        prompt="a boat on a river",
        fields={"guidance_scale": 8.0, "sampler": "dpmpp_2m_karras", "seed": 156680208700286},
        values={"Hashes": '{"model": "6ce0161689"}'},
    ),
    # Another one: names of A1111, a list of resources at the end, a line feed after it.
    "ComfyUI, names of A1111": Sample(
        text="a boat\nNegative prompt: fog\nSteps: 12, Sampler: DPM++ 2M SDE Karras, CFG "
        "scale: 5.5, Seed: 7, "
        "Size: 768x512, Clip skip: 1, Model hash: 6ce0161689, Model: sd15, Hashes: {}, Version: ComfyUI, "
        'Civitai resources: [{"type":"checkpoint","modelVersionId":1,"name":"SD, one"}], '
        "Civitai metadata: {}\n",
        prompt="a boat",
        negative_prompt="fog",
        fields={"num_inference_steps": 12, "width": 768},
        values={"Civitai resources": '[{"type":"checkpoint","modelVersionId":1,"name":"SD, one"}]'},
    ),
    "only a line of settings": Sample(
        text="Steps: 20, Sampler: Euler, CFG scale: 7, Seed: 4, Size: 128x128, Version: Lapdraw 0.1.0",
        prompt="",
        fields={"seed": 4, "width": 128},
    ),
    "a colon in every line": Sample(
        text="style: oil, light: soft\nNegative prompt: frame: none\nSteps: 9, Sampler: Euler, Seed: 1",
        prompt="style: oil, light: soft",
        negative_prompt="frame: none",
        fields={"num_inference_steps": 9},
    ),
    "values that are none": Sample(
        text="a\nSteps: 20, Size: wide, Seed: nan, CFG scale: inf, Denoising strength: much, Mask blur: 4px",
        prompt="a",
        fields={"num_inference_steps": 20},
        absent=("width", "seed", "guidance_scale", "strength", "mask_blur"),
    ),
    "extended": Sample(
        text="a\nSteps: 20, Sampler: DDIM, Seed: 1, Size: 192x160, Extended: left 64 bottom "
        "32, Version: Lapdraw 0.1.0",
        prompt="a",
        fields={"left": 64, "bottom": 32},
        absent=("right", "top"),
    ),
    "upscaled": Sample(
        text="a\nSteps: 20, Sampler: DDIM, Seed: 1, Size: 512x512, Noise level: 40, Tile: "
        "256, Version: Lapdraw 0.1.0",
        prompt="a",
        fields={"noise_level": 40, "tile": 256},
    ),
}
