"""LMS and DEIS: Adams-Bashforth on uneven steps, in sigma and in log sigma."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.polynomial import Polynomial

from runtime.arrays import Array
from runtime.schedulers.base import DrawNoise
from runtime.schedulers.dpmpp import FEW_STEPS
from runtime.schedulers.grids import exploding_grid, preserving_grid
from runtime.schedulers.sampler import Sampler, exploding_plan, preserving_plan
from runtime.schedulers.settings import Settings

_LMS_ORDER = 4


class LMS(Sampler):
    """Linear multistep of order 4 (Katherine Crowson's k-diffusion): the noise is a polynomial in sigma."""

    def __init__(self, settings: Settings, steps: int) -> None:
        super().__init__(exploding_plan(settings, exploding_grid(settings, steps)))
        self._history: list[Array] = []  # noises, newest first

    def step(self, noise_pred: Array, i: int, latents: Array, noise: DrawNoise) -> Array:
        """Integrate the polynomial through the noises seen so far; started anywhere, the order grows from 1."""
        self._history = [self._split(noise_pred, i, latents)[1], *self._history[: _LMS_ORDER - 1]]
        sigmas = [level.sigma for level in self._levels[i + 1 - len(self._history) : i + 2]]
        *nodes, target = sigmas
        return latents + _weighted_sum(polynomial_weights(nodes[::-1], target), self._history)


class DEIS(Sampler):
    """DEIS in log rho, equation 15 of Zhang and Chen 2022 (arXiv 2204.13902): a polynomial in log sigma."""

    def __init__(self, settings: Settings, steps: int) -> None:
        grid = preserving_grid(settings, steps)
        super().__init__(preserving_plan(settings, grid))
        self._sigmas = grid.sigmas
        self._history: list[Array] = []  # noises, newest first

    def step(self, noise_pred: Array, i: int, latents: Array, noise: DrawNoise) -> Array:
        """Integrate the polynomial through the noises seen so far, over sigma."""
        self._history = [self._split(noise_pred, i, latents)[1], *self._history[:2]]
        order = min(self._order(i), len(self._history))
        nodes = self._sigmas[i + 1 - order : i + 1][::-1]
        change = _weighted_sum(exponential_weights(nodes, self._sigmas[i + 1]), self._history[:order])
        return self._levels[i + 1].alpha * (latents / self._levels[i].alpha + change)

    def _order(self, i: int) -> int:
        left = len(self.timesteps) - i
        cautious = self._settings.lower_order_final and len(self.timesteps) < FEW_STEPS
        return min(left, self._settings.solver_order) if cautious else self._settings.solver_order


def polynomial_weights(nodes: Sequence[float], target: float) -> list[float]:
    """Return the weight of each node in the integral from `nodes[0]` to `target` of the polynomial through all.

    Exact: what scipy's quadrature approximates elsewhere.
    """
    scale = target - nodes[0]
    units = [(node - nodes[0]) / scale for node in nodes]
    return [scale * float(_lagrange(units, k).integ()(1.0)) for k in range(len(units))]


def exponential_weights(nodes: Sequence[float], target: float) -> list[float]:
    """Return the same for a polynomial in the logarithm: of p(u) exp(u) the integral is (p - p' + p'' ...) exp(u)."""
    logs, end = [math.log(node / nodes[0]) for node in nodes], math.log(target / nodes[0])
    weights = []
    for k in range(len(nodes)):
        basis = _lagrange(logs, k)
        whole = sum(((-1) ** n * basis.deriv(n) for n in range(1, len(nodes))), start=basis)
        weights.append(nodes[0] * float(whole(end) * math.exp(end) - whole(0.0)))
    return weights


def _lagrange(nodes: Sequence[float], k: int) -> Polynomial:
    """Return the polynomial that is 1 at node k and 0 at the others."""
    others = [node for j, node in enumerate(nodes) if j != k]
    basis = Polynomial.fromroots(others) if others else Polynomial([1.0])
    return basis / float(np.prod([nodes[k] - node for node in others]))


def _weighted_sum(weights: Sequence[float], arrays: Sequence[Array]) -> Array:
    """Return the sum of the arrays, each times its weight."""
    total = weights[0] * arrays[0]
    for weight, array in zip(weights[1:], arrays[1:], strict=True):
        total = total + weight * array
    return total
