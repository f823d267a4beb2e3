"""`generate`: requests from the command line to pictures on disk."""

import argparse
import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from runtime import TextToImage, open_pipeline
from runtime.errors import InvalidRequest
from runtime.pipeline import data_folder
from runtime.request import Request
from ui.progress import Progress
from ui.prompt_files import read_requests

if TYPE_CHECKING:
    from runtime.generation import Generation, Result


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; the defaults are the request's own."""
    parser.add_argument("prompt", nargs="?", metavar="PROMPT", help="what the picture should show")
    parser.add_argument("--prompts", metavar="FILE", help="a prompt a line, or JSON lines of requests")
    parser.add_argument("--negative-prompt", default="", metavar="TEXT", help="what it should not show")
    parser.add_argument("--model", default="demo-scenes", metavar="NAME|DIR", help="the model")
    parser.add_argument(
        "--device", default="auto", metavar="D", help="see `devices`; or unet=igpu,vae_decoder=cpu"
    )
    parser.add_argument(
        "--execution-precision", choices=("f32", "f16", "bf16"), help="what to compute in (chosen per device)"
    )
    parser.add_argument(
        "--sampler", metavar="NAME", help='such as "Euler a" or "DPM++ 2M Karras" (the model\'s own)'
    )
    parser.add_argument("--schedule", metavar="NAME", help='such as "Karras" (the model\'s own)')
    parser.add_argument("--steps", type=_integer, default=25, metavar="N", help="denoising steps")
    parser.add_argument(
        "--guidance-scale", type=_number, default=7.5, metavar="G", help="1 or less turns it off"
    )
    parser.add_argument("--seed", type=_integer, default=-1, metavar="N", help="-1 draws one")
    parser.add_argument("--width", type=_integer, metavar="W", help="pixels (the model's own)")
    parser.add_argument("--height", type=_integer, metavar="H", help="pixels (the model's own)")
    parser.add_argument(
        "--count", type=_integer, default=1, metavar="N", help="pictures, with seed, seed+1, ..."
    )
    parser.add_argument("--batch-size", type=_integer, default=1, metavar="N", help="pictures made at once")
    parser.add_argument("--data-dir", metavar="DIR", help="where models, outputs and the cache are")
    parser.add_argument("--no-cache", action="store_true", help="do not keep compiled models")
    parser.add_argument("-o", "--output", metavar="FILE|DIR", help="where the pictures go")
    parser.add_argument("--json", action="store_true", help="print one JSON object a request")


def run(options: argparse.Namespace) -> int:
    """Make the pictures; each is saved as soon as it is finished."""
    requests = _requests(options)
    place = Output(options, several=len(requests) > 1 or requests[0].count > 1)
    with (
        Progress(quiet=options.json) as progress,
        _loading(progress, options) as pipeline,
    ):
        pipeline.prepare(requests[0])
        for request in requests:
            started = time.perf_counter()
            generation = pipeline.generate(request, on_phase=progress.phase)
            paths, result = _make(generation, place, progress)
            _report(options, progress, paths, result, time.perf_counter() - started)
            if result.cancelled:
                raise KeyboardInterrupt
    return 0


@contextmanager
def _loading(progress: Progress, options: argparse.Namespace) -> Iterator[Any]:
    progress.phase("loading")
    with open_pipeline(
        options.model,
        device=options.device,
        data_dir=options.data_dir,
        execution_precision=options.execution_precision,
        cache=not options.no_cache,
    ) as pipeline:
        yield pipeline


class Output:
    """Where each picture goes: the file or folder asked for, or a numbered file of the day."""

    def __init__(self, options: argparse.Namespace, *, several: bool) -> None:
        self._folder = data_folder(options.data_dir) / "outputs"
        self._several = several
        self._asked = Path(options.output) if options.output else None
        if self._asked is not None and not self._is_folder() and self._asked.suffix.lower() != ".png":
            raise InvalidRequest(
                f"pictures are written as PNG, got {options.output}: end its name in .png, or in /"
            )
        self._to_folder = options.output is not None and (
            self._is_folder() or options.output.endswith(("/", "\\"))
        )

    def _is_folder(self) -> bool:
        return self._asked is not None and (self._asked.is_dir() or not self._asked.suffix)

    def path(self, task: str, seed: int) -> Path:
        """Return the place of the next picture."""
        from runtime.image_files import next_path, numbered_path

        if self._asked is None:
            return next_path(self._folder, task, seed)
        if self._to_folder:
            return numbered_path(self._asked, seed)
        return self._asked.with_stem(f"{self._asked.stem}-{seed}") if self._several else self._asked


def _make(generation: "Generation", place: Output, progress: Progress) -> tuple[list[Path], "Result"]:
    from runtime.image_files import save_png  # this and the rest of Pillow load while the device compiles

    request, paths = generation.request, list[Path]()

    def save_finished() -> None:
        for picture in generation.pictures[len(paths) :]:
            path = place.path(request.task, picture.seed)
            with generation.timings.add("save"):
                save_png(picture.image, path, picture.infotext)
            paths.append(path)

    with _interruptible(generation, progress):
        for step in generation:
            save_finished()
            progress.picture(len(generation.pictures) + 1, request.count)
            progress.step(step.index + 1, step.total)
        save_finished()
        return paths, generation.result()


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


def _requests(options: argparse.Namespace) -> list[Request]:
    fields = {
        "negative_prompt": options.negative_prompt,
        "num_inference_steps": options.steps,
        "guidance_scale": options.guidance_scale,
        "width": options.width,
        "height": options.height,
        "sampler": options.sampler,
        "schedule": options.schedule,
        "seed": options.seed,
        "count": options.count,
        "batch_size": options.batch_size,
    }
    if options.prompts is None:
        if options.prompt is None:
            raise InvalidRequest('there is no prompt: write generate "what the picture should show"')
        return [TextToImage(prompt=options.prompt, **fields)]
    if options.prompt is not None:
        raise InvalidRequest("both a prompt and --prompts are given: leave out one of them")
    return read_requests(Path(options.prompts), fields)


def _report(
    options: argparse.Namespace, progress: Progress, paths: list[Path], result: "Result", seconds: float
) -> None:
    if options.json:
        print(json.dumps(describe(result, paths)), flush=True)
        return
    for warning in result.warnings:
        progress.note(f"note: {warning}")
    for path in paths:
        print(path, flush=True)
    unet = result.placement["unet"]
    each = sum(result.timings.steps) / max(1, len(result.timings.steps))
    seeds = ", ".join(map(str, result.seeds[:4])) + (", ..." if len(result.seeds) > 4 else "")
    progress.note(
        f"{len(paths)} picture{'s' * (len(paths) != 1)} in {seconds:.1f} s on {unet.device} {unet.precision} "
        f"({each:.2f} s a step, {result.sampler} {result.schedule}), seed {seeds}"
    )


def describe(result: "Result", paths: list[Path]) -> dict[str, Any]:
    """Return what --json prints."""
    request = result.request.as_dict() | {"sampler": result.sampler, "schedule": result.schedule}
    return {
        "task": result.request.task,
        "images": [{"path": str(path), "seed": seed} for path, seed in zip(paths, result.seeds, strict=True)],
        "request": request,
        "placement": {component: asdict(executed) for component, executed in result.placement.items()},
        "timings": result.timings.as_dict(),
        "warnings": list(result.warnings),
    }


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"must be a whole number, got {text!r}") from error


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"must be a number, got {text!r}") from error
