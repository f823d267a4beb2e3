"""How a model wants to be asked: most take 25 guided steps, distilled ones a few and little or no guidance.

Nothing in a model's files says outright that it was distilled. An LCM tells by its sampler, or by a UNet that
is told the guidance scale. Turbo and Lightning models are told by two things that must agree: timesteps
counted from the end ("trailing"), which they were trained at and which ordinary models have too, and their
name. Whoever gives steps or a guidance scale is always followed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class ModelDefaults:
    """What a model is asked with unless told otherwise; `embeds_guidance`: its UNet is told the scale."""

    num_inference_steps: int = 25
    guidance_scale: float = 7.5
    embeds_guidance: bool = False


USUAL = ModelDefaults()
UNGUIDED = ModelDefaults(num_inference_steps=4, guidance_scale=1.0)
# Word in the name of a model whose timesteps are trailing -> how it wants to be asked.
WORDS: Mapping[str, ModelDefaults] = {"turbo": UNGUIDED, "lightning": UNGUIDED}
LCM_TOLD = ModelDefaults(num_inference_steps=4, guidance_scale=8.5, embeds_guidance=True)
ALL_DEFAULTS = (USUAL, UNGUIDED, LCM_TOLD)


def find_defaults(unet: Mapping[str, Any], scheduler: Mapping[str, Any], names: str) -> ModelDefaults:
    """Return how to ask a model; `names` are what it is called, here and where it came from."""
    if unet.get("time_cond_proj_dim"):
        return LCM_TOLD
    if scheduler.get("_class_name") == "LCMScheduler":
        return UNGUIDED
    if scheduler.get("timestep_spacing") == "trailing" and not scheduler.get("rescale_betas_zero_snr"):
        words = re.split(r"[^a-z]+", names.casefold())
        return next((row for word, row in WORDS.items() if word in words), USUAL)
    return USUAL
