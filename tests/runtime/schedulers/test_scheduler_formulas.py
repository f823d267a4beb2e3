"""What diffusers lacks, against the published formulas written out in double precision."""

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from scheduler_parity import SHAPE, STABLE_DIFFUSION, draw_sequence, fake_network, relative_difference

from runtime.noise import NoiseSource
from runtime.schedulers import SAMPLERS, Scheduler, build_scheduler

BETAS = np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
TRAINED_SIGMAS = np.sqrt(1 / np.cumprod(1 - BETAS) - 1)
Denoise = Callable[[np.ndarray, float], np.ndarray]


def sigmas_of(schedule: str, steps: int) -> list[float]:
    """Return the N + 1 sigmas of timesteps, of Karras et al. equation 5, or even in the logarithm."""
    timesteps = np.linspace(999, 0, steps)
    if schedule == "Trailing":
        timesteps = 999 - np.arange(steps) * 1000 / steps
    sigmas = np.interp(timesteps, np.arange(1000), TRAINED_SIGMAS)
    ramp = np.arange(steps) / (steps - 1)
    if schedule == "Karras":
        sigmas = (sigmas[0] ** (1 / 7) + ramp * (sigmas[-1] ** (1 / 7) - sigmas[0] ** (1 / 7))) ** 7
    if schedule == "Exponential":
        sigmas = sigmas[0] * (sigmas[-1] / sigmas[0]) ** ramp
    return [*sigmas, 0.0]


def denoise(latents: np.ndarray, sigma: float) -> np.ndarray:
    """Return the image that the fake network, predicting noise, sees in variance exploding latents."""
    timestep = np.interp(math.log(sigma), np.log(TRAINED_SIGMAS), np.arange(1000))
    return latents - sigma * fake_network(latents / math.hypot(sigma, 1), timestep)


def ancestral(sigma: float, sigma_next: float) -> tuple[float, float]:
    """Return sigma_down and sigma_up of eta 1."""
    up = math.sqrt(sigma_next**2 * (sigma**2 - sigma_next**2) / sigma**2)
    return math.sqrt(sigma_next**2 - up**2), up


def euler_ancestral(latents: np.ndarray, sigmas: list[float], draw: Callable[[], np.ndarray]) -> np.ndarray:
    for sigma, sigma_next in pairwise(sigmas):
        down, up = ancestral(sigma, sigma_next)
        slope = (latents - denoise(latents, sigma)) / sigma
        latents = latents + slope * (down - sigma) + up * draw()
    return latents


def dpmpp_2s_ancestral(
    latents: np.ndarray, sigmas: list[float], draw: Callable[[], np.ndarray]
) -> np.ndarray:
    """DPM-Solver++(2S) in t = -log sigma with r = 1/2, to sigma_down; Euler in the last step."""
    for sigma, sigma_next in pairwise(sigmas):
        if sigma_next == 0:
            return denoise(latents, sigma)
        down, up = ancestral(sigma, sigma_next)
        time, h = -math.log(sigma), math.log(sigma / down)
        middle = math.exp(-(time + h / 2))
        halfway = middle / sigma * latents - math.expm1(-h / 2) * denoise(latents, sigma)
        latents = down / sigma * latents - math.expm1(-h) * denoise(halfway, middle) + up * draw()
    return latents


@pytest.mark.parametrize("steps", [5, 10, 20, 25, 50])
@pytest.mark.parametrize(
    ("sampler", "schedule", "formula"),
    [
        ("DPM++ 2S a", "Automatic", dpmpp_2s_ancestral),
        ("DPM++ 2S a", "Karras", dpmpp_2s_ancestral),
        ("DPM++ 2S a", "Exponential", dpmpp_2s_ancestral),
        ("DPM++ 2S a", "Trailing", dpmpp_2s_ancestral),
        ("Euler a", "Karras", euler_ancestral),
        ("Euler a", "Exponential", euler_ancestral),
    ],
)
def test_a_sampler_that_diffusers_lacks_follows_its_formula(
    sampler: str, schedule: str, formula: Callable[..., np.ndarray], steps: int
) -> None:
    scheduler = build_scheduler(sampler, schedule, STABLE_DIFFUSION, steps)
    first = NoiseSource(1).standard_normal(SHAPE) * np.float32(scheduler.init_noise_sigma)
    ours = draw_sequence(scheduler, lambda sample, timestep, i: fake_network(sample, timestep), first)
    source = NoiseSource(7)
    reference = formula(
        first.astype(np.float64), sigmas_of(schedule, steps), lambda: source.standard_normal(SHAPE)
    )
    assert relative_difference(ours, reference) <= 1e-4


@pytest.mark.parametrize(
    "kind", [kind for kind in SAMPLERS if kind.name not in ("PNDM", "PLMS")], ids=lambda k: k.name
)
@pytest.mark.parametrize("prediction", ["v_prediction", "sample"])
def test_one_network_gives_one_picture_whatever_it_predicts(kind: object, prediction: str) -> None:
    """PNDM combines outputs before it reads them, so that for it a v network is another network."""
    first = NoiseSource(1).standard_normal(SHAPE)
    results = []
    for output in ("epsilon", prediction):
        scheduler = build_scheduler(kind.name, None, {**STABLE_DIFFUSION, "prediction_type": output}, 10)
        start = first * np.float32(scheduler.init_noise_sigma)
        results.append(draw_sequence(scheduler, translated(scheduler, output), start))
    assert relative_difference(results[1], results[0]) <= 1e-4


def translated(scheduler: Scheduler, output: str) -> Callable[[np.ndarray, float, int], np.ndarray]:
    """Return the fake network, which predicts noise, as one that predicts `output`."""
    one, none = np.ones(1, np.float32), np.zeros(1, np.float32)

    def predict(sample: np.ndarray, timestep: float, i: int) -> np.ndarray:
        alpha, sigma = scheduler.add_noise(one, none, i), scheduler.add_noise(none, one, i)
        alpha, sigma = alpha / np.hypot(alpha, sigma), sigma / np.hypot(alpha, sigma)
        noise = fake_network(sample, timestep)
        image = (sample - sigma * noise) / alpha
        return {"epsilon": noise, "sample": image, "v_prediction": alpha * noise - sigma * image}[output]

    return predict


def test_dpmpp_sde_of_third_order_follows_its_formula() -> None:
    """k-diffusion's DPM++ 3M SDE, whose third order diffusers has with a wrong sign."""
    config = {**STABLE_DIFFUSION, "solver_order": 3, "solver_type": "heun", "final_sigmas_type": "sigma_min"}
    scheduler = build_scheduler("DPM++ 2M SDE", "Karras", config, 20)
    first = NoiseSource(1).standard_normal(SHAPE)
    ours = draw_sequence(scheduler, lambda sample, timestep, i: fake_network(sample, 0.0), first)

    sigmas, source = [*sigmas_of("Karras", 20)[:-1], TRAINED_SIGMAS[0]], NoiseSource(7)
    latents = first.astype(np.float64) * math.hypot(sigmas[0], 1)
    images: list[np.ndarray] = []
    spans: list[float] = []
    for sigma, sigma_next in pairwise(sigmas):
        images.insert(0, latents - sigma * fake_network(latents / math.hypot(sigma, 1), 0.0))
        h = math.log(sigma / sigma_next)
        latents = math.exp(-2 * h) * latents - math.expm1(-2 * h) * images[0]
        if h > 1e-9 and len(images) > 1:
            linear = math.expm1(-2 * h) / (2 * h) + 1
            slope = (images[0] - images[1]) * h / spans[0]
            if len(images) > 2:
                bend = (slope - (images[1] - images[2]) * h / spans[1]) * h / (spans[0] + spans[1])
                slope = slope + bend * spans[0] / h
                latents = latents - (linear / (2 * h) - 0.5) * bend
            latents = latents + linear * slope
        latents = latents + sigma_next * math.sqrt(-math.expm1(-2 * h)) * source.standard_normal(SHAPE)
        spans.insert(0, h)
    assert relative_difference(ours, latents / math.hypot(sigmas[-1], 1)) <= 1e-4
