"""Runs one request after the other: shows the steps, saves pictures and previews, stops on Ctrl-C."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from ui.generate_plan import Plan
from ui.outputs import Outputs
from ui.progress import Progress

if TYPE_CHECKING:
    from runtime.denoise import DenoiseStep
    from runtime.generation import Generation, Result


@dataclass(frozen=True, kw_only=True)
class Made:
    """What came of a request, and where it lies."""

    result: "Result"
    paths: list[Path]
    previews: list[Path]


class PictureMaker:
    """Makes the pictures of a plan, each saved as soon as it is finished."""

    def __init__(self, plan: Plan, place: Outputs, progress: Progress) -> None:
        self._plan = plan
        self._place = place
        self._progress = progress
        self._finished = 0  # pictures of the requests before

    def make(self, generation: "Generation", label: str | None) -> Made:
        """Run a generation to its end, or to Ctrl-C; `label` tells its picture in a grid."""
        from runtime.image_files import save_png  # Pillow's writer loads while the device compiles

        request, paths, previews = generation.request, list[Path](), list[Path]()
        places: list[Path] = []  # of the pictures of this request; one is fixed ahead for previews beside it

        def place(number: int) -> Path:
            if number == len(places):
                kept = generation.pictures[number : number + 1]  # some may have been withheld
                seed = kept[0].seed if kept else request.seed + number + len(generation.withheld)
                places.append(self._place.picture(request.task, seed, label))
            return places[number]

        def save_finished() -> None:
            for picture in generation.pictures[len(paths) :]:
                with generation.timings.add("save"):
                    save_png(picture.image, place(len(paths)), picture.infotext)
                paths.append(place(len(paths)))

        with _interruptible(generation, self._progress):
            for step in generation:
                save_finished()
                self._progress.picture(self._finished + len(paths) + 1, self._plan.pictures)
                self._progress.step(step.index + 1, step.total)
                previews += self._previews(generation, step, lambda: place(len(paths)))
            save_finished()
            self._finished += request.count
            return Made(result=generation.result(), paths=paths, previews=previews)

    def _previews(
        self, generation: "Generation", step: "DenoiseStep", place: Callable[[], Path]
    ) -> list[Path]:
        every = self._plan.save_steps
        if every is None:
            return []
        from ui.step_previews import is_due, save_previews

        if not is_due(step, every):
            return []
        saved = save_previews(generation, step, place())
        self._progress.resume()
        return saved


@contextmanager
def _interruptible(generation: "Generation", progress: Progress) -> Iterator[None]:
    """Let the first Ctrl-C end the work at the next step, and the second one at once."""

    def stop(number: int, frame: FrameType | None) -> None:
        generation.cancel()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        progress.note("stopping after this step (Ctrl-C again stops at once)")

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
