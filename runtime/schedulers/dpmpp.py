"""DPM-Solver++ multistep, without and with fresh noise: DPM++ 2M and DPM++ 2M SDE."""

import math

from runtime.arrays import Array
from runtime.schedulers.base import DrawNoise
from runtime.schedulers.grids import preserving_grid
from runtime.schedulers.sampler import Sampler, preserving_plan
from runtime.schedulers.settings import Settings

FEW_STEPS = 15  # below this the last steps of multistep solvers may be of lower order


class DPMpp2M(Sampler):
    """DPM-Solver++(2M), algorithm 2 of Lu et al. 2022 (arXiv 2211.01095); 1M and 3M by `solver_order`."""

    stochastic = False

    def __init__(self, settings: Settings, steps: int) -> None:
        grid = preserving_grid(settings, steps, round_karras=settings.beta_schedule != "squaredcos_cap_v2")
        super().__init__(preserving_plan(settings, grid))
        self._sigmas = grid.sigmas
        self._history: list[Array] = []  # images, newest first

    def step(self, noise_pred: Array, i: int, latents: Array, noise: DrawNoise) -> Array:
        """Integrate exactly in h = log(sigma / sigma_next) a polynomial through the images seen so far.

        Fresh noise makes the latents forget twice as fast (appendix: SDE-DPM-Solver++), so its span is 2h.
        """
        image, _ = self._split(noise_pred, i, latents)
        self._history = [image, *self._history[:2]]
        here, there = self._levels[i], self._levels[i + 1]
        kept = self._sigmas[i + 1] / self._sigmas[i]  # exp(-h)
        if self.stochastic:
            change = self._change(i, span=2 * self._h(i), gone=1 - kept**2)
            fresh = there.sigma * math.sqrt(1 - kept**2) * noise()
            return there.sigma / here.sigma * kept * latents + there.alpha * change + fresh
        change = self._change(i, span=self._h(i), gone=1 - kept)
        return there.sigma / here.sigma * latents + there.alpha * change

    def _change(self, i: int, *, span: float, gone: float) -> Array:
        """Return the integral of exp(-s) times the image over s from 0 to `span`; `gone` is 1 - exp(-span)."""
        order = min(self._order(i), len(self._history))
        newest = self._history[0]
        if order == 1:
            return gone * newest
        first = (newest - self._history[1]) * (self._h(i) / self._h(i - 1))
        linear = 1 - gone / span if span else 0.0
        if order == 2:
            return gone * newest + (linear if self._settings.solver_type == "heun" else gone / 2) * first
        ratio, ratio_before = self._h(i - 1) / self._h(i), self._h(i - 2) / self._h(i)
        second = (first - (self._history[1] - self._history[2]) / ratio_before) / (ratio + ratio_before)
        return gone * newest + linear * (first + ratio * second) + (0.5 - linear / span) * second

    def _order(self, i: int) -> int:
        """Return how many images step i may use."""
        left = len(self._levels) - 1 - i
        cautious = self._settings.lower_order_final and len(self._levels) <= FEW_STEPS
        if left == 1 and (cautious or self._settings.euler_at_final or self._sigmas[-1] == 0):
            return 1
        return min(2, self._settings.solver_order) if left == 2 and cautious else self._settings.solver_order

    def _h(self, i: int) -> float:
        """Return how much of log(alpha / sigma) step i gains."""
        return math.log(self._sigmas[i] / self._sigmas[i + 1]) if self._sigmas[i + 1] else math.inf


class DPMpp2MSDE(DPMpp2M):
    """SDE-DPM-Solver++(2M) of the same paper: fresh noise in every step, drawn in the last one too."""

    stochastic = True
