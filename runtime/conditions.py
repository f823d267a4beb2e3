"""What a UNet is told besides latents, timestep and prompt: a row per input, as its configuration says.

`text_embeds` and `time_ids` are SDXL's (Podell et al. 2023, arXiv 2307.01952, section 2.2), `timestep_cond`
that of models that were distilled to know a guidance scale (Meng et al. 2022, arXiv 2210.03142).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from runtime.arrays import Array
from runtime.backends.base import PromptEmbeds
from runtime.errors import ModelFolderError
from runtime.family import SIZES, Config, pooled_count

LARGEST_PERIOD = 10000.0  # of the sinusoids, as of a timestep's


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What the values of the inputs follow from; `prompt` has a row for each half of guidance."""

    prompt: PromptEmbeds
    height: int  # pixels
    width: int  # pixels
    guidance_scale: float


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One input: how many numbers a row has (0 where a UNet does not take it), and what they are."""

    name: str
    count: Callable[[Config], int]
    values: Callable[[Situation, int], Array]  # to (1 or as many as the prompt has, count)


def _pooled(situation: Situation, count: int) -> Array:
    pooled = situation.prompt.pooled
    if pooled is None or pooled.shape[-1] != count:
        found = None if pooled is None else pooled.shape[-1]
        raise ModelFolderError(
            f"the UNet takes {count} pooled embeddings and the text encoders give {found}: "
            "they belong to different models; fetch the model again"
        )
    return pooled


def _sizes(situation: Situation, count: int) -> Array:
    """The picture as if it had always had its size: as diffusers does unless told otherwise."""
    size = (situation.height, situation.width)
    return np.array([[*size, 0, 0, *size]], np.float32)


def _guidance(situation: Situation, count: int) -> Array:
    return embed_guidance(situation.guidance_scale, count)


def embed_guidance(guidance_scale: float, count: int) -> Array:
    """Return (1, count) sines, then cosines, of 1000 * (guidance_scale - 1), in float32 as in diffusers."""
    half = count // 2
    rate = np.log(np.float32(LARGEST_PERIOD)) / np.float32(half - 1)
    frequencies = np.exp(np.arange(half, dtype=np.float32) * -rate)
    angles = np.float32(guidance_scale - 1) * np.float32(1000) * frequencies
    embedding = np.zeros((1, count), np.float32)
    embedding[0, : 2 * half] = np.concatenate([np.sin(angles), np.cos(angles)])
    return embedding


CONDITIONS = (
    Condition(name="text_embeds", count=pooled_count, values=_pooled),
    Condition(name="time_ids", count=lambda unet: SIZES if pooled_count(unet) else 0, values=_sizes),
    Condition(
        name="timestep_cond", count=lambda unet: int(unet.get("time_cond_proj_dim") or 0), values=_guidance
    ),
)


def condition_counts(unet: Config) -> dict[str, int]:
    """Return the inputs that a UNet takes, and how many numbers a row of each has."""
    counts = {condition.name: condition.count(unet) for condition in CONDITIONS}
    return {name: count for name, count in counts.items() if count}


def condition_values(unet: Config, situation: Situation, batch: int) -> dict[str, Array]:
    """Return the inputs (halves * batch, count), the unconditional half first.

    Raises ModelFolderError when the text encoders do not give what the UNet takes.
    """
    halves = len(situation.prompt.hidden)
    values = {}
    for condition in CONDITIONS:
        if count := condition.count(unet):
            rows = np.broadcast_to(condition.values(situation, count), (halves, count))
            values[condition.name] = np.repeat(rows, batch, axis=0)
    return values
