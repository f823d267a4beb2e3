"""A job of pictures in the worker: they are made one after the other, each noted before it is written."""

import base64
import io
import queue
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.image_files import next_path
from runtime.schedulers import choose_sampler
from runtime.speed import forwards_of
from ui.generate_report import describe, describe_grid
from ui.jobs.job import FULL, NOTHING
from ui.jobs.kept_pipeline import KeptPipeline
from ui.jobs.picture_plan import PicturePlan, Unit, make_plan
from ui.jobs.plain_picture import NAME, TASK, PlainPicture, is_plain
from ui.jobs.saving import digest, encode_png, partial_of, told_text, write_new
from ui.jobs.store import SHEET

if TYPE_CHECKING:
    from PIL import Image

    from runtime.denoise import DenoiseStep
    from runtime.generation import Generation, Result
    from runtime.pipeline import Pipeline

PREVIEW_SECONDS = 0.2  # at most five a second
PREVIEW_SIDE = 768  # pixels of the longer side, at most
QUALITY = 80
Say = Callable[..., None]


class Stopped(Exception):
    """The job was cancelled."""


class PictureRun:
    """One job; `cancel`, `skip` and `grant` come from another thread than `run`.

    `settled` tells what is known of its pictures: number -> path of the saved one, None for one left out.
    """

    def __init__(self, order: Mapping[str, Any], data: Path, say: Say) -> None:
        self.job: str = order["job"]
        self._body: Mapping[str, Any] = order["body"]
        self._sources: Mapping[str, str] = order["pictures"]
        self._data = data
        self._say = say
        self._paths: dict[int, Path | None] = {
            int(number): Path(path) if path else None for number, path in order["settled"].items()
        }
        self._metadata = self._body.get("metadata", FULL)
        self._preview_every = int(self._body.get("preview_every", 0))
        self._previewed = 0.0
        self._lock = threading.Lock()
        self._cancelled = False
        self._unwanted: set[int] = set()  # pictures to skip
        self._unit: Unit | None = None
        self._generation: Generation | None = None
        self._granted: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.placement = ""

    # From the thread that listens

    def cancel(self) -> None:
        """Stop at the next evaluation of the UNet."""
        with self._lock:
            self._cancelled = True
            if self._generation is not None:
                self._generation.cancel()

    def skip(self, number: int) -> None:
        """Leave out the picture of that number, from 0, unless it is finished."""
        with self._lock:
            self._unwanted.add(number)
            if self._generation is not None and self._unit is not None and number in self._unit.numbers:
                self._generation.cancel()

    def grant(self, number: int) -> None:
        """Hear that the place of a picture is noted."""
        self._granted.put(number)

    # From the thread that works

    def run(self, kept: KeptPipeline) -> None:
        """Make what is missing; raises Stopped, and the errors of the runtime."""
        if is_plain(self._body):
            self._enlarge()
            return
        plan = make_plan(self._body, self._sources, self._data)
        missing = [unit for unit in plan.units if not all(n in self._paths for n in unit.numbers)]
        if missing:
            device = self._body.get("device") or "auto"
            precision = self._body.get("execution_precision")
            pipeline = kept.open(plan.model, device, precision, missing[0].request, self._phase)
            self.placement = str(pipeline.placement)
            for unit in missing:  # refused before anything is computed
                pipeline.generate(unit.request)
            self._say(event="plan", **self._describe(plan, missing, pipeline))
        for unit in missing:
            self._check()
            self._make(unit, pipeline)
        if plan.grid is not None and SHEET not in self._paths:
            self._make_sheet(plan)

    def _enlarge(self) -> None:
        """Make the picture that takes no model."""
        if 0 in self._paths:
            return
        self._phase("saving")
        made = PlainPicture(self._sources["image"])
        self._check()
        self._put(
            0, encode_png(made.image, told_text(made.text, self._metadata)), TASK, NAME, "", made.describe
        )

    def _describe(self, plan: PicturePlan, missing: list[Unit], pipeline: "Pipeline") -> dict[str, Any]:
        """What an estimate of the time needs: pictures, steps, and what a step costs beside another's."""
        rows = []
        for unit in missing:
            request = plan.model.resolve(unit.request)
            sampler = choose_sampler(request.sampler, request.schedule, plan.model.sampler_config)
            scheduler = sampler.build(request.total_steps)
            evaluations = len(scheduler.timesteps) / scheduler.num_inference_steps
            width, height = request.size
            cost = width * height * forwards_of(request.plan) * request.count * evaluations
            rows.append([unit.first, request.count, request.steps, cost])
        precision = self._body.get("execution_precision")
        name = [plan.model.name, self.placement, str(precision), plan.task, f"{width}x{height}"]
        return {"pictures": plan.pictures, "units": rows, "speed": " | ".join(name)}

    def _make(self, unit: Unit, pipeline: "Pipeline") -> None:
        generation = pipeline.generate(unit.request, on_phase=self._phase)
        with self._lock:
            self._unit, self._generation = unit, generation
            if self._cancelled or not self._unwanted.isdisjoint(unit.numbers):
                generation.cancel()
        self._say(event="unit", first=unit.first)
        for step in generation:
            self._step(unit, generation, step)
        with self._lock:
            self._generation = None
        result = generation.result()
        if len(result.pictures) + len(result.withheld) == unit.request.count:
            if result.withheld:
                self._withhold(unit, result, pipeline.model.name)
            self._save(unit, result, pipeline.model.name)
            return
        self._check()
        numbers = [number for number in unit.numbers if number not in self._paths]
        self._paths.update(dict.fromkeys(numbers))
        self._say(event="skipped", numbers=numbers)

    def _withhold(self, unit: Unit, result: "Result", model: str) -> None:
        """Leave out what the safety checker flags; where nothing is left, what came of it is told at once."""
        numbers = [unit.first + picture.seed - result.request.seed for picture in result.withheld]
        self._paths.update(dict.fromkeys(numbers))
        told = None if result.pictures else describe(result, model, [], [])
        self._say(event="skipped", numbers=numbers, result=told)

    def _check(self) -> None:
        if self._cancelled:
            raise Stopped

    def _phase(self, name: str) -> None:
        self._say(event="phase", name=name)

    def _step(self, unit: Unit, generation: "Generation", step: "DenoiseStep") -> None:
        self._say(
            event="step",
            first=unit.first,
            step=step.index + 1,
            steps=step.total,
            seconds=generation.timings.steps[-1],
        )
        now = time.monotonic()
        due = self._preview_every and (step.index + 1) % self._preview_every == 0
        if due and now - self._previewed >= PREVIEW_SECONDS:
            self._previewed = now
            size = generation.request.working_size
            picture = base64.b64encode(_jpeg(generation.preview(), size)).decode("ascii")
            self._say(event="preview", jpeg=picture)

    def _save(self, unit: Unit, result: "Result", model: str) -> None:
        self._phase("saving")
        missing = [number for number in unit.numbers if number not in self._paths]
        for number in missing:
            picture = next(p for p in result.pictures if p.seed == result.request.seed + number - unit.first)
            content = encode_png(picture.image, told_text(picture.infotext, self._metadata))

            def entry(path: Path, number: int = number) -> dict[str, Any] | None:
                if number != missing[-1]:
                    return None
                paths = [path if n == number else self._paths[n] for n in unit.numbers]
                return describe(result, model, [path for path in paths if path is not None], [])

            self._put(number, content, result.request.task, picture.seed, unit.label, entry)
        times = result.timings
        beside = times.text_encoder + times.vae_encoder + times.depth_estimator + times.vae_decoder
        self._say(event="made", first=unit.first, beside=beside)

    def _make_sheet(self, plan: PicturePlan) -> None:
        from ui.grid_sheet import make_sheet

        grid, paths = plan.grid, [self._paths[number] for number in range(plan.pictures)]
        if grid is None or not any(paths):
            return
        self._phase("saving")
        image, text = make_sheet(grid, paths, with_prompts=self._metadata == FULL)
        content = encode_png(image, text if self._metadata != NOTHING else None)
        self._put(
            SHEET, content, plan.task, "grid", "", lambda path: describe_grid(plan.task, grid, path, paths)
        )

    def _put(
        self,
        number: int,
        content: bytes,
        task: str,
        seed: int | str,
        label: str,
        entry: Callable[[Path], dict[str, Any] | None],
    ) -> None:
        """Write a picture to the next free place, once that is noted."""
        while True:
            path = next_path(self._data / "outputs", task, seed).absolute()
            self._say(
                event="reserve",
                number=number,
                path=str(path),
                seed=seed if isinstance(seed, int) else 0,
                label=label,
                sha256=digest(content),
                result=entry(path),
            )
            while self._granted.get() != number:
                continue
            try:
                write_new(path, content, partial_of(path, self.job, number))
            except FileExistsError:  # another program was quicker
                continue
            self._paths[number] = path
            self._say(event="saved", number=number)
            return


def _jpeg(image: "Image.Image", size: tuple[int, int]) -> bytes:
    from PIL import Image

    scale = min(1.0, PREVIEW_SIDE / max(size))
    wanted = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
    file = io.BytesIO()
    image.resize(wanted, Image.Resampling.BICUBIC).save(file, format="JPEG", quality=QUALITY)
    return file.getvalue()
