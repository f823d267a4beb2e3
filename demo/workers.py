"""Data-parallel training over single-threaded processes, which wait for each other once a step only."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.distributed as dist


class Workers:
    """One process's place among `count`; with a count of 1 nothing is exchanged.

    `gradients` makes every parameter's gradient a view of one flat buffer, so that a step needs one exchange.
    """

    def __init__(self, rank: int, count: int, meeting: Path) -> None:
        self.rank, self.count = rank, count
        if count > 1:
            dist.init_process_group("gloo", init_method=meeting.as_uri(), rank=rank, world_size=count)

    def attach(self, module: torch.nn.Module) -> None:
        """Lay the module's gradients into one buffer, with one place more for the clock."""
        parameters = list(module.parameters())
        self._flat = torch.zeros(sum(p.numel() for p in parameters) + 1)
        start = 0
        for p in parameters:
            p.grad = self._flat[start : start + p.numel()].view_as(p)
            start += p.numel()

    def clear(self) -> None:
        """Set the gradients to zero."""
        self._flat.zero_()

    def average_gradients(self, elapsed: float) -> float:
        """Average the gradients over the workers; return the first worker's clock, for all to agree on."""
        self._flat[-1] = elapsed * self.count if self.rank == 0 else 0.0
        if self.count > 1:
            dist.all_reduce(self._flat)
            self._flat.div_(self.count)
        return float(self._flat[-1])

    def share_updates(self, updates: list[torch.Tensor]) -> list[torch.Tensor]:
        """Return all workers' updates, of which each filled in its own and left zeros elsewhere."""
        if self.count == 1:
            return updates
        flat = torch.cat([update.flatten() for update in updates])
        dist.all_reduce(flat)
        parts = flat.split([update.numel() for update in updates])
        return [part.view_as(update) for part, update in zip(parts, updates, strict=True)]

    def mine(self, index: int) -> bool:
        """Say whether this worker computes item `index` of a shared list."""
        return index % self.count == self.rank
