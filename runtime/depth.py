"""Depth maps: estimated from a picture, and as the fifth channel of a UNet."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from runtime.arrays import Array
from runtime.backends.base import DepthEstimator
from runtime.errors import ModelFolderError, NonFiniteError

if TYPE_CHECKING:
    from PIL import Image

_BICUBIC = 3  # Pillow's number
_CUBIC = -0.75  # the coefficient of torch's bicubic interpolation (Keys 1981)


def estimator_size(config: Mapping[str, Any]) -> tuple[int, int]:
    """Return (H, W) that a model's depth estimator takes, from its `preprocessor_config.json`."""
    size = config.get("size", 384)
    sides = (size, size) if isinstance(size, int) else (size.get("height"), size.get("width"))
    if not all(isinstance(side, int) and 0 < side <= 4096 for side in sides):
        raise ModelFolderError(f"preprocessor_config.json: size {size!r:.60} is not understood: export again")
    return int(sides[0]), int(sides[1])


def estimate_depth(estimator: DepthEstimator, config: Mapping[str, Any], picture: "Image.Image") -> Array:
    """Return the inverse depth (h, w) that the model's own estimator sees in an RGB picture.

    Resized, scaled and normalised as `config` (a DPTImageProcessor's) says; the proportions are not kept,
    as the published models have it.
    """
    height, width = estimator_size(config)
    resized = picture.resize((width, height), config.get("resample", _BICUBIC))
    pixels = np.asarray(resized, np.float32) * np.float32(config.get("rescale_factor", 1 / 255))
    if config.get("do_normalize", True):
        mean, std = (
            np.array(config.get(name, [0.5, 0.5, 0.5]), np.float32) for name in ("image_mean", "image_std")
        )
        pixels = (pixels - mean) / std
    depth: Array = estimator(np.ascontiguousarray(pixels.transpose(2, 0, 1)[None]))[0]
    if not np.isfinite(depth).all():
        raise NonFiniteError("the depth estimator gave values that are not numbers: give the depth (--depth)")
    return depth


def depth_channel(depth: Array, height: int, width: int) -> Array:
    """Return (1, 1, h, w) in [-1, 1], 1 the nearest, of a depth (H, W); a flat one is 0 everywhere."""
    small = resize_bicubic(depth, height, width)
    low, high = small.min(), small.max()
    scaled = 2 * (small - low) / (high - low) - 1 if high > low else np.zeros_like(small)
    return np.asarray(scaled, np.float32)[None, None]


def resize_bicubic(array: Array, height: int, width: int) -> Array:
    """Resize (H, W) as `torch.nn.functional.interpolate(mode="bicubic", align_corners=False)` does."""
    rows, columns = _cubic_weights(len(array), height), _cubic_weights(array.shape[1], width)
    return np.asarray(rows @ array.astype(np.float64) @ columns.T, np.float32)


def _cubic_weights(length: int, wanted: int) -> npt.NDArray[np.float64]:
    """Return the (wanted, length) matrix of a one-dimensional cubic convolution, edges repeated."""
    centre = (np.arange(wanted) + 0.5) * length / wanted - 0.5
    first = np.floor(centre).astype(int)
    matrix = np.zeros((wanted, length))
    for offset in range(-1, 3):
        distance = np.abs(centre - (first + offset))
        near = ((_CUBIC + 2) * distance - (_CUBIC + 3)) * distance**2 + 1
        far = ((distance - 5) * distance + 8) * distance * _CUBIC - 4 * _CUBIC
        weight = np.where(distance <= 1, near, far)
        np.add.at(matrix, (np.arange(wanted), np.clip(first + offset, 0, length - 1)), weight)
    return matrix
