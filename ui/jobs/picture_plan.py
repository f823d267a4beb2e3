"""From the body of a job to its pictures: which requests are made, in which order, under which labels.

The same in the server, which refuses what cannot be made before it is accepted, and in the worker.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runtime.control_plan import check_controls
from runtime.errors import InvalidRequest
from runtime.model_folder import ModelFolder
from runtime.recipes import check_recipe
from runtime.request import RANDOM_SEED, Request, draw_seed
from runtime.schedulers import choose_sampler
from ui.grid import Grid, read_grid
from ui.jobs.job import FULL, METADATA
from ui.task_choice import ModelChoice, choose_request

CONTROLS = ("control_1", "control_2")  # what the ControlNets of a request go by, in their order
PICTURES = ("image", "mask", "depth", *CONTROLS)  # fields that are pictures
PRECISIONS = ("f32", "f16", "bf16")


@dataclass(frozen=True, kw_only=True)
class Unit:
    """What is made in one go: one picture, or a batch of them, the first the job's `first`th from 0."""

    index: int
    first: int
    request: Request
    label: str = ""

    @property
    def numbers(self) -> range:
        """The numbers of its pictures in the job."""
        return range(self.first, self.first + self.request.count)


@dataclass(frozen=True, kw_only=True)
class PicturePlan:
    """Everything that a job makes; `seed` is the one that was drawn or given, None where an axis has it."""

    model: ModelFolder
    units: tuple[Unit, ...]
    grid: Grid | None
    seed: int | None

    @property
    def pictures(self) -> int:
        """How many there will be."""
        return sum(unit.request.count for unit in self.units)

    @property
    def task(self) -> str:
        """The task of all of them."""
        return self.units[0].request.task


def make_plan(body: Mapping[str, Any], pictures: Mapping[str, Any], data: Path) -> PicturePlan:
    """Return the plan; raises InvalidRequest and ModelFolderError for what cannot be made as asked.

    `pictures` are the values of the fields that are pictures, as the requests take them.
    """
    given = {**_object(body.get("fields", {}), "fields"), **pictures}
    _give_controls(given)
    models = ModelChoice(asked=body.get("model"), data=data)
    axes = body.get("grid") or []
    if not axes:
        model, request = choose_request(given, body.get("task"), models, spell)
        check_controls(model, request, data)
        if request.seed == RANDOM_SEED:
            request = replace(request, seed=draw_seed(request.count))
        return PicturePlan(model=model, units=_units(request), grid=None, seed=request.seed)
    grid = read_grid(axes, given)
    model, first = choose_request({**given, **grid.cells[0].fields}, body.get("task"), models, spell)
    check_controls(model, first, data)
    seed = None if any(axis.name == "seed" for axis in grid.axes) else first.seed
    if seed == RANDOM_SEED:
        seed = draw_seed()
        first = replace(first, seed=seed)
    units = (
        Unit(index=number, first=number, request=request, label=_label(cell.labels))
        for number, (cell, request) in enumerate(zip(grid.cells, grid.requests(first), strict=True))
    )
    return PicturePlan(model=model, units=tuple(units), grid=grid, seed=seed)


def _give_controls(given: dict[str, Any]) -> None:
    """Put the pictures of ControlNets with their nets; raises InvalidRequest for one without a net."""
    pictures = {name: given.pop(name) for name in CONTROLS if name in given}
    controls = given.get("controls", [])
    if not isinstance(controls, list) or not all(isinstance(control, Mapping) for control in controls):
        raise InvalidRequest(f"controls must be a list of objects, got {controls!r:.80}")
    joined = [dict(control) for control in controls]
    for name, picture in pictures.items():
        number = CONTROLS.index(name)
        if number >= len(joined):
            raise InvalidRequest(
                f"{name} is a picture for a ControlNet that is not given: add it to controls"
            )
        joined[number]["image"] = picture
    if joined:
        given["controls"] = joined


def check_plan(plan: PicturePlan, body: Mapping[str, Any]) -> None:
    """Raise InvalidRequest for what the model cannot do, as far as it shows without loading it."""
    samplers = set()
    for unit in plan.units:
        request = plan.model.resolve(unit.request)
        check_recipe(plan.model, request)
        samplers.add((request.sampler, request.schedule, request.total_steps))
    for sampler, schedule, steps in sorted(samplers, key=str):
        choose_sampler(sampler, schedule, plan.model.sampler_config).build(steps)
    metadata = body.get("metadata", FULL)
    if metadata not in METADATA:
        raise InvalidRequest(f"metadata must be one of {', '.join(METADATA)}, got {metadata!r}")
    precision = body.get("execution_precision")
    if precision is not None and precision not in PRECISIONS:
        raise InvalidRequest(f"precision {precision!r} does not exist: choose one of {', '.join(PRECISIONS)}")
    every = body.get("preview_every", 0)
    if type(every) is not int or every < 0:
        raise InvalidRequest(f"preview_every must be a whole number from 0, got {every!r}: 0 shows none")


def spell(field: str) -> str:
    """Return what the page calls a field."""
    return "steps" if field == "num_inference_steps" else field.replace("_", " ")


def _units(request: Request) -> tuple[Unit, ...]:
    """Split a request into pictures, or batches where it asks for them, each with seeds of its own."""
    units = []
    for index, first in enumerate(range(0, request.count, request.batch_size)):
        count = min(request.batch_size, request.count - first)
        part = replace(request, seed=request.seed + first, count=count, batch_size=count)
        units.append(Unit(index=index, first=first, request=part))
    return tuple(units)


def _label(labels: Mapping[str, str]) -> str:
    return ", ".join(f"{axis} {value}" for axis, value in labels.items())


def _object(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidRequest(f"{name} must be an object with the settings, got {value!r}")
    return {str(key): entry for key, entry in value.items()}
