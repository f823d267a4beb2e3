"""The placement of `auto:measured`: what is remembered of this machine and model, else measured now."""

import os
from collections.abc import Callable, Sequence
from typing import Any

import openvino as ov

from runtime.backends.base import Device, Shape
from runtime.backends.openvino_measure import TimeRun, measure
from runtime.measured import Memory, choose
from runtime.model_folder import ModelFolder
from runtime.placement import Placement


def measured_placement(
    model: ModelFolder,
    devices: Sequence[Device],
    shape: Shape,
    *,
    memory: Memory | None,
    precision: str | None = None,
    on_phase: Callable[[str], None] | None = None,
    core: ov.Core | None = None,
    time_run: TimeRun | None = None,
) -> Placement:
    """Return the fastest right mix of OpenVINO's devices for a model at one size.

    Without `memory` nothing is remembered. `precision` is the one that the user insists on.
    """
    key = measurement_key(model, devices, shape, precision)
    measured = memory.load(key) if memory is not None else None
    if measured is None:
        measured = measure(
            model, devices, shape, precision=precision, on_phase=on_phase, core=core, time_run=time_run
        )
        if memory is not None:
            memory.store(key, measured)
    return choose(measured.timings, devices)


def measurement_key(
    model: ModelFolder, devices: Sequence[Device], shape: Shape, precision: str | None
) -> dict[str, Any]:
    """Return everything that decides what would be measured: where it differs, it is measured anew."""
    return {
        "model": {component: _content(model, component) for component in sorted(model.components)},
        "devices": [[device.native, device.name, device.driver] for device in devices],
        "openvino": ov.get_version(),
        "logical_cores": os.cpu_count(),
        "isa": os.environ.get("ONEDNN_MAX_CPU_ISA", ""),
        "size": [shape.width, shape.height],
        "guided": shape.guided,
        "execution_precision": precision,
    }


def _content(model: ModelFolder, component: str) -> str:
    """The manifest's word is enough: a folder that differs from it is refused before the first output."""
    weights = f"{component}/{model.ir(component).with_suffix('.bin').name}"
    if model.manifest is not None and weights in model.manifest.files:
        return str(model.manifest.files[weights].sha256)
    return model.content_key(component)
