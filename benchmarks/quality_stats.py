"""Figures over pairs of pictures, each with its 95 % interval: the bootstrap over the pairs (Efron 1979)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
RESAMPLES = 2000
SEED = 0


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A figure and the interval that holds it in 95 of 100 cases."""

    value: float
    low: float
    high: float


def median(values: Sequence[float]) -> Estimate:
    """Return the median of the pairs."""
    return _estimate(values, lambda drawn: np.median(drawn, axis=-1))


def mean(values: Sequence[float]) -> Estimate:
    """Return the mean of the pairs."""
    return _estimate(values, lambda drawn: drawn.mean(axis=-1))


def _estimate(values: Sequence[float], figure: Callable[[Values], Values]) -> Estimate:
    given = np.asarray(values, np.float64)
    draw = np.random.default_rng(SEED)
    drawn = given[draw.integers(0, len(given), (RESAMPLES, len(given)))]
    low, high = np.percentile(figure(drawn), [2.5, 97.5])
    return Estimate(value=float(figure(given[None])[0]), low=float(low), high=float(high))
