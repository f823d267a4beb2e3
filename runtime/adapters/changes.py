"""What is added to the networks of a model: low-rank changes of layers, and vectors for further tokens."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from runtime.arrays import Array


@dataclass(frozen=True, kw_only=True)
class LowRank:
    """A change of one layer: `down` (R, in) or (R, in, kh, kw), `up` (out, R), the scale multiplied in."""

    down: Array
    up: Array

    @property
    def rank(self) -> int:
        """How many rows `down` has."""
        return len(self.down)

    @property
    def weight_shape(self) -> tuple[int, ...]:
        """The shape of the weights that it fits."""
        return (len(self.up), *self.down.shape[1:])

    def weighed(self, weight: float) -> "LowRank":
        """Return the change times a number."""
        return LowRank(down=self.down, up=self.up * np.float32(weight))


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What is added to one network: low-rank changes by layer, and rows below the table of tokens."""

    layers: Mapping[str, LowRank] = field(default_factory=dict)
    tokens: Array | None = None  # (N, D), of the token ids from `vocabulary` on
    vocabulary: int = 0  # how many tokens the encoder has of its own


@dataclass(frozen=True, kw_only=True, eq=False)
class Adapters:
    """What is added to the networks of a model; equal where the same files are added by the same weights."""

    key: tuple[object, ...] = ()
    changes: Mapping[str, Changes] = field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Adapters) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


NOTHING = Adapters()
