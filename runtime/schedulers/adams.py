"""LMS and DEIS: Adams-Bashforth on uneven steps, in sigma and in log sigma."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from runtime.arrays import Array
from runtime.schedulers.base import DrawNoise
from runtime.schedulers.grids import exploding_grid, preserving_grid
from runtime.schedulers.sampler import FEW_STEPS, Sampler, exploding_plan, preserving_plan, weighted_sum
from runtime.schedulers.settings import Settings

if TYPE_CHECKING:
    from numpy.polynomial import Polynomial

_LMS_ORDER = 4


class LMS(Sampler):
    """Linear multistep of order 4 (Katherine Crowson's k-diffusion): a polynomial in sigma."""

    def __init__(self, settings: Settings, steps: int) -> None:
        super().__init__(exploding_plan(settings, exploding_grid(settings, steps)))
        self._history: list[Array] = []  # noises, newest first

    def step(self, noise_pred: Array, i: int, latents: Array, noise: DrawNoise) -> Array:
        """Integrate the polynomial through the noises seen so far, as many as the history has.

        Started in the middle, diffusers takes weights of order 4 for fewer noises; that is not followed.
        """
        self._history = [self._split(noise_pred, i, latents)[1], *self._history[: _LMS_ORDER - 1]]
        target, *nodes = [self._levels[j].sigma for j in range(i + 1, i - len(self._history), -1)]
        return latents + weighted_sum(polynomial_weights(nodes, target), self._history)


class DEIS(Sampler):
    """DEIS in log rho (rho-AB of Zhang and Chen 2022, arXiv 2204.13902): a polynomial in log sigma."""

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
        change = weighted_sum(exponential_weights(nodes, self._sigmas[i + 1]), self._history[:order])
        return self._levels[i + 1].alpha * (latents / self._levels[i].alpha + change)

    def _order(self, i: int) -> int:
        left = len(self.timesteps) - i
        cautious = self._settings.lower_order_final and len(self.timesteps) < FEW_STEPS
        return min(left, self._settings.solver_order) if cautious else self._settings.solver_order


def polynomial_weights(nodes: Sequence[float], target: float) -> list[float]:
    """Return each node's weight in the integral of the polynomial through all, from the first to `target`."""
    scale = target - nodes[0]
    units = [(node - nodes[0]) / scale for node in nodes]
    return [scale * float(_lagrange(units, k).integ()(1.0)) for k in range(len(units))]


def exponential_weights(nodes: Sequence[float], target: float) -> list[float]:
    """Return the same for a polynomial in the logarithm: p exp(u) is the slope of (p - p' + ...) exp(u)."""
    logs, end = [math.log(node / nodes[0]) for node in nodes], math.log(target / nodes[0])
    weights = []
    for k in range(len(nodes)):
        basis = _lagrange(logs, k)
        whole = sum(((-1) ** n * basis.deriv(n) for n in range(1, len(nodes))), start=basis)
        weights.append(nodes[0] * float(whole(end) * math.exp(end) - whole(0.0)))
    return weights


def _lagrange(nodes: Sequence[float], k: int) -> "Polynomial":
    """Return the polynomial that is 1 at node k and 0 at the others."""
    from numpy.polynomial import Polynomial  # 40 ms, which the other samplers need not wait for

    gaps = [(node, nodes[k] - node) for j, node in enumerate(nodes) if j != k]
    factors = (Polynomial([-node / gap, 1.0 / gap]) for node, gap in gaps)
    return math.prod(factors, start=Polynomial([1.0]))
