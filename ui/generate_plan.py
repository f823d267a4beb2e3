"""From options to requests: everything that `generate` will do, checked before a model is loaded."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runtime.errors import InvalidRequest
from runtime.places import data_folder
from runtime.request import Bounds, Request
from ui.generate_options import flag_of, given_fields
from ui.grid import Grid, read_grid
from ui.lora_options import LoraOption, read_loras, with_tags
from ui.prompt_files import read_requests
from ui.task_choice import ModelChoice, choose_request
from ui.variations import variation_fields

SAVE_STEPS = Bounds(low=1, high=1000)


@dataclass(frozen=True, kw_only=True)
class Work:
    """A request, the folder of the model that answers it, and what its picture is called in a grid."""

    model: Path
    request: Request
    label: str | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All that is to be done, in its order."""

    works: tuple[Work, ...]
    grid: Grid | None = None
    save_steps: int | None = None
    notes: Sequence[str] = ()
    loras: tuple[LoraOption, ...] = ()

    @property
    def pictures(self) -> int:
        """How many pictures there will be."""
        return sum(work.request.count for work in self.works)


def make_plan(options: argparse.Namespace) -> Plan:
    """Return the plan; raises InvalidRequest for what contradicts, is missing, or cannot be read."""
    plan, loras = _plan(options), read_loras(options.lora)
    if not loras:
        return plan
    prompts = [with_tags(work.request.prompt, loras) for work in plan.works]
    works = [
        replace(work, request=replace(work.request, prompt=prompt))
        for work, prompt in zip(plan.works, prompts, strict=True)
    ]
    return replace(plan, works=tuple(works), loras=loras)


def _plan(options: argparse.Namespace) -> Plan:
    given, task = given_fields(options), options.task
    models = ModelChoice(asked=options.model, data=data_folder(options.data_dir))
    save_steps = getattr(options, "save_steps", None)
    if save_steps is not None:
        SAVE_STEPS.check("--save-steps", save_steps)
    if options.prompts is not None:
        return Plan(works=_from_file(options, given, models), save_steps=save_steps)
    if options.variations and options.grid:
        raise InvalidRequest("both --variations and --grid are given: leave out one, or use --grid seed=1,2")
    if options.variations:
        given, notes = variation_fields(given, task, models.first())
        work = _work(given, "image-to-image", models)
        return Plan(works=(work,), save_steps=save_steps, notes=notes)
    if options.grid:
        grid = read_grid(options.grid, given)
        return Plan(works=_cells(grid, given, task, models), grid=grid, save_steps=save_steps)
    return Plan(works=(_work(given, task, models),), save_steps=save_steps)


def _work(given: dict[str, Any], task: str | None, models: ModelChoice) -> Work:
    model, request = choose_request(given, task, models)
    return Work(model=model.path, request=request)


def _from_file(options: argparse.Namespace, given: dict[str, Any], models: ModelChoice) -> tuple[Work, ...]:
    others = {"a prompt": "prompt" in given, "--grid": options.grid, "--variations": options.variations}
    for name, is_given in others.items():
        if is_given:
            raise InvalidRequest(f"both {name} and --prompts are given: leave out one of them")

    def make(values: dict[str, Any]) -> Work:
        def spell(field: str) -> str:
            return field if field in values or field not in given else flag_of(field)

        task = values.pop("task", options.task)
        model, request = choose_request({**given, **values}, task, models, spell)
        return Work(model=model.path, request=request)

    return tuple(read_requests(Path(options.prompts), make))


def _cells(grid: Grid, given: dict[str, Any], task: str | None, models: ModelChoice) -> tuple[Work, ...]:
    cells = grid.cells
    first = _work({**given, **cells[0].fields}, task, models)
    digits = len(str(len(cells)))
    return tuple(
        Work(model=first.model, request=request, label=f"{number:0{digits}d}-{cell.slug}")
        for number, (cell, request) in enumerate(
            zip(cells, grid.requests(first.request), strict=True), start=1
        )
    )
