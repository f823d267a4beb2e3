"""What holds for every sampler, schedule, prediction type and number of steps."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scheduler_parity import PREDICTIONS, STABLE_DIFFUSION, draw_sequence, fake_network

from runtime.errors import InvalidRequest
from runtime.noise import NoiseSource
from runtime.schedulers import SAMPLERS, Scheduler, build_scheduler

SHAPE = (1, 4, 3, 3)
combinations = st.sampled_from([(kind, schedule) for kind in SAMPLERS for schedule in kind.schedules])
predictions = st.sampled_from(PREDICTIONS)
spacings = st.sampled_from(("linspace", "leading", "trailing"))
step_counts = st.integers(4, 50)


@settings(max_examples=100, deadline=None)
@given(combinations, predictions, spacings, step_counts, st.integers(0, 2**53))
def test_sampling_is_deterministic_finite_and_leaves_its_inputs_alone(
    combination: tuple, prediction: str, spacing: str, steps: int, seed: int
) -> None:
    kind, schedule = combination
    config = {**STABLE_DIFFUSION, "prediction_type": prediction, "timestep_spacing": spacing}
    first, second = (
        recorded(build_scheduler(kind.name, schedule, config, steps), NoiseSource(seed)) for _ in range(2)
    )
    assert np.isfinite(first.final).all()
    assert np.array_equal(first.final, second.final)
    assert (first.draws > 0) == kind.stochastic


@dataclass(frozen=True, kw_only=True)
class Recorded:
    final: np.ndarray
    draws: int


def recorded(scheduler: Scheduler, source: NoiseSource) -> Recorded:
    """Run a scheduler on arrays that it cannot change."""
    drawn: list[np.ndarray] = []

    def noise() -> np.ndarray:
        drawn.append(source.standard_normal(SHAPE))
        return drawn[-1]

    latents = NoiseSource(1).standard_normal(SHAPE) * np.float32(scheduler.init_noise_sigma)
    for i, timestep in enumerate(scheduler.timesteps):
        latents.flags.writeable = False
        output = fake_network(scheduler.scale_model_input(latents, i), float(timestep))
        output.flags.writeable = False
        before = latents.copy(), output.copy()
        after = scheduler.step(output, i, latents, noise)
        assert np.array_equal(before[0], latents)
        assert np.array_equal(before[1], output)
        assert (after.dtype, after.shape) == (np.float32, SHAPE)
        latents = after.copy()
    return Recorded(final=latents, draws=len(drawn))


@settings(max_examples=100, deadline=None)
@given(combinations, spacings, step_counts)
def test_the_plan_falls_and_shows_as_many_steps_as_were_asked(
    combination: tuple, spacing: str, steps: int
) -> None:
    kind, schedule = combination
    scheduler = build_scheduler(kind.name, schedule, {**STABLE_DIFFUSION, "timestep_spacing": spacing}, steps)
    evaluations = scheduler.timesteps
    assert scheduler.num_inference_steps == steps
    assert sorted(set(scheduler.step_index)) == list(range(steps))
    assert list(scheduler.step_index) == sorted(scheduler.step_index)
    assert len(scheduler.step_index) == len(evaluations)
    begins = evaluations[[scheduler.step_index.index(step) for step in range(steps)]]
    assert (
        np.diff(evaluations) <= 0.5
    ).all()  # DPM2 rounds the timesteps of Karras steps, not those in between
    # Whole timesteps may repeat among spread sigmas, and PLMS evaluates its second timestep twice.
    may_repeat = schedule in ("Karras", "Exponential") or kind.name == "PLMS"
    assert (np.diff(begins) < 0).all() or may_repeat
    assert 0 <= evaluations[-1] <= evaluations[0] <= 999
    spare = {"PLMS": 1, "PNDM": 9}.get(kind.name, 0)
    assert len(evaluations) == (2 * steps - 1 if kind.evaluations_per_step == 2 else steps + spare)


@pytest.mark.parametrize("kind", SAMPLERS, ids=lambda kind: kind.name)
def test_one_step_and_the_most_steps_run_and_more_are_refused(kind: object) -> None:
    most = 50 if kind.name == "LCM" else 1000
    fewest = 4 if kind.name == "PNDM" else 1
    for steps in (fewest, most):
        scheduler = build_scheduler(kind.name, None, STABLE_DIFFUSION, steps)
        assert scheduler.num_inference_steps == steps
    final = draw_sequence(
        build_scheduler(kind.name, None, STABLE_DIFFUSION, fewest),
        lambda sample, timestep, i: fake_network(sample, timestep),
        NoiseSource(1).standard_normal(SHAPE),
    )
    assert np.isfinite(final).all()
    for steps in (0, fewest - 1, most + 1):
        with pytest.raises(InvalidRequest, match=f"num_inference_steps must be .* got {steps}"):
            build_scheduler(kind.name, None, STABLE_DIFFUSION, steps)


def test_a_single_evenly_spaced_step_starts_from_pure_noise() -> None:
    scheduler = build_scheduler("Euler", None, {**STABLE_DIFFUSION, "timestep_spacing": "linspace"}, 1)
    assert scheduler.timesteps.tolist() == [999.0]
    assert scheduler.init_noise_sigma > 14


def test_schedulers_of_two_requests_do_not_share_history() -> None:
    first = NoiseSource(1).standard_normal(SHAPE)
    network = lambda sample, timestep, i: fake_network(sample, timestep)  # noqa: E731
    alone = draw_sequence(build_scheduler("DPM++ 2M", None, STABLE_DIFFUSION, 10), network, first)
    other = build_scheduler("DPM++ 2M", None, STABLE_DIFFUSION, 10)
    one = build_scheduler("DPM++ 2M", None, STABLE_DIFFUSION, 10)
    latents, others = first, -first
    for i in range(10):
        latents = one.step(fake_network(latents, float(one.timesteps[i])), i, latents, lambda: first)
        others = other.step(fake_network(others, float(other.timesteps[i])), i, others, lambda: first)
    assert np.array_equal(latents, alone)
