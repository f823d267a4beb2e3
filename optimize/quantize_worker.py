"""The stages of a quantization, each in a process of its own, so that none holds another's memory.

record     the model makes pictures, and the inputs of its UNet are written down (OpenVINO alone)
quantize   NNCF makes the int8 UNet of them
measure    both models make the same pictures, and both UNets are timed in turn

Stages hand each other files: calls.npz, unet/, measured.json.
"""

import json
import math
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np
import openvino as ov

from optimize.int8_recipe import (
    choose_samples,
    held_out_walk,
    kept_in_float,
    quantize_fully,
    quantize_weights,
    walk_of,
)
from optimize.trajectory import UNetCall, Walk, call, on_cpu, record_calls
from optimize.worker import run_in_worker, serve
from runtime.arrays import AnyArray, Array
from runtime.backends.base import Components
from runtime.model_folder import ModelFolder
from runtime.pipeline import open_pipeline
from runtime.weight_files import XML_NAME

STAGES = ("record", "quantize", "measure")
CALLS = "calls.npz"
NOTES = "quantized.json"
MEASURED = "measured.json"
TIMED, TIMED_SECONDS = 5, 2.0  # calls of each UNet, in turn: so many at least, and for so long

Report = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class QuantizeJob:
    """One stage; plain values, so that it crosses to another process as JSON."""

    stage: str  # of STAGES
    model: str  # the IR folder that is quantized
    precision: str  # int8 or int8-weights
    work: str  # where the stages' files are
    quantized: str  # a whole folder with the new UNet, for `measure`

    def to_json(self) -> str:
        """Return the job as one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "QuantizeJob":
        """Read what `to_json` wrote."""
        return cls(**json.loads(text))


def quantize_in_worker(job: QuantizeJob, report: Report) -> None:
    """Have another process do one stage; raises ExportError, or RuntimeError with its trace."""
    run_in_worker(
        "optimize.quantize_worker",
        job.to_json(),
        report,
        "the quantization",
        "close other programs, or choose --precision int8-weights, which takes a fraction of it",
    )


def run_stage(job: QuantizeJob, report: Report) -> None:
    """Do one stage here."""
    stage = {"record": _record, "quantize": _quantize, "measure": _measure}[job.stage]
    stage(job, report)


def _record(job: QuantizeJob, report: Report) -> None:
    """Write the calls that the model makes of its UNet while it draws the calibration's pictures."""
    model = ModelFolder(job.model)
    walk = walk_of(model)
    report("drawing calibration pictures")
    with on_cpu(model, walk.shape) as components:
        samples = choose_samples(list(record_calls(model, components, walk)))
    columns = {name: np.stack([sample[name] for sample in samples]) for name in samples[0]}
    np.savez(Path(job.work, CALLS), **columns)  # type: ignore[arg-type]


def _quantize(job: QuantizeJob, report: Report) -> None:
    """Write the quantized UNet's IR below the work folder."""
    network = ov.Core().read_model(Path(job.model, "unet", XML_NAME))
    kept: tuple[str, ...] = ()
    count = 0
    if job.precision == "int8":
        kept = kept_in_float(network)
        with np.load(Path(job.work, CALLS), allow_pickle=False) as arrays:
            columns = {name: arrays[name] for name in arrays.files}
        count = len(columns["timestep"])
        samples = [{name: rows[index] for name, rows in columns.items()} for index in range(count)]
        report("quantizing unet")
        quantized = quantize_fully(network, samples, kept)
    else:
        report("quantizing unet")
        quantized = quantize_weights(network)
    target = Path(job.work, "unet")
    target.mkdir()
    # What stays in floating point stays as it was stored: rounding it again turns the timesteps (weights.py).
    ov.save_model(quantized, target / XML_NAME, compress_to_fp16=False)
    notes = {"kept_in_float": list(kept), "samples": count}
    Path(job.work, NOTES).write_text(json.dumps(notes), encoding="utf-8")


def _measure(job: QuantizeJob, report: Report) -> None:
    """Compare both models: the UNet's answers along a trajectory, its seconds, pictures."""
    before, after = ModelFolder(job.model), ModelFolder(job.quantized)
    walk = held_out_walk(before)
    first = replace(walk, prompts=walk.prompts[:1])
    report("timing unet")
    with on_cpu(before, walk.shape) as old, on_cpu(after, walk.shape) as new:
        calls = list(record_calls(before, old, first))
        errors = [_relative_error(call(new, recorded), recorded.answer) for recorded in calls]
        seconds = _time_in_turn((old, new), calls[len(calls) // 2])
    report("comparing pictures")
    pairs = zip(_pictures(before, walk), _pictures(after, walk), strict=True)
    psnrs = [_psnr(one, other) for one, other in pairs]
    answer = {
        "unet_error": round(float(np.mean(errors)), 5),
        "largest_unet_error": round(float(np.max(errors)), 5),
        "picture_psnr": round(float(np.mean(psnrs)), 2),
        "lowest_psnr": round(float(np.min(psnrs)), 2),
        "pictures": len(psnrs),
        "steps": walk.steps,
        "seconds_before": seconds[0],
        "seconds_after": seconds[1],
    }
    Path(job.work, MEASURED).write_text(json.dumps(answer), encoding="utf-8")


def _relative_error(answer: Array, wanted: Array) -> float:
    """Return the root mean square of the difference, by that of what is right."""
    difference = float(np.sqrt(np.mean((answer.astype(np.float64) - wanted) ** 2)))
    return difference / float(np.sqrt(np.mean(wanted.astype(np.float64) ** 2)))


def _time_in_turn(unets: tuple[Components, Components], recorded: UNetCall) -> list[float]:
    """Return each UNet's median seconds of a call, run in turn so that both see the same machine."""
    seconds: list[list[float]] = [[], []]
    for unet in unets:
        call(unet, recorded)
    end = time.perf_counter() + TIMED_SECONDS
    while len(seconds[0]) < TIMED or time.perf_counter() < end:
        for unet, times in zip(unets, seconds, strict=True):
            started = time.perf_counter()
            call(unet, recorded)
            times.append(time.perf_counter() - started)
    return [round(median(times), 5) for times in seconds]


def _pictures(model: ModelFolder, walk: Walk) -> list[AnyArray]:
    """Return the walk's pictures (H, W, 3) as `generate` makes them, on the CPU in f32."""
    with open_pipeline(model.path, device="cpu", execution_precision="f32", cache=False) as pipeline:
        return [np.asarray(pipeline.generate(request).result().images[0]) for request in walk.requests]


def _psnr(one: AnyArray, other: AnyArray) -> float:
    """Return dB between pictures with values 0 to 255; 100 for equal ones."""
    error = float(np.mean((one.astype(np.float64) - other) ** 2))
    return min(100.0, 10 * math.log10(255**2 / error)) if error else 100.0


def main() -> None:
    """Read a stage from standard input and do it.

    NNCF imports PyTorch where it finds it, for models that are not ours: 300 MB and some seconds.
    """
    sys.modules.setdefault("torch", None)  # type: ignore[arg-type]
    serve(lambda text, report: run_stage(QuantizeJob.from_json(text), report))


if __name__ == "__main__":
    main()
