"""`python -m optimize SOURCE --output DIR --precision P`: what `launch.py optimize` runs."""

import argparse
import json
import os
import signal
import sys
import threading
import time
from types import FrameType

from optimize.export import PRECISIONS, Phase, export_model
from optimize.quantize import quantize_model
from runtime.errors import LapdrawError
from runtime.quantization import QUANTIZED

_ENDINGS = (signal.SIGINT, signal.SIGTERM)


def main(arguments: list[str] | None = None) -> int:
    """Convert one model; return 0, or 2 after a sentence on standard error, or 130 when interrupted."""
    parser = argparse.ArgumentParser(
        prog="optimize", description="Convert a diffusers folder to OpenVINO IR."
    )
    parser.add_argument("source", help="a diffusers folder (with model_index.json)")
    parser.add_argument("--output", required=True, help="the model folder to write; it must not exist")
    parser.add_argument(
        "--precision", default="fp16", choices=PRECISIONS + QUANTIZED, help="how weights are stored"
    )
    parser.add_argument("--json", action="store_true", help="progress and result as one JSON object a line")
    parser.add_argument("--end-with-stdin", action="store_true", help="stop when standard input closes")
    options = parser.parse_args(arguments)

    def show(phase: Phase) -> None:
        if options.json:
            text = json.dumps({"phase": phase.name, "index": phase.index, "total": phase.total})
        else:
            text = f"[{phase.index}/{phase.total}] {phase.name}"
        print(text, file=sys.stderr, flush=True)

    for number in _ENDINGS:
        signal.signal(number, _interrupt)
    if options.end_with_stdin:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    started = time.monotonic()
    try:
        make = quantize_model if options.precision in QUANTIZED else export_model
        folder = make(options.source, options.output, precision=options.precision, progress=show)
    except LapdrawError as error:
        print(json.dumps({"error": str(error)}) if options.json else error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted: nothing was written", file=sys.stderr)
        return 130
    errors = folder.manifest.errors if folder.manifest else {}
    if options.json:
        made = folder.manifest.quantization if folder.manifest else None
        answer: dict[str, object] = {
            "path": str(folder.path),
            "precision": folder.precision,
            "errors": errors,
        }
        if made is not None:
            answer["quantization"] = made.to_dict()
        print(json.dumps(answer | {"seconds": round(time.monotonic() - started, 1)}))
    else:
        measured = (f"{name} {list(values.values())[-1]:.1e}" for name, values in errors.items())
        print(f"{folder.path} ({folder.precision}); error against PyTorch: {', '.join(measured)}")
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    """End so that nothing unfinished stays; once, for tidying up must not be interrupted."""
    for ending in _ENDINGS:
        signal.signal(ending, signal.SIG_IGN)
    raise KeyboardInterrupt


def _end_with_stdin() -> None:
    """Stop when whoever asked is gone. Windows knows no gentle way: the next export tidies up there."""
    while os.read(sys.stdin.fileno(), 4096):  # not sys.stdin itself: its lock would be held at our own end
        continue
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
