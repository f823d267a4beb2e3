"""Is a converted component what its source was? Both get the same inputs, and the difference is a number."""

from pathlib import Path

import numpy as np
import openvino as ov

from optimize.mapped import mapped_model
from runtime.arrays import AnyArray
from runtime.errors import ExportError

_EXACT = {"INFERENCE_PRECISION_HINT": "f32", "EXECUTION_MODE_HINT": "ACCURACY"}


def measure_error(folder: Path, reference: Path) -> float:
    """Return the relative error of the IR in `folder`, executed in f32 on the CPU, against PyTorch.

    That is the largest absolute difference over all numbers of an output, divided by its largest absolute
    value, the worst of several outputs; infinite when the IR gives NaN or infinity. `reference` is what
    `save_reference` wrote; outputs beyond those in it are not compared. Raises ExportError when the IR cannot
    be run.
    """
    inputs, expected = _load_reference(reference)
    try:
        outputs = _run(folder, inputs)[: len(expected)]
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        raise ExportError(
            f"{folder.name} was converted but does not run on the CPU ({reason:.200})"
        ) from error
    if [output.shape for output in outputs] != [output.shape for output in expected]:
        shapes = [output.shape for output in outputs], [output.shape for output in expected]
        raise ExportError(
            f"{folder.name} was converted wrongly: outputs have shapes {shapes[0]}, not {shapes[1]}"
        )
    return max(relative_error(output, wanted) for output, wanted in zip(outputs, expected, strict=True))


def relative_error(output: AnyArray, wanted: AnyArray) -> float:
    """Return max|output - wanted| / max|wanted|, infinite when `output` is not finite."""
    if not np.isfinite(output).all():
        return float("inf")
    largest = float(np.abs(wanted).max())
    difference = float(np.abs(output.astype(np.float64) - wanted).max())
    return difference / largest if largest > 0 else difference


def save_reference(path: Path, inputs: dict[str, AnyArray], outputs: list[AnyArray]) -> None:
    """Write inputs by name, and what PyTorch made of them in order; raises OSError."""
    arrays = {f"input.{name}": array for name, array in inputs.items()}
    arrays |= {f"output.{index:02}": array for index, array in enumerate(outputs)}
    np.savez(path, **arrays)  # type: ignore[arg-type]


def _load_reference(path: Path) -> tuple[dict[str, AnyArray], list[AnyArray]]:
    with np.load(path, allow_pickle=False) as arrays:
        inputs = {
            name.removeprefix("input."): arrays[name] for name in arrays.files if name.startswith("input.")
        }
        return inputs, [arrays[name] for name in sorted(arrays.files) if name.startswith("output.")]


def _run(folder: Path, inputs: dict[str, AnyArray]) -> list[AnyArray]:
    """Execute an IR once with as little memory as can be.

    The CPU plugin keeps its own arrangement of the weights, and the file's pages too while they are mapped:
    for a full-size UNet in f32, 6.9 GB. The pages are let go of while it compiles: they come back from the
    file when they are looked at again.
    """
    core = ov.Core()
    with mapped_model(core, folder) as model:
        compiled = core.compile_model(model, "CPU", _EXACT)
        results = compiled(inputs)
        return [np.array(results[port]) for port in compiled.outputs]
