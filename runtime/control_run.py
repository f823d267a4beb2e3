"""ControlNets inside the loop: what each says of a sample, weighted, added up, and handed to the UNet."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from runtime.arrays import Array
from runtime.backends.base import Conditioning, UNet
from runtime.control import Control
from runtime.control_shapes import RESIDUALS
from runtime.denoise import PredictNoise


class RunControlNet(Protocol):
    """Runs one of the nets that the networks were loaded with."""

    def __call__(
        self, number: int, sample: Array, timestep: float, conditioning: Conditioning, picture: Array
    ) -> Array:
        """(B, C, h, w) and the picture (1, 3, H, W) to the residuals (B, N)."""
        ...


@dataclass(frozen=True, kw_only=True)
class Controlling:
    """One control as the loop takes it: the number of its net, and its picture (1, 3, H, W) in 0 to 1."""

    control: Control
    net: int
    picture: Array


@dataclass(kw_only=True)
class Controls:
    """Those of one batch, and what they need; `count` is how many numbers a row of residuals has."""

    controllings: Sequence[Controlling]
    run: RunControlNet
    count: int
    said: Array | None = None  # at the last whole evaluation, (B, count)

    def around(self, unet: UNet, weights: Sequence[float]) -> UNet:
        """Return a UNet that gets what the nets say of its sample, each as often as its weight says.

        A net of weight 0 is not run. Where the outermost layers alone run, on deep features that were kept,
        what the nets said with these is kept too.
        """

        def controlled(sample: Array, timestep: float, conditioning: Conditioning) -> Array:
            if conditioning.whole or self.said is None:
                self.said = summed(sample, timestep, conditioning)
            extra = {**conditioning.extra, RESIDUALS: self.said[-len(sample) :]}
            return unet(sample, timestep, replace(conditioning, extra=extra))

        def summed(sample: Array, timestep: float, conditioning: Conditioning) -> Array:
            total: Array | None = None
            for one, weight in zip(self.controllings, weights, strict=True):
                if weight:
                    said = self.run(one.net, sample, timestep, conditioning, one.picture)
                    said = said if weight == 1 else said * np.float32(weight)
                    total = said if total is None else total + said
            return np.zeros((len(sample), self.count), np.float32) if total is None else total

        return controlled

    def weights(self, evaluations: int) -> list[tuple[float, ...]]:
        """Return what each counts at every one of so many evaluations."""
        return [
            tuple(one.control.weight_at(number, evaluations) for one in self.controllings)
            for number in range(evaluations)
        ]


def by_evaluation(predictors: Sequence[PredictNoise], first: int) -> PredictNoise:
    """Return what asks another predictor at each evaluation; `first` is where the loop begins."""

    def predict(sample: Array, timestep: float, index: int) -> Array:
        return predictors[index - first](sample, timestep, index)

    return predict
