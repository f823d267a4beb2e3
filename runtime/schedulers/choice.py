"""From the names somebody gives, and a model's configuration, to a sampler that can be built."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from runtime.errors import InvalidRequest, ModelFolderError
from runtime.schedulers.base import Scheduler
from runtime.schedulers.settings import Settings
from runtime.schedulers.tables import SamplerKind, find_sampler, find_schedule


@dataclass(frozen=True, kw_only=True)
class SamplerChoice:
    """A sampler and a schedule that go together, with the model's settings."""

    kind: SamplerKind
    settings: Settings
    schedule: str

    @property
    def sampler(self) -> str:
        """Name of the sampler, as in SAMPLERS."""
        return self.kind.name

    def build(self, num_inference_steps: int) -> Scheduler:
        """Return a fresh scheduler for one generation.

        Raises:
            InvalidRequest: the sampler cannot do this number of steps.
        """
        return self.kind.build(self.settings, num_inference_steps)


def build_scheduler(
    sampler: str | None, schedule: str | None, config: Mapping[str, Any], num_inference_steps: int
) -> Scheduler:
    """Return a fresh scheduler for one generation: `choose_sampler`, then `build`; raises as both do."""
    return choose_sampler(sampler, schedule, config).build(num_inference_steps)


def choose_sampler(sampler: str | None, schedule: str | None, config: Mapping[str, Any]) -> SamplerChoice:
    """Return what names, in any spelling, mean for a model; None is the model's own.

    `sampler` may name both ("DPM++ 2M Karras"). `config` is the model's `scheduler_config.json`; what it
    leaves out is as in diffusers' `from_config`.

    Raises:
        InvalidRequest: a name is unknown, or the sampler has no such schedule.
        ModelFolderError: the configuration has a value that is wrong or not supported.
    """
    kind, named = find_sampler(sampler or _own_sampler(config))
    chosen = find_schedule(schedule) if schedule else named or find_schedule("Automatic")
    if named and chosen != named:
        raise InvalidRequest(f"sampler {sampler!r} names a schedule, and schedule is {schedule!r}: name one")
    if chosen.name not in kind.schedules:
        raise InvalidRequest(
            f"{kind.name} has no schedule {chosen.name}: "
            f"choose {' or '.join(kind.schedules)}, or another sampler"
        )
    settings = Settings.read({**config, **chosen.settings}, kind.defaults)
    return SamplerChoice(kind=kind, settings=replace(settings, **kind.fixed), schedule=chosen.name)


def _own_sampler(config: Mapping[str, Any]) -> str:
    """Return the name of the sampler that a model asks for."""
    name, algorithm = config.get("_class_name"), config.get("algorithm_type") or "dpmsolver++"
    if not isinstance(name, str):
        raise ModelFolderError(
            f"scheduler_config.json: _class_name must name a sampler, got {name!r}: choose a sampler"
        )
    if name != "DPMSolverMultistepScheduler":
        return name
    if algorithm not in ("dpmsolver++", "sde-dpmsolver++"):
        raise ModelFolderError(
            f"scheduler_config.json: algorithm_type {algorithm!r} is not supported: choose a sampler"
        )
    return "DPM++ 2M SDE" if algorithm == "sde-dpmsolver++" else "DPM++ 2M"
