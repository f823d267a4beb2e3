"""Align Your Steps: noise levels by the errors of the models (Sabour et al. 2024, arXiv 2404.14507)."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

# Ten steps of each family as the authors published them, the last level (0 when it is run) with its value, by
# which they spread the levels over other numbers of steps. Models of 2.x have the noise of 1.x.
LEVELS: Mapping[str, tuple[float, ...]] = {
    "sd": (14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029),
    "sdxl": (14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113, 0.029),
}


def aligned_sigmas(family: str, steps: int) -> npt.NDArray[np.float64]:
    """Return (N,) falling sigmas: those of ten steps, or between them, even in the logarithm."""
    levels = np.log(LEVELS[family])
    places = np.linspace(0, len(levels) - 1, steps + 1)[:-1]
    return np.exp(np.interp(places, np.arange(len(levels)), levels))
