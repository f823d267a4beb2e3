"""`optimize`: convert a model in a process of its own, so that PyTorch is gone when it is done."""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from runtime.errors import ExportError, InvalidRequest
from runtime.places import CHECKOUT, data_folder
from ui.progress import Progress

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,99}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("source", metavar="SOURCE", help="a diffusers folder, with model_index.json")
    parser.add_argument(
        "--precision", choices=("fp32", "fp16"), default="fp16", help="how weights are stored"
    )
    parser.add_argument("--name", metavar="NAME", help="what to call the model (SOURCE-PRECISION)")
    parser.add_argument("--data-dir", metavar="DIR", help="where models, outputs and the cache are")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> int:
    """Export, show the phases, and say how faithful the result is."""
    source = Path(options.source)
    name = options.name or f"{source.resolve().name}-{options.precision}"
    if not NAME.fullmatch(name):
        raise InvalidRequest(
            f"{name!r} cannot be a model's name: use letters, digits, spaces, and . _ - (--name)"
        )
    output = data_folder(options.data_dir).resolve() / "models" / name
    with Progress(quiet=options.json) as progress:
        answer, status = _convert(source.resolve(), output, options.precision, progress)
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


def _convert(source: Path, output: Path, precision: str, progress: Progress) -> tuple[dict[str, Any], int]:
    command = [sys.executable, "-m", "optimize", str(source), "--output", str(output)]
    child = subprocess.Popen(
        [*command, "--precision", precision, "--json"],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    answer: dict[str, Any] = {}
    with child:
        assert child.stderr is not None
        assert child.stdout is not None
        try:
            for line in child.stderr:
                said = _read(line)
                if "phase" in said:
                    progress.phase(f"[{said['index']}/{said['total']}] {said['phase']}")
                elif "error" in said:
                    answer = said
                else:  # what a library or a crash prints is kept: nobody can help without it
                    progress.note(line.rstrip())
            answer = answer or _read(child.stdout.read())
        except KeyboardInterrupt:  # the child got it too, and removes what it wrote
            child.wait()
            raise
    return answer, child.returncode


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
    print(f'use it with: python launch.py generate "..." --model {name}', file=sys.stderr)
