"""What a call of a UNet costs whole, and what its outermost layers cost alone, in turn.

python -m benchmarks.reuse_calls MODEL [--rounds N] [--size N] [--precision f32|bf16] [--json]
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from statistics import median
from typing import Any

import numpy as np

from runtime.backends.base import Conditioning, Shape
from runtime.backends.openvino import OpenVinoBackend
from runtime.backends.openvino_examples import example_inputs
from runtime.devices import list_devices
from runtime.errors import LapdrawError
from runtime.model_folder import ModelFolder
from runtime.models import find_model
from runtime.placement import resolve_placement
from runtime.places import BUNDLED_MODELS, data_folder
from runtime.timings import Timings


def measure(
    model: ModelFolder, *, rounds: int, size: int | None, precision: str | None, guided: bool
) -> dict[str, Any]:
    """Return medians in seconds, and what compiling took; raises LapdrawError.

    Without `guided` a call has one half of guidance, as in sequential guidance and between guided steps.
    """
    height, width = (size, size) if size else (model.default_height, model.default_width)
    shape = Shape(batch=1, height=height, width=width, guided=guided, reuses=True)
    inputs = example_inputs(model, "unet", shape)
    sample, timestep = inputs.pop("sample"), float(inputs.pop("timestep")[0])
    whole = Conditioning(encoder_hidden_states=inputs.pop("encoder_hidden_states", None), extra=inputs)
    placement = resolve_placement("cpu", list_devices(pytorch=False))
    seconds: dict[str, list[float]] = {"whole": [], "shallow": []}
    with OpenVinoBackend(model, placement, execution_precision=precision) as backend:
        components, timings = backend.load(shape, ("unet",)), Timings()
        components.wait(timings)
        answers = {}
        for number in range(rounds + 1):
            for name, conditioning in (("whole", whole), ("shallow", replace(whole, whole=False))):
                started = time.perf_counter()
                answers[name] = components.unet(sample, timestep, conditioning)
                if number:  # the first warms up
                    seconds[name].append(time.perf_counter() - started)
        executed = components.placement["unet"].precision
    return {
        "model": model.name,
        "size": f"{width}x{height}",
        "rows": len(sample),
        "precision": executed,
        "compile": timings.compile,
        "seconds": seconds,
        "median": {name: median(values) for name, values in seconds.items()},
        "least": {name: min(values) for name, values in seconds.items()},
        "same_inputs_differ_by": float(np.abs(answers["whole"] - answers["shallow"]).max()),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return 0, or 2 after a sentence."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reuse_calls")
    parser.add_argument("model", metavar="NAME|DIR")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--size", type=int, metavar="N", help="pixels a side (the model's own)")
    parser.add_argument("--precision", choices=("f32", "bf16"), help="of the arithmetic (f32)")
    parser.add_argument("--half", action="store_true", help="one half of guidance a call")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--data-dir", metavar="DIR")
    options = parser.parse_args(arguments)
    try:
        model = find_model(options.model, data_folder(options.data_dir), BUNDLED_MODELS)
        found = measure(
            model,
            rounds=options.rounds,
            size=options.size,
            precision=options.precision,
            guided=not options.half,
        )
    except LapdrawError as error:
        print(error, file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(found))
        return 0
    whole, shallow = found["median"]["whole"], found["median"]["shallow"]
    print(
        f"{found['model']}, {found['size']}, {found['rows']} rows, {found['precision']}: "
        f"whole {whole:.4g} s, outermost layers {shallow:.4g} s, {shallow / whole:.3f} of it; "
        f"from the same inputs they differ by {found['same_inputs_differ_by']:.3g}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
