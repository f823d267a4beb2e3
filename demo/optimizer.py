"""Muon for weight matrices and AdamW for the rest, averaged weights, a learning rate that ends on time."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable

import torch

from demo.workers import Workers


def orthogonalized(matrix: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """Return about the nearest semi-orthogonal matrix: Muon's quintic Newton-Schulz iteration (Jordan 2024).

    Every iterate is a polynomial of the Gram matrix times the start: the loop works on that small square.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrix / (matrix.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    gram = x @ x.T
    eye = torch.eye(len(gram))
    product = eye
    for _ in range(steps):
        factor = torch.addmm(a * eye + b * gram, gram, gram, alpha=c)
        product = factor @ product
        gram = factor @ gram @ factor
    x = product @ x
    return x.T if tall else x


class Muon(torch.optim.Optimizer):  # type: ignore[misc]
    """Momentum orthogonalized per matrix (Jordan 2024), sized like AdamW's (Liu et al. 2025, 2502.16982).

    A convolution's weight (out, in, k, k) counts as the matrix (out, in k k).
    """

    def __init__(
        self,
        params: Iterable[torch.nn.Parameter],
        lr: float,
        momentum: float = 0.95,
        workers: Workers | None = None,
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum})
        self._workers = workers

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def step(self, closure: None = None) -> None:
        """Update every parameter; several workers orthogonalize a share of the matrices each."""
        for group in self.param_groups:
            updates = []
            for index, p in enumerate(group["params"]):
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["velocity"] = torch.zeros_like(p)
                velocity = state["velocity"].lerp_(p.grad, 1 - group["momentum"])
                if self._workers is None or self._workers.mine(index):
                    nesterov = p.grad.lerp(velocity, group["momentum"]).flatten(1)
                    updates.append(orthogonalized(nesterov) * (0.2 * math.sqrt(max(nesterov.shape))))
                else:
                    updates.append(torch.zeros_like(p).flatten(1))
            if self._workers is not None:
                updates = self._workers.share_updates(updates)
            moved = [p for p in group["params"] if p.grad is not None]
            shaped = [update.view_as(p) for update, p in zip(updates, moved, strict=True)]
            torch._foreach_add_(moved, shaped, alpha=-group["lr"])


def build_optimizers(
    module: torch.nn.Module,
    *,
    lr: float,
    beta2: float,
    adam_only: tuple[str, ...] = (),
    workers: Workers | None = None,
) -> list[torch.optim.Optimizer]:
    """Return [Muon, AdamW]: matrices go to Muon, except those whose name has one of `adam_only` in it."""
    matrices, rest = [], []
    for name, p in module.named_parameters():
        by_adam = p.ndim < 2 or min(p.flatten(1).shape) < 16 or any(part in name for part in adam_only)
        if not by_adam:
            matrices.append(p)
        else:
            rest.append(p)
    adam = torch.optim.AdamW(rest, lr=lr, betas=(0.9, beta2), weight_decay=0.0)
    return [Muon(matrices, lr=lr, workers=workers), adam]


class Average:
    """An exponential moving average of a module's parameters (Polyak), warmed up over its first steps."""

    def __init__(self, module: torch.nn.Module, decay: float) -> None:
        self.decay, self.steps = decay, 0
        self.values = {name: p.detach().clone() for name, p in module.named_parameters()}

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def update(self, module: torch.nn.Module) -> None:
        """Move the average towards the module's present weights."""
        self.steps += 1
        share = 1 - min(self.decay, self.steps / (self.steps + 10))
        ours = list(self.values.values())
        torch._foreach_lerp_(ours, [p.detach() for p in module.parameters()], share)

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def swap(self, module: torch.nn.Module) -> None:
        """Exchange the module's weights with the average; a second call undoes it."""
        for name, p in module.named_parameters():
            kept = p.detach().clone()
            p.copy_(self.values[name])
            self.values[name] = kept


class Deadline:
    """Learning rate over wall-clock time: linear warm-up, a plateau, then a cosine tail to zero."""

    def __init__(self, minutes: float, *, elapsed: float = 0.0, tail: float = 0.5, warm_up: int = 60) -> None:
        self.total, self.tail, self.warm_up = minutes * 60, tail, warm_up
        self._started = time.monotonic() - elapsed

    @property
    def elapsed(self) -> float:
        """Seconds of training so far."""
        return time.monotonic() - self._started

    def progress(self, elapsed: float) -> float:
        """Return the share of the time used after `elapsed` seconds, 0 to 1."""
        return min(1.0, elapsed / self.total)

    def apply(self, optimizers: list[torch.optim.Optimizer], step: int, lr: float, elapsed: float) -> None:
        """Set the learning rate of this step."""
        past = max(0.0, (self.progress(elapsed) - (1 - self.tail)) / self.tail)
        now = lr * min(1.0, (step + 1) / self.warm_up) * (0.5 + 0.5 * math.cos(math.pi * past))
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = now
