"""Seeded noise: the numbers of `torch.randn` with a CPU generator, without torch."""

import math
from collections.abc import Sequence

import numpy as np

from runtime.arrays import Array
from runtime.errors import InvalidRequest

_BLOCK = 16  # torch turns uniform numbers into normal ones 16 at a time
MAX_SEED = 2**64 - 1


class NoiseSource:
    """One stream of standard normal numbers, torch's for the same seed and the same sequence of shapes.

    Equal to rounding (5e-7): torch's own vectorised logarithm and sine differ that much between CPUs.
    """

    def __init__(self, seed: int) -> None:
        """Start the stream of `seed`, 0 to 2**64 - 1.

        Raises:
            InvalidRequest: the seed is out of bounds.
        """
        if not 0 <= seed <= MAX_SEED:
            raise InvalidRequest(f"seed must be between 0 and {MAX_SEED}, got {seed}: choose another seed")
        # torch hands the 64-bit seed to a Mersenne Twister that keeps 32 bits of it.
        self._twister = np.random.RandomState(seed & 0xFFFFFFFF)
        self._spare: float | None = None

    def standard_normal(self, shape: Sequence[int]) -> Array:
        """Return the next numbers of the stream as a float32 array of `shape`."""
        count = math.prod(shape)
        values = self._one_by_one(count) if count < _BLOCK else self._in_blocks(count)
        return values.reshape(tuple(shape))

    def _in_blocks(self, count: int) -> Array:
        uniform = self._uniform(count)
        whole = count - count % _BLOCK
        uniform[:whole] = _box_muller(uniform[:whole])
        if whole < count:  # a ragged end is drawn afresh, together with what fills up its block
            uniform[-_BLOCK:] = _box_muller(self._uniform(_BLOCK))
        return uniform

    def _one_by_one(self, count: int) -> Array:
        """Box-Muller in double precision, a pair at a time; the second of a pair waits for the next call."""
        values = []
        for _ in range(count):
            if self._spare is not None:
                values.append(self._spare)
                self._spare = None
                continue
            angle, distance = self._uniform_double(), self._uniform_double()
            radius = math.sqrt(-2.0 * math.log1p(-distance))
            values.append(radius * math.cos(2.0 * math.pi * angle))
            self._spare = radius * math.sin(2.0 * math.pi * angle)
        return np.array(values, np.float32)

    def _words(self, count: int) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
        return self._twister.randint(0, 2**32, size=count, dtype=np.uint32)

    def _uniform(self, count: int) -> Array:
        """Return float32 numbers in [0, 1) from the low 24 bits of one word each."""
        uniform: Array = (self._words(count) & 0xFFFFFF).astype(np.float32) * np.float32(2.0**-24)
        return uniform

    def _uniform_double(self) -> float:
        """Return a number in [0, 1) from the low 53 bits of two words, the first of them high."""
        high, low = (int(word) for word in self._words(2))
        return ((high << 32 | low) & (2**53 - 1)) * 2.0**-53


class BatchNoise:
    """Noise of a batch in which every picture has its own stream, so that each is the same made alone."""

    def __init__(self, seeds: Sequence[int]) -> None:
        """Start one stream per picture; raises InvalidRequest for a seed out of bounds."""
        self._sources = [NoiseSource(seed) for seed in seeds]

    def standard_normal(self, shape: Sequence[int]) -> Array:
        """Return the next numbers as a float32 array of `shape`, (B, ...) with B the number of seeds."""
        if shape[0] != len(self._sources):
            raise ValueError(f"a batch of {shape[0]} needs as many seeds, got {len(self._sources)}")
        return np.stack([source.standard_normal(shape[1:]) for source in self._sources])


def _box_muller(uniform: Array) -> Array:
    """Turn blocks of 16 uniform numbers into normal ones: eight radii, then their eight angles."""
    blocks = uniform.reshape(-1, 2, _BLOCK // 2)
    radius = np.sqrt(np.float32(-2.0) * np.log(np.float32(1.0) - blocks[:, 0]))
    angle = np.float32(2.0 * math.pi) * blocks[:, 1]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).reshape(-1)
