"""What a manifest says of an int8 model: how it was made, and what that cost and gained when it was made."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

MODES = ("full", "weights")
QUANTIZED = ("int8", "int8-weights")  # what a user asks for: full, weights; stored is "int8" either way
OFFERED = ("fp32", "fp16", *QUANTIZED)  # everything that a model can be made in


@dataclass(frozen=True, kw_only=True)
class Quantization:
    """The recipe of the UNet's int8, and a comparison with the model it was made from.

    Both were compared on the CPU in f32 from the same seeds. An error of the UNet is the root mean square of
    the difference, by that of the right answer, over the calls of one picture.
    """

    mode: str  # full: weights and activations; weights: only they, computed with as before
    base: str  # precision of the weights it was made from
    samples: int  # the UNet was calibrated on, each one half of guidance; 0 for weights
    prompts: int  # they were drawn from
    calibration_steps: int
    calibration_guidance: float
    kept_in_float: tuple[str, ...]  # operations of the UNet
    width: int  # pixels, of calibration and comparison
    height: int
    unet_error: float  # mean
    largest_unet_error: float
    pictures: int  # compared
    steps: int  # of each
    picture_psnr: float  # dB, mean; 100 for equal pictures
    lowest_psnr: float
    base_seconds: float  # median of a call of the UNet, in turn with the other
    seconds: float
    machine: str  # that both ran on

    @property
    def speed(self) -> float:
        """How often faster a call of the UNet is than before."""
        return self.base_seconds / self.seconds

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self) | {"kept_in_float": list(self.kept_in_float)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Quantization":
        """Read what `to_dict` gave; raises ValueError naming the first field that is not as it must be."""
        kinds = {field.name: field.type for field in fields(cls)}
        for name in sorted(values.keys() ^ kinds.keys()):
            raise ValueError(name)
        for name, value in values.items():
            if not _fits(value, kinds[name]):
                raise ValueError(name)
        if values["mode"] not in MODES:
            raise ValueError("mode")
        if not (values["seconds"] > 0 and values["base_seconds"] > 0):
            raise ValueError("seconds")
        return cls(**(dict(values) | {"kept_in_float": tuple(values["kept_in_float"])}))


def _fits(value: Any, kind: Any) -> bool:
    """Whether a parsed JSON value is of a field's type."""
    if kind is str:
        return isinstance(value, str) and bool(value)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if kind is float:
        return isinstance(value, float | int) and not isinstance(value, bool) and math.isfinite(value)
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
