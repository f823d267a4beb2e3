"""What a training run needs to go on after an interruption."""

from __future__ import annotations

from pathlib import Path

import torch

from demo.optimizer import Average


def save_checkpoint(
    path: Path,
    module: torch.nn.Module,
    average: Average,
    optimizers: list[torch.optim.Optimizer],
    *,
    step: int,
    elapsed: float,
) -> None:
    """Write everything to `path`, whole or not at all; `elapsed` is seconds of training."""
    state = {
        "step": step,
        "elapsed": elapsed,
        "module": module.state_dict(),
        "average": average.values,
        "optimizers": [optimizer.state_dict() for optimizer in optimizers],
    }
    torch.save(state, path.with_suffix(".partial"))
    path.with_suffix(".partial").replace(path)


def resumed(
    path: Path, module: torch.nn.Module, average: Average, optimizers: list[torch.optim.Optimizer]
) -> tuple[int, float]:
    """Load what `save_checkpoint` wrote, if there is any; return the step and the seconds of training."""
    if not path.exists():
        return 0, 0.0
    state = torch.load(path)
    module.load_state_dict(state["module"])
    average.values, average.steps = state["average"], state["step"]
    for optimizer, saved in zip(optimizers, state["optimizers"], strict=True):
        optimizer.load_state_dict(saved)
    return int(state["step"]), float(state["elapsed"])
