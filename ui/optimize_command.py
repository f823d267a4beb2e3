"""`optimize`: convert a model in a process of its own, so that PyTorch is gone when it is done."""

import argparse
import json
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from runtime.checkpoint import PREDICTION_TYPES
from runtime.controlnet_folder import FOLDER, is_controlnet
from runtime.errors import ExportError
from runtime.hub_id import is_hub_id
from runtime.places import CHECKOUT, data_folder
from runtime.quantization import OFFERED
from ui.hub_source import IR, READY, HubPlan, add_hub_arguments, refuse_hub_options, start_again
from ui.installed import missing_parts
from ui.model_store import require_model_name
from ui.progress import Progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="a diffusers folder, one .safetensors file, or ORGANISATION/NAME on the Hub: a model, or a "
        "ControlNet; for int8 a folder of OpenVINO IR too",
    )
    parser.add_argument(
        "--precision",
        choices=OFFERED,
        default="fp16",
        help="how weights are stored; int8 also computes in it (docs/int8.md)",
    )
    parser.add_argument("--name", metavar="NAME", help="what to call the model (SOURCE-PRECISION)")
    add_hub_arguments(parser)
    parser.add_argument(
        "--vae", metavar="FILE|DIR", type=Path, help="a VAE in place of the one that SOURCE has, or has not"
    )
    parser.add_argument(
        "--prediction-type",
        choices=PREDICTION_TYPES,
        help="what a single file's UNet predicts, where the file does not say it",
    )
    parser.add_argument(
        "--config",
        metavar="DIR",
        type=Path,
        help="a single file's configurations in diffusers' layout, where its architecture is not known",
    )
    parser.add_argument("--data-dir", metavar="DIR", help="where models, outputs and the cache are")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> int:
    """Export, show the phases, and say how faithful the result is."""
    if is_hub_id(options.source):
        return _run_from_hub(options)
    refuse_hub_options(options)
    source = Path(options.source)
    stem = source.resolve().stem if source.is_file() else source.resolve().name
    name = require_model_name(options.name or f"{stem}-{options.precision}")
    kind = FOLDER if is_controlnet(source) else "models"
    output = data_folder(options.data_dir).resolve() / kind / name
    with Progress(quiet=options.json) as progress:
        arguments = ["--precision", options.precision, *_chosen(options)]
        answer, status = _convert(source.resolve(), output, arguments, _Said(progress, options.json))
    _require_done(answer, status, f"converting {source}")
    _report(answer, name, as_json=options.json, is_net=kind == FOLDER)
    return 0


def _run_from_hub(options: argparse.Namespace) -> int:
    """Fetch the model; what is ready-made is done then, the rest is worked on like any folder."""
    plan = HubPlan.of(options)
    with Progress(quiet=options.json) as progress:
        answer, status = _follow(plan.command(), _Said(progress, options.json))
    _require_done(answer, status, f"fetching {options.source}")
    if answer.get("kind") == READY:
        _report(answer, plan.ready.name, as_json=options.json)
        return 0
    fetched = plan.converting(options, answer["path"])
    needed = "quantize" if answer.get("kind") == IR else "optimize"
    return run(fetched) if not missing_parts(needed) else start_again(fetched)


def _require_done(answer: dict[str, Any], status: int, what: str) -> None:
    if status == 130:
        raise KeyboardInterrupt
    if "error" in answer:
        raise ExportError(answer["error"])
    if status != 0:
        raise ExportError(
            f"{what} ended with status {status}; if the system was short of memory, "
            "close other programs and try again"
        )


def _chosen(options: argparse.Namespace) -> list[str]:
    """Return the options that are passed on, with paths that hold in any folder."""
    chosen: list[str] = []
    for option, path in (("--vae", options.vae), ("--config", options.config)):
        if path is not None:
            chosen += [option, str(path.resolve())]
    if options.prediction_type is not None:
        chosen += ["--prediction-type", options.prediction_type]
    return chosen


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


def _convert(source: Path, output: Path, arguments: list[str], said: _Said) -> tuple[dict[str, Any], int]:
    command = [sys.executable, "-m", "optimize", str(source), "--output", str(output)]
    return _follow([*command, *arguments], said)


def _follow(command: list[str], said: _Said) -> tuple[dict[str, Any], int]:
    """Run a child to its end and show what it says; return its answer and its status."""
    child = subprocess.Popen(
        [*command, "--json", "--end-with-stdin"],
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
                    said.phase(_counted(message))
                elif "error" in message:
                    answer = message
                elif "note" in message:
                    said.note(message["note"])
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


def _counted(message: dict[str, Any]) -> str:
    """Return a phase with its step, or with how much is done of what has no steps: a download."""
    index, total = message["index"], message["total"]
    return f"[{index}%] {message['phase']}" if total == 100 else f"[{index}/{total}] {message['phase']}"


def _interrupt(number: int, frame: FrameType | None) -> None:
    """End as for Ctrl-C."""
    raise KeyboardInterrupt


def _read(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _report(answer: dict[str, Any], name: str, *, as_json: bool, is_net: bool = False) -> None:
    if as_json:
        print(json.dumps({"name": name, **answer}))
        return
    print(answer["path"])
    for note in answer.get("notes", ()):  # what was ready-made has none
        print(f"  {note}", file=sys.stderr)
    for component, errors in answer["errors"].items():
        measured = ", ".join(f"{precision} {error:.1e}" for precision, error in errors.items())
        print(f"  {component:<14} relative error against PyTorch: {measured}", file=sys.stderr)
    made = answer.get("quantization")
    if made is not None:
        print(f"  {_quantization_in_words(made)}", file=sys.stderr)
    use = f"--control {name} --control-image FILE" if is_net else f"--model {name}"
    print(f'use it with: python launch.py generate "..." {use}', file=sys.stderr)


def _quantization_in_words(made: dict[str, Any]) -> str:
    return (
        f"the UNet's answers are off by {made['unet_error']:.1%} on average, {made['pictures']} pictures by "
        f"{made['picture_psnr']:.1f} dB (at least {made['lowest_psnr']:.1f}), and it is "
        f"{made['base_seconds'] / made['seconds']:.2f} times as fast as in {made['base']} (f32 on "
        f"{made['machine']})"
    )
