"""Drive one of our schedulers and its diffusers counterpart side by side; run as a script for the table.

    python tests/runtime/schedulers/scheduler_parity.py

prints the largest relative difference of every sampler and schedule at any step, over all prediction types
that diffusers has for it and all step counts.
"""

import inspect
import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any

import diffusers
import numpy as np
import torch
from diffusers.schedulers import scheduling_dpmsolver_sde

from runtime.arrays import Array
from runtime.noise import NoiseSource
from runtime.schedulers import SAMPLERS, Scheduler, build_scheduler

SHAPE = (2, 4, 6, 6)
STEPS = (5, 10, 20, 25, 50)
PREDICTIONS = ("epsilon", "v_prediction", "sample")
SCHEDULE_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "Automatic": {},
    "Karras": {"use_karras_sigmas": True},
    "Exponential": {"use_exponential_sigmas": True},
    "Trailing": {"timestep_spacing": "trailing"},
}
COUNTERPARTS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "Euler": ("EulerDiscreteScheduler", {}),
    "Euler a": ("EulerAncestralDiscreteScheduler", {}),
    "LMS": ("LMSDiscreteScheduler", {}),
    "Heun": ("HeunDiscreteScheduler", {}),
    "DPM2": ("KDPM2DiscreteScheduler", {}),
    "DPM2 a": ("KDPM2AncestralDiscreteScheduler", {}),
    "DPM++ 2M": ("DPMSolverMultistepScheduler", {}),
    "DPM++ 2M SDE": ("DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++"}),
    "DPM++ SDE": ("DPMSolverSDEScheduler", {}),
    "UniPC": ("UniPCMultistepScheduler", {}),
    "DEIS": ("DEISMultistepScheduler", {}),
    "DDIM": ("DDIMScheduler", {}),
    "DDPM": ("DDPMScheduler", {}),
    "PNDM": ("PNDMScheduler", {}),
    "PLMS": ("PNDMScheduler", {"skip_prk_steps": True}),
    "LCM": ("LCMScheduler", {}),
}
STABLE_DIFFUSION: Mapping[str, Any] = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
    "clip_sample": False,
}


def refused_by_diffusers(sampler: str, schedule: str, prediction: str) -> bool:
    """Return whether diffusers 0.39 cannot run this combination; tests assert that it really cannot."""
    if sampler not in COUNTERPARTS:
        return True
    no_sigmas = ("Euler a", "DDIM", "DDPM", "PNDM", "PLMS", "LCM")
    no_sample = ("Euler a", "DPM2", "DPM2 a", "DPM++ SDE", "PNDM", "PLMS")
    if schedule in ("Karras", "Exponential") and sampler in no_sigmas:
        return True
    return prediction == "sample" and sampler in no_sample


def fake_network(sample: Array, timestep: float) -> Array:
    """Return a smooth, nonlinear function of both, so that an error in a step is carried into the next."""
    place = np.linspace(-1, 1, sample.size, dtype=np.float32).reshape(sample.shape)
    inner = 0.8 * sample + place + 0.3 * np.sin(3 * sample * place) + np.float32(timestep / 1000)
    return np.tanh(inner).astype(np.float32)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """The largest differences of a run: of latents (relative), of timesteps, of the first noise's scale."""

    latents: float
    timesteps: float
    init_noise_sigma: float


def compare(
    sampler: str | None,
    schedule: str | None,
    config: Mapping[str, Any],
    steps: int,
    *,
    counterpart: tuple[str, Mapping[str, Any]] | None = None,
    start: int = 0,
    seed: int = 7,
) -> Difference:
    """Run both from the same noise with the same network and compare after every evaluation."""
    ours = build_scheduler(sampler, schedule, config, steps)
    name, options = counterpart or COUNTERPARTS[sampler or ""]
    theirs = build_counterpart(
        name, {**config, **SCHEDULE_OPTIONS[schedule or "Automatic"], **options}, steps
    )
    first = NoiseSource(1).standard_normal(SHAPE)
    source, generator = NoiseSource(seed), torch.Generator("cpu").manual_seed(seed)
    extra = {"generator": generator} if "generator" in inspect.signature(theirs.step).parameters else {}
    if hasattr(theirs, "set_begin_index"):
        theirs.set_begin_index(start)
    assert len(theirs.timesteps) == len(ours.timesteps)
    latents = first * np.float32(ours.init_noise_sigma)
    reference = torch.from_numpy(first * float(theirs.init_noise_sigma))
    if start:
        image = np.tanh(first)
        latents = ours.add_noise(image, first, start)
        reference = theirs.add_noise(
            torch.from_numpy(image), torch.from_numpy(first), theirs.timesteps[start : start + 1]
        )
    worst = relative_difference(latents, reference.numpy())
    with quiet(), brownian_motion_from(NoiseSource(seed)):
        for i in range(start, len(ours.timesteps)):
            timestep = theirs.timesteps[i]
            seen = theirs.scale_model_input(reference, timestep)
            output = torch.from_numpy(fake_network(seen.numpy(), float(timestep)))
            reference = theirs.step(output, timestep, reference, **extra).prev_sample.float()
            guess = fake_network(ours.scale_model_input(latents, i), float(ours.timesteps[i]))
            latents = ours.step(guess, i, latents, lambda: source.standard_normal(SHAPE))
            assert latents.dtype == np.float32
            worst = max(worst, relative_difference(latents, reference.numpy()))
    return Difference(
        latents=worst,
        timesteps=float(np.abs(theirs.timesteps.numpy() - ours.timesteps).max()),
        init_noise_sigma=abs(float(theirs.init_noise_sigma) / ours.init_noise_sigma - 1),
    )


def build_counterpart(name: str, options: Mapping[str, Any], steps: int) -> Any:
    """Return diffusers' scheduler as `from_config` makes it of a model's configuration."""
    with quiet():
        scheduler = deepcopy(_template(name, json.dumps(options)))
        scheduler.set_timesteps(steps)
    return scheduler


@cache
def _template(name: str, options: str) -> Any:
    """Return a scheduler to copy: some classes plan a thousand steps when they are made."""
    return getattr(diffusers, name).from_config(json.loads(options))


def relative_difference(ours: Array, reference: Array) -> float:
    """Return the largest absolute difference by the largest absolute value; NaN counts as infinite."""
    difference = float(np.abs(ours - reference).max() / np.abs(reference).max())
    return difference if np.isfinite(difference) else float("inf")


@contextmanager
def quiet() -> Iterator[None]:
    """Let diffusers mix NumPy and torch as it does; our own code stays outside or warns as an error."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        warnings.filterwarnings("ignore", category=UserWarning)
        yield


@contextmanager
def brownian_motion_from(source: NoiseSource) -> Iterator[None]:
    """Give diffusers' DPM++ SDE the Brownian motion of our draws instead of torchsde's tree."""

    class Motion:
        def __init__(self, *_: object, **__: object) -> None:
            self.middle: tuple[float, float, torch.Tensor] | None = None

        def __call__(self, sigma: Any, sigma_next: Any) -> torch.Tensor:
            begin, end = float(sigma), float(sigma_next)
            draw = torch.from_numpy(source.standard_normal(SHAPE))
            if self.middle is None:
                self.middle = begin, end, draw
                return draw
            begin, middle, first = self.middle
            self.middle = None
            walk = (begin - middle) ** 0.5 * first + (middle - end) ** 0.5 * draw
            return walk / (begin - end) ** 0.5

    original = scheduling_dpmsolver_sde.BrownianTreeNoiseSampler
    scheduling_dpmsolver_sde.BrownianTreeNoiseSampler = Motion
    try:
        yield
    finally:
        scheduling_dpmsolver_sde.BrownianTreeNoiseSampler = original


def worst_difference(sampler: str, schedule: str, counts: Sequence[int] = STEPS) -> Difference:
    """Return the largest differences over prediction types and counts of steps."""
    runs = [
        compare(sampler, schedule, {**STABLE_DIFFUSION, "prediction_type": prediction}, steps)
        for prediction in PREDICTIONS
        if not refused_by_diffusers(sampler, schedule, prediction)
        for steps in counts
    ]
    return Difference(
        latents=max(run.latents for run in runs),
        timesteps=max(run.timesteps for run in runs),
        init_noise_sigma=max(run.init_noise_sigma for run in runs),
    )


def draw_sequence(
    scheduler: Scheduler, predict: Any, latents: Array, *, start: int = 0, seed: int = 7
) -> Array:
    """Return the latents that `scheduler` ends at; `predict(sample, timestep, i)` is the network."""
    source, shape = NoiseSource(seed), latents.shape
    for i in range(start, len(scheduler.timesteps)):
        output = predict(scheduler.scale_model_input(latents, i), float(scheduler.timesteps[i]), i)
        latents = scheduler.step(output, i, latents, lambda: source.standard_normal(shape))
    return latents


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    for kind in SAMPLERS:
        for schedule in SCHEDULE_OPTIONS:
            if not refused_by_diffusers(kind.name, schedule, "epsilon"):
                print(f"{kind.name:14}{schedule:12}{worst_difference(kind.name, schedule).latents:.1e}")


if __name__ == "__main__":
    main()
