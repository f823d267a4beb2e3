"""`python -m optimize SOURCE --output DIR --precision P`: what `launch.py optimize` runs."""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from optimize.controlnet import export_controlnet
from optimize.endings import heed_endings
from optimize.export import PRECISIONS, Phase, export_model
from optimize.quantize import quantize_model
from optimize.source_model import SourceChoices
from runtime.controlnet_folder import ControlNetFolder, is_controlnet
from runtime.errors import LapdrawError
from runtime.model_folder import ModelFolder
from runtime.quantization import QUANTIZED


def main(arguments: list[str] | None = None) -> int:
    """Convert one model; return 0, or 2 after a sentence on standard error, or 130 when interrupted."""
    parser = argparse.ArgumentParser(prog="optimize", description="Make OpenVINO IR of a model.")
    parser.add_argument("source", help="a diffusers folder (with model_index.json) or a .safetensors file")
    parser.add_argument("--output", required=True, help="the model folder to write; it must not exist")
    parser.add_argument(
        "--precision", default="fp16", choices=PRECISIONS + QUANTIZED, help="how weights are stored"
    )
    parser.add_argument("--vae", type=Path, help="a VAE's file or folder in place of the source's own")
    parser.add_argument("--prediction-type", help="what a single file's UNet predicts")
    parser.add_argument("--config", type=Path, help="a folder of configurations for a single file")
    parser.add_argument("--json", action="store_true", help="progress and result as one JSON object a line")
    parser.add_argument("--end-with-stdin", action="store_true", help="stop when standard input closes")
    options = parser.parse_args(arguments)

    def show(phase: Phase) -> None:
        if options.json:
            text = json.dumps({"phase": phase.name, "index": phase.index, "total": phase.total})
        else:
            text = f"[{phase.index}/{phase.total}] {phase.name}"
        print(text, file=sys.stderr, flush=True)

    heed_endings(with_stdin=options.end_with_stdin)
    started = time.monotonic()
    try:
        choices = SourceChoices(
            vae=options.vae, prediction_type=options.prediction_type, config=options.config
        )
        make: Callable[..., ModelFolder | ControlNetFolder] = export_model
        if is_controlnet(Path(options.source)):
            make = export_controlnet
        elif options.precision in QUANTIZED:
            make = quantize_model
        folder = make(
            options.source, options.output, precision=options.precision, progress=show, choices=choices
        )
    except LapdrawError as error:
        print(json.dumps({"error": str(error)}) if options.json else error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted: nothing was written", file=sys.stderr)
        return 130
    errors = folder.manifest.errors if folder.manifest else {}
    notes = list(folder.manifest.source.notes) if folder.manifest else []
    if options.json:
        made = folder.manifest.quantization if folder.manifest else None
        answer: dict[str, object] = {
            "path": str(folder.path),
            "precision": folder.precision,
            "errors": errors,
            "notes": notes,
        }
        if made is not None:
            answer["quantization"] = made.to_dict()
        print(json.dumps(answer | {"seconds": round(time.monotonic() - started, 1)}))
    else:
        measured = (f"{name} {list(values.values())[-1]:.1e}" for name, values in errors.items())
        for note in notes:
            print(note)
        print(f"{folder.path} ({folder.precision}); error against PyTorch: {', '.join(measured)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
