"""The safety checker that comes with a model: what it looks at, and what it makes of a picture.

Rombach et al. measure how near a picture is to 17 concepts, and to 3 that call for more care, in the space of
CLIP (Rando et al. 2022, arXiv 2210.04610); a concept nearer than its own threshold flags the picture.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from runtime.arrays import Array
from runtime.errors import ModelFolderError, NonFiniteError
from runtime.family import CHECKER as CHECKER

if TYPE_CHECKING:
    from PIL import Image

CONCEPTS = 17  # the last scores; those before are of special care
# Said with every picture that was not looked at; the words are those of diffusers and of the licence.
UNCHECKED = (
    "the safety checker is off: abide to the conditions of the Stable Diffusion license and do not expose "
    "unfiltered results in services or applications open to the public"
)
CARE = 0.01  # what every concept counts more once special care is called for
DIGITS = 3  # scores are compared after rounding, as the published checker does
_BICUBIC = 3  # Pillow's number
_MEAN = (0.48145466, 0.4578275, 0.40821073)  # of CLIP's training pictures (Radford et al. 2021)
_DEVIATION = (0.26862954, 0.26130258, 0.27577711)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the checker says of one picture: which concepts are nearer than they may be, and by how much."""

    concepts: Mapping[int, float]

    @property
    def is_flagged(self) -> bool:
        """Whether the picture is to be withheld."""
        return bool(self.concepts)

    @property
    def reason(self) -> str:
        """What it found, in words."""
        found = ", ".join(f"{number} by {score:.3f}" for number, score in self.concepts.items())
        return f"the model's safety checker flags it (concept {found} over its threshold)"


@dataclass(frozen=True, kw_only=True)
class Withheld:
    """A picture that was made and is not given out: its seed, and why."""

    seed: int
    reason: str

    def __str__(self) -> str:
        return (
            f"the picture of seed {self.seed} is withheld: {self.reason}; try another seed or prompt"
            " (docs/safety.md)"
        )


def prepare_picture(picture: "Image.Image", config: Mapping[str, Any]) -> Array:
    """Return (1, 3, S, S) as transformers' CLIPImageProcessor with this preprocessor_config.json does.

    The shortest edge is resized, bicubic, to its size, the middle cut out, the values scaled and normalised.
    """
    edge = _edge(config)
    height, width = _crop(config)
    how = config.get("resample", _BICUBIC)
    resized = picture.convert("RGB").resize(_resized(picture.size, edge), how)
    left, top = (resized.width - width) // 2, (resized.height - height) // 2
    cut = resized.crop((left, top, left + width, top + height))
    pixels = np.asarray(cut, np.float32) * np.float32(config.get("rescale_factor", 1 / 255))
    mean = np.array(config.get("image_mean", _MEAN), np.float32)
    deviation = np.array(config.get("image_std", _DEVIATION), np.float32)
    return np.ascontiguousarray(((pixels - mean) / deviation).transpose(2, 0, 1)[None])


def judge(scores: Array) -> Verdict:
    """Return the verdict on a picture from its scores (20,): nearness less threshold, special care first.

    Raises NonFiniteError, since what cannot be judged must not pass.
    """
    if not np.isfinite(scores).all():
        raise NonFiniteError(
            "the safety checker gave values that are not numbers: try --execution-precision f32"
        )
    special, concepts = np.split(np.asarray(scores, np.float64), [len(scores) - CONCEPTS])
    care = CARE if (np.round(special, DIGITS) > 0).any() else 0.0
    rounded = np.round(concepts + care, DIGITS)
    return Verdict(concepts={int(n): float(rounded[n]) for n in np.flatnonzero(rounded > 0)})


def _resized(size: tuple[int, int], edge: int) -> tuple[int, int]:
    width, height = size
    if width <= height:
        return edge, int(edge * height / width)
    return int(edge * width / height), edge


def _edge(config: Mapping[str, Any]) -> int:
    size = config.get("size", 224)
    return _side(size.get("shortest_edge") if isinstance(size, Mapping) else size)


def _crop(config: Mapping[str, Any]) -> tuple[int, int]:
    crop = config.get("crop_size", _edge(config))
    sides = (crop.get("height"), crop.get("width")) if isinstance(crop, Mapping) else (crop, crop)
    return _side(sides[0]), _side(sides[1])


def _side(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= 1024:
        raise ModelFolderError(
            f"preprocessor_config.json of the safety checker has a size {value!r:.60}: fetch the model again"
        )
    return value
