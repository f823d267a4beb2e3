"""What a component's result may look like: plain faults, cheap signs of doubt, and how results compare.

A sign of doubt never judges: it makes the guard compare with the CPU in f32 on the very same inputs.
"""

import math
from collections import deque
from dataclasses import dataclass, field

import numpy as np

from runtime.arrays import Array

# How far a right device may be from the CPU in f32, as a share of the result's own variation. f16 and bf16
# keep 11 and 8 bits: through a whole network a right device is 2e-3 to 3e-2 off. Noise, zeros or another
# picture are 0.5 and more off, a device that is wrong in one layer 0.1 and more.
LIMITS = {"f32": 0.02, "f16": 0.06, "bf16": 0.12}
INT8_LIMIT = 0.25  # quantized weights: devices round activations in different places
HALVES_AGREE = 0.5  # cosine of the two halves of guidance, which see the same sample: 0.9 and more when right
RELATED = 0.2  # cosine of a prediction with its sample, or with the one before: noise has 0
NEIGHBOURS = {"vae_decoder": 0.5, "depth_estimator": 0.5, "vae_encoder": 0.2}  # noise has 0
MAGNITUDES = {"unet": (0.05, 20.0), "vae_decoder": (0.01, 3.0)}  # root mean square of a plausible result
FIRST_TOKEN = 0.05  # how far the first token's embedding, which no prompt changes, may move
FIRST_VALUES = 16  # of that embedding are kept
SIZES_AGREE = 3.0  # the factor by which the size of the VAE encoder's moments may change
ALIKE = 0.3  # cosine of the samples of two steps of one picture; those of two tiles or pictures have 0
REMEMBERED = 1024  # calls: the tiles of a step
SAMPLED = 4096  # numbers or a few more that are kept of a row: enough for a cosine


def plain_fault(result: Array) -> str | None:
    """Return what is plainly wrong with a result, or None."""
    return None if np.isfinite(result).all() else "gave values that are not numbers"


def limit(precision: str, stored: str) -> float:
    """Return how far a right device may be off; `stored` is the precision of the weights on disk."""
    return max(LIMITS[precision], INT8_LIMIT if stored == "int8" else 0.0)


def difference(result: Array, reference: Array) -> float:
    """Return the largest root mean square difference of a row, as a share of the reference's variation.

    A row that hardly varies is measured by a tenth of its size instead. What is not a number, on either side,
    is infinitely far away.
    """
    if not (np.isfinite(result).all() and np.isfinite(reference).all()):
        return math.inf
    worst = 0.0
    for row, right in zip(result.astype(np.float64), reference.astype(np.float64), strict=True):
        scale = max(float(right.std()), 0.1 * _rms(right), 1e-6)
        worst = max(worst, _rms(row - right) / scale)
    return worst


def is_flat(result: Array) -> bool:
    """Whether a row of a result has one value everywhere, or nearly so."""
    rows = result.reshape(len(result), -1)
    spread = rows.max(axis=1) - rows.min(axis=1)
    return bool((spread <= 1e-5 * np.maximum(1, np.abs(rows).max(axis=1))).any())


@dataclass
class Sentinel:
    """Watches the results of one component over a pass; keeps what it needs of the calls before.

    A UNet that `predicts_noise` gives what is in its sample. One that predicts v gives what is at a right
    angle to it: the first call of a picture or tile has no sign, and noise shows at the second.
    """

    component: str
    predicts_noise: bool = True
    _before: deque[tuple[Array, Array]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def doubts(self, given: Array, result: Array, guided: bool, fingerprint: Array | None) -> bool:
        """Whether a result is unlike what this component gives.

        `given` is its first input, row by row; `fingerprint` is that of a result that was right.
        """
        if is_flat(result) or not self._has_size(result):
            return True
        if self.component == "unet":
            return self._doubts_prediction(given, result, guided)
        if self.component.startswith("text_encoder"):
            return _doubts_embeddings(result, fingerprint)
        if self.component.startswith(("controlnet", "safety_checker")):
            return False  # residuals and scores have no sign that another network's would not have
        if self.component == "vae_encoder" and fingerprint is not None:
            size = _rms(result) / max(float(fingerprint[0]), 1e-6)
            if not 1 / SIZES_AGREE < size < SIZES_AGREE:
                return True
        planes = result[:, : result.shape[1] // 2] if self.component == "vae_encoder" else result
        return neighbour_correlation(planes) < NEIGHBOURS[self.component]

    def _has_size(self, result: Array) -> bool:
        low, high = MAGNITUDES.get(self.component, (0.0, np.inf))
        return all(low <= _rms(row) <= high for row in result)

    def _doubts_prediction(self, sample: Array, result: Array, guided: bool) -> bool:
        halves_agree = not guided or _cosines(*np.split(result, 2)).min() >= HALVES_AGREE
        # The latents alone: two tiles of a picture may be alike in what an upscaler is given beside them.
        channels = min(sample.shape[1], result.shape[1])
        seen, given = _thinned(sample[:, :channels]), _thinned(result[:, :channels])
        before, alike = self._step_before(seen)
        self._before.append((seen, given))
        related = np.abs(_cosines(seen, given))
        if before is not None:
            if np.array_equal(before[1], given) and not np.array_equal(before[0], seen):
                return True
            related = np.maximum(related, _cosines(before[1], given))
        has_sign = self.predicts_noise or alike
        return not halves_agree or bool(has_sign and related.min() < RELATED)

    def _step_before(self, seen: Array) -> tuple[tuple[Array, Array] | None, bool]:
        """Return the call with the likest sample, and whether it is the step before; that one is let go."""
        alike = [float(_cosines(sample, seen).min()) for sample, _ in self._before]
        if not alike:
            return None, False
        likest = int(np.argmax(alike))
        before = self._before[likest]
        if alike[likest] >= ALIKE:
            del self._before[likest]
        return before, alike[likest] >= ALIKE


def fingerprint_of(component: str, result: Array) -> Array:
    """Return what later results can be recognised by, whatever prompt or picture they are of.

    The text encoder's attention is causal: the first token's embedding never changes. The moments of the VAE
    encoder are mostly log variances, which hardly change.
    """
    if component.startswith("text_encoder"):
        return result[0, 0, :FIRST_VALUES]
    return np.array([_rms(result)], np.float32)


def _doubts_embeddings(hidden: Array, fingerprint: Array | None) -> bool:
    kept = hidden[0, 0] if fingerprint is None else fingerprint[: hidden.shape[2]]
    allowed = FIRST_TOKEN * _rms(kept)
    return any(_rms(row[0, : len(kept)] - kept) > allowed for row in hidden)


def neighbour_correlation(planes: Array) -> float:
    """Return how alike neighbouring values (B, C, h, w) are, of the row where they are least: -1 to 1."""
    least = 1.0
    for row in planes.reshape(len(planes), -1, *planes.shape[-2:]):
        centred = row - row.mean(axis=(1, 2), keepdims=True)
        size = float((centred**2).mean()) or 1.0
        beside = float((centred[:, :, 1:] * centred[:, :, :-1]).mean()) / size
        below = float((centred[:, 1:] * centred[:, :-1]).mean()) / size
        least = min(least, (beside + below) / 2)
    return least


def _thinned(rows: Array) -> Array:
    """Return some numbers of each row (B, N), not of the same column each time."""
    flat = rows.reshape(len(rows), -1)
    return np.ascontiguousarray(flat[:, :: max(1, flat.shape[1] // SAMPLED) | 1])


def _cosines(first: Array, second: Array) -> Array:
    """Return the cosine of each pair of rows."""
    if first.shape != second.shape:
        return np.zeros(len(second), np.float32)
    one, two = first.reshape(len(first), -1), second.reshape(len(second), -1)
    sizes = np.linalg.norm(one, axis=1) * np.linalg.norm(two, axis=1)
    return np.asarray((one * two).sum(axis=1) / np.maximum(sizes, 1e-12), np.float32)


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))
