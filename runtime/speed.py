"""How much work a picture is: the presets of --speed as rows of one table, and the plan of each step.

A preset never changes the number of steps, the sampler or the seed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runtime.errors import InvalidRequest
from runtime.feature_reuse import Reuse
from runtime.guidance_interval import GuidanceInterval

EXACT = "exact"
USUAL_STEPS = 20  # that the gaps of the presets are meant for
SHALLOW = 0.1  # the work of a UNet's outermost layers beside all of it: Stable Diffusion 1.5, measured


@dataclass(frozen=True, kw_only=True)
class Preset:
    """One row: what is left out of the work of a picture."""

    reuse: Reuse | None = None
    guidance_interval: GuidanceInterval | None = None


PRESETS: Mapping[str, Preset] = {
    EXACT: Preset(),
    "balanced": Preset(reuse=Reuse(first=2, last=4)),
    "fast": Preset(reuse=Reuse(first=3, last=5), guidance_interval=GuidanceInterval(start=0, end=0.5)),
}


@dataclass(frozen=True, kw_only=True)
class StepPlan:
    """How a step is computed. `whole`: by all of the UNet; else with the last whole step's deep features."""

    guided: bool
    whole: bool = True


def find_preset(name: object) -> Preset:
    """Return the row of that name; raises InvalidRequest, listing them, for one that does not exist."""
    if not isinstance(name, str) or name not in PRESETS:
        raise InvalidRequest(f"speed {name!r} does not exist: choose one of {', '.join(PRESETS)}")
    return PRESETS[name]


def parts_of(
    speed: object, reuse: object = None, guidance_interval: object = None, *, steps: int = USUAL_STEPS
) -> Preset:
    """Return the row with the parts that are given in place of its own; raises InvalidRequest.

    With fewer than USUAL_STEPS `steps` each goes further, and the gaps of a preset shrink with their number.
    """
    row = find_preset(speed)
    own = row.reuse.shrunk(steps / USUAL_STEPS) if row.reuse is not None else None
    return Preset(
        reuse=own if reuse is None else Reuse.read(reuse),
        guidance_interval=row.guidance_interval
        if guidance_interval is None
        else GuidanceInterval.read(guidance_interval),
    )


def plan_steps(count: int, parts: Preset, *, guided: bool) -> tuple[StepPlan, ...]:
    """Return how each of `count` steps is computed.

    Where guidance begins again a step is whole whatever `reuse` says: the half that was left out has no deep
    features of late.
    """
    reuse, interval = parts.reuse, parts.guidance_interval
    guides = interval.guided(count) if guided and interval is not None else (guided,) * count
    marks = reuse.whole(count) if reuse is not None else (True,) * count
    begins = (guides[at] and at > 0 and not guides[at - 1] for at in range(count))
    return tuple(
        StepPlan(guided=guide, whole=mark or again)
        for guide, mark, again in zip(guides, marks, begins, strict=True)
    )


def forwards_of(plan: Sequence[StepPlan]) -> float:
    """Return how many whole forwards of one half of guidance a step takes on average."""
    return sum((2 if step.guided else 1) * (1 if step.whole else SHALLOW) for step in plan) / len(plan)
