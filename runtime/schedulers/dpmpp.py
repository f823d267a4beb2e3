"""DPM-Solver++ multistep, without and with fresh noise: DPM++ 2M and DPM++ 2M SDE."""

import math

from runtime.arrays import Array
from runtime.schedulers.base import DrawNoise
from runtime.schedulers.grids import preserving_grid
from runtime.schedulers.sampler import FEW_STEPS, Sampler, preserving_plan, weighted_sum
from runtime.schedulers.settings import Settings


class DPMpp2M(Sampler):
    """DPM-Solver++(2M), algorithm 2 of Lu et al. 2022 (arXiv 2211.01095); 1M and 3M by `solver_order`."""

    stochastic = False

    def __init__(self, settings: Settings, steps: int) -> None:
        grid = preserving_grid(settings, steps, whole_karras=settings.beta_schedule != "squaredcos_cap_v2")
        super().__init__(preserving_plan(settings, grid))
        self._sigmas = grid.sigmas
        self._history: list[Array] = []  # images, newest first

    def step(self, noise_pred: Array, i: int, latents: Array, noise: DrawNoise) -> Array:
        """Integrate a polynomial through the images seen so far, exactly, over h = log(sigma / sigma_next).

        Fresh noise makes the latents forget twice as fast: then the integral runs over 2h.
        """
        image, _ = self._split(noise_pred, i, latents)
        self._history = [image, *self._history[:2]]
        here, there = self._levels[i], self._levels[i + 1]
        kept = self._sigmas[i + 1] / self._sigmas[i]  # exp(-h)
        if not self.stochastic:
            change = self._change(i, span=self._h(i), gone=1 - kept)
            return there.sigma / here.sigma * latents + there.alpha * change
        gone = 1 - kept**2
        change = self._change(i, span=2 * self._h(i), gone=gone)
        weights = there.sigma / here.sigma * kept, there.alpha, there.sigma * math.sqrt(gone)
        return weighted_sum(weights, (latents, change, noise()))

    def _change(self, i: int, *, span: float, gone: float) -> Array:
        """Return the integral of exp(-s) times the image, s from 0 to `span`; `gone` is 1 - exp(-span)."""
        order = min(self._order(i), len(self._history))
        newest = self._history[0]
        if order == 1:
            return gone * newest
        h, h_before = self._h(i), self._h(i - 1)
        slope: Array = h / h_before * (newest - self._history[1])
        linear = 1 - gone / span if span else 0.0
        if order == 2:
            return gone * newest + (linear if self._settings.solver_type == "heun" else gone / 2) * slope
        h_first = self._h(i - 2)
        bend: Array = slope - h / h_first * (self._history[1] - self._history[2])
        slope = slope + h_before / (h_before + h_first) * bend
        quadratic = 0.5 - linear / span if span else 0.0
        return weighted_sum((gone, linear, quadratic * h / (h_before + h_first)), (newest, slope, bend))

    def _order(self, i: int) -> int:
        """Return how many images step i may use."""
        left = len(self.timesteps) - i
        cautious = self._settings.lower_order_final and len(self.timesteps) < FEW_STEPS
        if left == 1 and (cautious or self._settings.euler_at_final or self._sigmas[-1] == 0):
            return 1
        return (
            min(left, self._settings.solver_order) if left == 2 and cautious else self._settings.solver_order
        )

    def _h(self, i: int) -> float:
        """Return how much log(alpha / sigma) gains in step i."""
        return math.log(self._sigmas[i] / self._sigmas[i + 1]) if self._sigmas[i + 1] else math.inf


class DPMpp2MSDE(DPMpp2M):
    """SDE-DPM-Solver++(2M) of the same paper; noise is drawn in every step, the last one included."""

    stochastic = True
