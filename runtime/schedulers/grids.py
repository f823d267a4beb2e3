"""Which training timesteps, and which sigmas, a number of steps visits."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from runtime.errors import InvalidRequest
from runtime.schedulers.aligned import aligned_sigmas
from runtime.schedulers.noise_levels import training_sigmas
from runtime.schedulers.settings import Settings

Table = npt.NDArray[np.float64]

_RHO = 7.0  # Karras et al. 2022, section 3


class SigmaGrid(NamedTuple):
    """N timesteps and N + 1 falling sigmas; the last sigma is what the last step ends at."""

    timesteps: list[float]
    sigmas: list[float]


def spaced_timesteps(settings: Settings, steps: int) -> Table:
    """Return (N,) falling training timesteps (Lin et al. 2023, arXiv 2305.08891, table 2), maybe fractional.

    Raises:
        InvalidRequest: there are more steps than training timesteps.
    """
    total = settings.num_train_timesteps
    _check(steps, total)
    if settings.timestep_spacing == "leading":
        return _kept(np.arange(steps)[::-1] * (total // steps) + settings.steps_offset, total)
    if settings.timestep_spacing == "trailing":
        return _trailing(total, steps)
    # A single step starts from pure noise, not from the other end of the line.
    return np.linspace(0, total - 1, steps)[::-1] if steps > 1 else np.array([total - 1.0])


def inner_timesteps(settings: Settings, steps: int) -> Table:
    """Return (N,) whole training timesteps, spaced as N + 1 of which the last one is the end.

    Raises:
        InvalidRequest: there are more steps than that leaves.
    """
    total = settings.num_train_timesteps
    if settings.timestep_spacing == "leading":
        _check(steps, total - 1)
        return _kept(np.arange(1, steps + 1)[::-1] * (total // (steps + 1)) + settings.steps_offset, total)
    _check(steps, total)
    if settings.timestep_spacing == "trailing":
        return _trailing(total, steps)
    return np.asarray(np.linspace(0, total - 1, steps + 1)[:0:-1].round())


def exploding_grid(settings: Settings, steps: int, *, whole_karras: bool = False) -> SigmaGrid:
    """Return the grid of k-diffusion's samplers: Karras and exponential begin where the timesteps begin.

    `whole_karras`: round the timesteps of Karras sigmas (diffusers does for the DPM2 samplers).
    """
    timesteps = spaced_timesteps(settings, steps)
    return _grid(settings, timesteps, timesteps[0], timesteps[-1], whole_karras)


def preserving_grid(settings: Settings, steps: int, *, whole_karras: bool = True) -> SigmaGrid:
    """Return the grid of the multistep solvers: Karras and exponential span training, timesteps are whole.

    `whole_karras`: round the timesteps of Karras sigmas; else, as for exponential, the fraction is dropped.
    """
    timesteps = inner_timesteps(settings, steps)
    grid = _grid(settings, timesteps, settings.num_train_timesteps - 1, 0, whole_karras)
    return SigmaGrid([math.floor(timestep) for timestep in grid.timesteps], grid.sigmas)


def _grid(settings: Settings, timesteps: Table, first: float, last: float, whole_karras: bool) -> SigmaGrid:
    """Return the grid of `timesteps`, or of sigmas spread between those of timesteps `first` and `last`."""
    trained = training_sigmas(settings)
    places = np.arange(len(trained))
    sigmas = np.interp(timesteps, places, trained)
    if settings.sigma_schedule != "uniform":
        high, low = np.interp([first, last], places, trained)
        sigmas = _spread(settings, high, low, len(timesteps))
        timesteps = np.array([timestep_of(sigma, trained) for sigma in sigmas])
        if settings.sigma_schedule == "aligned" or (settings.sigma_schedule == "karras" and whole_karras):
            timesteps = timesteps.round()
    end = 0.0 if settings.final_sigmas_type == "zero" else float(min(trained[0], sigmas[-1]))
    return SigmaGrid(timesteps.tolist(), [*sigmas.tolist(), end])


def timestep_of(sigma: float, trained: npt.NDArray[np.float32]) -> float:
    """Return the fractional training timestep of `sigma`, interpolated in its logarithm."""
    return float(np.interp(np.log(sigma), np.log(trained), np.arange(len(trained))))


def _spread(settings: Settings, first: float, last: float, steps: int) -> Table:
    """Return (N,) sigmas from `first` to `last`: even in the logarithm, or Karras et al. 2022, equation 5.

    Aligned ones have ends of their own.
    """
    if settings.sigma_schedule == "aligned":
        return aligned_sigmas(settings.aligned_for, steps)
    if settings.sigma_schedule == "exponential":
        return np.exp(np.linspace(math.log(first), math.log(last), steps))
    ramp = np.linspace(0, 1, steps)
    high, low = first ** (1 / _RHO), last ** (1 / _RHO)
    return np.asarray((high + ramp * (low - high)) ** _RHO)


def _trailing(total: int, steps: int) -> Table:
    return np.asarray(np.arange(total, 0, -total / steps)[:steps].round() - 1)


def _kept(timesteps: npt.NDArray[np.int64], total: int) -> Table:
    """Return the timesteps without those that an offset pushes out of training."""
    return np.minimum(timesteps, total - 1).astype(np.float64)


def _check(steps: int, most: int) -> None:
    if not 1 <= steps <= most:
        raise InvalidRequest(
            f"num_inference_steps must be between 1 and {most} for this sampler, got {steps}"
        )
