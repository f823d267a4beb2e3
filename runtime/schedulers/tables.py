"""The samplers and the schedules that can be asked for, by every name they go by."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from runtime.errors import InvalidRequest
from runtime.schedulers.adams import DEIS, LMS
from runtime.schedulers.base import Scheduler
from runtime.schedulers.ddim import DDIM, DDPM
from runtime.schedulers.dpmpp import DPMpp2M, DPMpp2MSDE
from runtime.schedulers.euler import Euler, EulerAncestral
from runtime.schedulers.lcm import LCM
from runtime.schedulers.pndm import PNDM
from runtime.schedulers.settings import Settings
from runtime.schedulers.two_stage import DPM2, DPM2Ancestral, DPMpp2SAncestral, DPMppSDE, Heun
from runtime.schedulers.unipc import UniPC

Options = Mapping[str, Any]  # names and values of Settings


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How the noise levels between the first and the last are spread, and the settings that say so."""

    name: str
    aliases: tuple[str, ...] = ()
    settings: Options


@dataclass(frozen=True, kw_only=True)
class SamplerKind:
    """A sampler by A1111's name; the aliases are k-diffusion's and diffusers'.

    `evaluations_per_step` is how often a step calls the network, first or last one aside; `stochastic`
    samplers draw noise in their steps. `defaults` are the diffusers class's where they are not those of
    Settings; `fixed` are options that the class does not have.
    """

    name: str
    aliases: tuple[str, ...] = ()
    build: Callable[[Settings, int], Scheduler]
    schedules: tuple[str, ...] = ("Automatic", "Karras", "Exponential", "Align Your Steps", "Trailing")
    evaluations_per_step: int = 1
    stochastic: bool = False
    defaults: Options = field(default_factory=dict)
    fixed: Options = field(default_factory=dict)


_NO_SIGMAS: Options = {
    "use_karras_sigmas": False,
    "use_exponential_sigmas": False,
    "use_aligned_sigmas": False,
}
SCHEDULES: tuple[Schedule, ...] = (
    Schedule(name="Automatic", aliases=("Auto", "Default"), settings={}),
    Schedule(name="Karras", settings={**_NO_SIGMAS, "use_karras_sigmas": True}),
    Schedule(name="Exponential", settings={**_NO_SIGMAS, "use_exponential_sigmas": True}),
    Schedule(
        name="Align Your Steps",
        aliases=("AYS",),
        settings={**_NO_SIGMAS, "use_aligned_sigmas": True},
    ),
    Schedule(
        name="Trailing",
        aliases=("SGM Uniform", "Simple"),
        settings={**_NO_SIGMAS, "timestep_spacing": "trailing"},
    ),
)

_TIMESTEPS_ONLY = ("Automatic", "Trailing")  # from one training timestep to another: sigmas cannot be spread
_UNCLIPPED: Options = {"clip_sample": False}
_TO_ZERO: Options = {"clip_sample": False, "final_sigmas_type": "zero"}
_LATENT_BETAS: Options = {"beta_start": 0.00085, "beta_end": 0.012}
_CLIPPED: Options = {"timestep_spacing": "leading", "clip_sample": True}
_PNDM: Options = {"timestep_spacing": "leading", "set_alpha_to_one": False}

SAMPLERS: tuple[SamplerKind, ...] = (
    SamplerKind(name="Euler", aliases=("k_euler", "EulerDiscrete"), build=Euler, fixed=_UNCLIPPED),
    SamplerKind(
        name="Euler a",
        aliases=("Euler ancestral", "k_euler_a", "k_euler_ancestral", "EulerAncestralDiscrete"),
        build=EulerAncestral,
        stochastic=True,
        fixed=_TO_ZERO,
    ),
    SamplerKind(name="LMS", aliases=("k_lms", "LMSDiscrete"), build=LMS, fixed=_TO_ZERO),
    SamplerKind(
        name="Heun",
        aliases=("k_heun", "HeunDiscrete"),
        build=Heun,
        evaluations_per_step=2,
        defaults=_LATENT_BETAS,
        fixed={"final_sigmas_type": "zero"},
    ),
    SamplerKind(
        name="DPM2",
        aliases=("k_dpm_2", "KDPM2Discrete"),
        build=DPM2,
        evaluations_per_step=2,
        defaults=_LATENT_BETAS,
        fixed=_TO_ZERO,
    ),
    SamplerKind(
        name="DPM2 a",
        aliases=("DPM2 ancestral", "k_dpm_2_a", "k_dpm_2_ancestral", "KDPM2AncestralDiscrete"),
        build=DPM2Ancestral,
        evaluations_per_step=2,
        stochastic=True,
        defaults=_LATENT_BETAS,
        fixed=_TO_ZERO,
    ),
    SamplerKind(
        name="DPM++ 2S a",
        aliases=("DPM++ 2S ancestral", "k_dpmpp_2s_a", "k_dpmpp_2s_ancestral"),
        build=DPMpp2SAncestral,
        evaluations_per_step=2,
        stochastic=True,
        defaults=_LATENT_BETAS,
        fixed=_TO_ZERO,
    ),
    SamplerKind(
        name="DPM++ 2M", aliases=("k_dpmpp_2m", "DPMSolverMultistep"), build=DPMpp2M, fixed=_UNCLIPPED
    ),
    SamplerKind(
        name="DPM++ 2M SDE",
        aliases=("k_dpmpp_2m_sde",),
        build=DPMpp2MSDE,
        stochastic=True,
        fixed=_UNCLIPPED,
    ),
    SamplerKind(
        name="DPM++ SDE",
        aliases=("k_dpmpp_sde", "DPMSolverSDE"),
        build=DPMppSDE,
        evaluations_per_step=2,
        stochastic=True,
        defaults=_LATENT_BETAS,
        fixed=_TO_ZERO,
    ),
    SamplerKind(name="UniPC", aliases=("UniPCMultistep",), build=UniPC, fixed=_UNCLIPPED),
    SamplerKind(
        name="DEIS",
        aliases=("DEISMultistep",),
        build=DEIS,
        fixed={"clip_sample": False, "final_sigmas_type": "sigma_min"},
    ),
    SamplerKind(name="DDIM", build=DDIM, schedules=_TIMESTEPS_ONLY, defaults=_CLIPPED),
    SamplerKind(name="DDPM", build=DDPM, schedules=_TIMESTEPS_ONLY, stochastic=True, defaults=_CLIPPED),
    SamplerKind(name="PNDM", build=PNDM, schedules=_TIMESTEPS_ONLY, defaults=_PNDM, fixed=_UNCLIPPED),
    SamplerKind(
        name="PLMS",
        aliases=("k_plms",),
        build=PNDM,
        schedules=_TIMESTEPS_ONLY,
        defaults=_PNDM,
        fixed={"clip_sample": False, "skip_prk_steps": True},
    ),
    SamplerKind(
        name="LCM",
        build=LCM,
        schedules=_TIMESTEPS_ONLY,  # taught timesteps, which are trailing already
        stochastic=True,
        defaults={**_LATENT_BETAS, "beta_schedule": "scaled_linear"},
    ),
)

_Row = TypeVar("_Row", bound="Schedule | SamplerKind")


def find_sampler(name: str) -> tuple[SamplerKind, Schedule | None]:
    """Return the sampler of this name, and the schedule where the name says it too ("DPM++ 2M Karras").

    Raises:
        InvalidRequest: no sampler has this name; the message lists those there are.
    """
    key = _key(name)
    samplers, schedules = _by_key(SAMPLERS), _by_key(SCHEDULES)
    if key in samplers:
        return samplers[key], None
    for ending, schedule in schedules.items():
        if key.endswith(ending) and key.removesuffix(ending) in samplers:
            return samplers[key.removesuffix(ending)], schedule
    known = ", ".join(kind.name for kind in SAMPLERS)
    raise InvalidRequest(f"there is no sampler called {name!r}: choose one of {known}")


def find_schedule(name: str) -> Schedule:
    """Return the schedule of this name.

    Raises:
        InvalidRequest: no schedule has this name; the message lists those there are.
    """
    schedules = _by_key(SCHEDULES)
    if _key(name) in schedules:
        return schedules[_key(name)]
    known = ", ".join(schedule.name for schedule in SCHEDULES)
    raise InvalidRequest(f"there is no schedule called {name!r}: choose one of {known}")


def _by_key(rows: Sequence[_Row]) -> dict[str, _Row]:
    by_key: dict[str, _Row] = {}
    for row in rows:
        for name in (row.name, *row.aliases):
            by_key[_key(name)] = row
    return by_key


def _key(name: str) -> str:
    """Return what two spellings of a name share: "dpmpp_2m" and "DPM++ 2M", "DDIMScheduler" and "ddim"."""
    return re.sub(r"[^a-z0-9]", "", name.casefold().replace("+", "p")).removesuffix("scheduler")
