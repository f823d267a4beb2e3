"""How like two pictures are: PSNR, and SSIM as Wang et al. 2004 define it."""

import math

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]  # (height, width, 3)
Plane = npt.NDArray[np.float64]
IDENTICAL = 100.0  # dB that stand for equal pictures, whose PSNR is infinite
_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
_RADIUS, _SIGMA = 5, 1.5  # of the window, pixels
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def psnr(first: Pixels, second: Pixels) -> float:
    """Return the peak signal-to-noise ratio in dB, at most IDENTICAL."""
    error = float(np.mean((first.astype(np.float64) - second.astype(np.float64)) ** 2))
    return min(IDENTICAL, 10 * math.log10(255**2 / error)) if error else IDENTICAL


def ssim(first: Pixels, second: Pixels) -> float:
    """Return the mean structural similarity of the luma of two pictures of 11 pixels a side or more, to 1.

    Equations 13 and 14 of the paper, with its Gaussian window of 11x11, sigma 1.5.
    """
    one, two = (picture.astype(np.float64) @ _LUMA for picture in (first, second))
    mean_one, mean_two = _blurred(one), _blurred(two)
    variance_one = _blurred(one * one) - mean_one**2
    variance_two = _blurred(two * two) - mean_two**2
    covariance = _blurred(one * two) - mean_one * mean_two
    likeness = ((2 * mean_one * mean_two + _C1) * (2 * covariance + _C2)) / (
        (mean_one**2 + mean_two**2 + _C1) * (variance_one + variance_two + _C2)
    )
    return float(likeness.mean())


def _blurred(plane: Plane) -> Plane:
    """Return the weighted mean of each window that lies inside."""
    offsets = np.arange(-_RADIUS, _RADIUS + 1)
    weights = np.exp(-(offsets**2) / (2 * _SIGMA**2))
    weights /= weights.sum()
    for axis in (0, 1):
        windows = np.lib.stride_tricks.sliding_window_view(plane, len(weights), axis=axis)
        plane = windows @ weights
    return plane
