"""`optimize`: convert a model in a process of its own, so that PyTorch is gone when it is done."""

import argparse
import json
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from runtime.errors import ExportError
from runtime.places import CHECKOUT, data_folder
from runtime.quantization import QUANTIZED
from ui.model_store import require_model_name
from ui.progress import Progress

PRECISIONS = ("fp32", "fp16", *QUANTIZED)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="a diffusers folder, with model_index.json; for int8 also a model folder",
    )
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="fp16",
        help="how weights are stored; int8 also computes in it (docs/int8.md)",
    )
    parser.add_argument("--name", metavar="NAME", help="what to call the model (SOURCE-PRECISION)")
    parser.add_argument("--data-dir", metavar="DIR", help="where models, outputs and the cache are")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> int:
    """Export, show the phases, and say how faithful the result is."""
    source = Path(options.source)
    name = require_model_name(options.name or f"{source.resolve().name}-{options.precision}")
    output = data_folder(options.data_dir).resolve() / "models" / name
    with Progress(quiet=options.json) as progress:
        answer, status = _convert(source.resolve(), output, options.precision, _Said(progress, options.json))
    if status == 130:
        raise KeyboardInterrupt
    if "error" in answer:
        raise ExportError(answer["error"])
    if status != 0:
        raise ExportError(
            f"converting {source} ended with status {status}; if the system was short of memory, "
            "close other programs and try again"
        )
    _report(answer, name, as_json=options.json)
    return 0


class _Said:
    """What is told on standard error: a line a phase to a program, a moving one to a person."""

    def __init__(self, progress: Progress, as_json: bool) -> None:
        self._progress, self._as_json = progress, as_json

    def phase(self, text: str) -> None:
        if self._as_json:
            print(json.dumps({"phase": text}), file=sys.stderr, flush=True)
        else:
            self._progress.phase(text)

    def note(self, text: str) -> None:
        self._progress.note(text)


def _convert(source: Path, output: Path, precision: str, said: _Said) -> tuple[dict[str, Any], int]:
    command = [sys.executable, "-m", "optimize", str(source), "--output", str(output)]
    child = subprocess.Popen(
        [*command, "--precision", precision, "--json", "--end-with-stdin"],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    answer: dict[str, Any] = {}
    before = signal.signal(signal.SIGTERM, _interrupt)
    with child:
        assert child.stderr is not None
        assert child.stdout is not None
        try:
            for line in child.stderr:
                message = _read(line)
                if "phase" in message:
                    said.phase(f"[{message['index']}/{message['total']}] {message['phase']}")
                elif "error" in message:
                    answer = message
                else:  # what a library or a crash prints is kept: nobody can help without it
                    said.note(line.rstrip())
            answer = answer or _read(child.stdout.read())
        except (
            KeyboardInterrupt
        ):  # the child removes what it wrote: of a Ctrl-C it heard too, else by its input
            child.communicate()
            raise
        finally:
            signal.signal(signal.SIGTERM, before)
    return answer, child.returncode


def _interrupt(number: int, frame: FrameType | None) -> None:
    """End as for Ctrl-C."""
    raise KeyboardInterrupt


def _read(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _report(answer: dict[str, Any], name: str, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"name": name, **answer}))
        return
    print(answer["path"])
    for component, errors in answer["errors"].items():
        measured = ", ".join(f"{precision} {error:.1e}" for precision, error in errors.items())
        print(f"  {component:<14} relative error against PyTorch: {measured}", file=sys.stderr)
    made = answer.get("quantization")
    if made is not None:
        print(f"  {_quantization_in_words(made)}", file=sys.stderr)
    print(f'use it with: python launch.py generate "..." --model {name}', file=sys.stderr)


def _quantization_in_words(made: dict[str, Any]) -> str:
    return (
        f"the UNet's answers are off by {made['unet_error']:.1%} on average, {made['pictures']} pictures by "
        f"{made['picture_psnr']:.1f} dB (at least {made['lowest_psnr']:.1f}), and it is "
        f"{made['base_seconds'] / made['seconds']:.2f} times as fast as in {made['base']} (f32 on "
        f"{made['machine']})"
    )
