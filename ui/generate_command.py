"""`generate`: requests from the command line to pictures on disk."""

import argparse
import time
from collections import deque
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from runtime import open_pipeline
from runtime.pipeline import Pipeline
from runtime.places import data_folder
from ui.generate_options import add_arguments
from ui.generate_plan import Plan, make_plan
from ui.generate_report import describe, describe_grid, print_json, report
from ui.grid import Grid
from ui.jobs.beside import memory_note
from ui.outputs import Outputs
from ui.picture_maker import PictureMaker
from ui.plain_upscale import upscale_plainly
from ui.progress import Progress

if TYPE_CHECKING:
    from runtime.generation import Generation

__all__ = ["add_arguments", "run"]

PLAIN = "lanczos"  # a name of --model that needs no model


def run(options: argparse.Namespace) -> int:
    """Make the pictures; each is saved as soon as it is finished."""
    if options.model == PLAIN:
        return upscale_plainly(options)
    plan = make_plan(options)
    place = Outputs(options, several=plan.pictures > 1 or plan.grid is not None)
    with Progress(quiet=options.json) as progress, ExitStack() as stack:
        for note in plan.notes:
            progress.note(f"note: {note}")
        beside = memory_note(
            ((work.model, work.request) for work in plan.works), data_folder(options.data_dir)
        )
        if beside:
            progress.note(f"note: {beside}")
        progress.phase("loading")
        generations = _begin(plan, options, progress, stack)
        paths = _make_all(plan, generations, PictureMaker(plan, place, progress), progress, options)
        if plan.grid is not None:
            _make_sheet(plan.grid, plan.works[0].request.task, place, paths, options)
    return 0


def _begin(
    plan: Plan, options: argparse.Namespace, progress: Progress, stack: ExitStack
) -> deque["Generation"]:
    """Open the models and check every request against its own, before anything is made."""
    pipelines: dict[Path, Pipeline] = {}
    for work in plan.works:
        if work.model not in pipelines:
            pipelines[work.model] = stack.enter_context(
                open_pipeline(
                    work.model,
                    device=options.device,
                    data_dir=options.data_dir,
                    execution_precision=getattr(options, "execution_precision", None),
                    cache=not options.no_cache,
                    request=work.request,
                    lora_files=[lora.file for lora in plan.loras if lora.file is not None],
                    on_phase=progress.phase,
                )
            )
            if len(pipelines) == 1:
                pipelines[work.model].prepare(work.request)
    generations = deque(
        pipelines[work.model].generate(work.request, on_phase=progress.phase) for work in plan.works
    )
    for note in dict.fromkeys(note for generation in generations for note in generation.notes):
        progress.note(f"note: {note}")
    return generations


def _make_all(
    plan: Plan,
    generations: deque["Generation"],
    maker: PictureMaker,
    progress: Progress,
    options: argparse.Namespace,
) -> list[Path | None]:
    paths: list[Path | None] = []
    for work in plan.works:
        started = time.perf_counter()
        made = maker.make(generations.popleft(), work.label)  # freed with its pictures when it is done
        paths += made.paths or [None] * bool(made.result.withheld)
        if options.json:
            print_json(describe(made.result, work.model.resolve().name, made.paths, made.previews))
        else:
            report(progress, made.result, made.paths, made.previews, time.perf_counter() - started)
        if made.result.cancelled:
            raise KeyboardInterrupt
    return paths


def _make_sheet(
    grid: Grid, task: str, place: Outputs, paths: list[Path | None], options: argparse.Namespace
) -> None:
    from ui.grid_sheet import save_sheet

    if not any(paths):
        return
    sheet = place.sheet(task)
    save_sheet(grid, paths, sheet)
    if options.json:
        print_json(describe_grid(task, grid, sheet, paths))
    else:
        print(sheet, flush=True)
