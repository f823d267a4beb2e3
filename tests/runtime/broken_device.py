"""An integrated GPU that is not here: it computes on the CPU, and breaks as it is told."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import openvino as ov
import pytest

GPU = "GPU.0"
PROPERTIES = {
    "FULL_DEVICE_NAME": "Intel(R) Imaginary Graphics (iGPU)",
    "DEVICE_TYPE": "Type.INTEGRATED",
    "GPU_DRIVER_VERSION": "1.2.3",
    "OPTIMIZATION_CAPABILITIES": ["FP32", "FP16", "BIN"],
}
INPUTS = {
    "text_encoder": "input_ids",
    "unet": "timestep",
    "vae_decoder": "latent_sample",
    "vae_encoder": "sample",
}
KINDS = ("nan", "zeros", "noise", "scaled", "throws", "refuses")
LOUDER = "louder"  # a third too large, of which a single step shows no sign


@dataclass(frozen=True, kw_only=True)
class Fault:
    """`component` breaks as `kind` from inference `first` (0 is the first) on, in these precisions."""

    component: str
    kind: str
    first: int = 0
    precisions: tuple[str, ...] = ("f16", "f32")


@dataclass
class BrokenCore:
    """`openvino.Core` with one more device; `spans` are (component, start, end) of every inference."""

    faults: tuple[Fault, ...] = ()
    spans: list[tuple[str, float, float]] = field(default_factory=list)
    runs: dict[str, int] = field(default_factory=dict)  # component -> inferences on the GPU
    references: list[str] = field(default_factory=list)  # components compiled for the CPU
    broke: int = 0  # how often a fault was met
    _core: Any = field(default_factory=ov.Core)

    @property
    def available_devices(self) -> list[str]:
        return [*self._core.available_devices, GPU]

    def get_property(self, device: str, name: str) -> Any:
        if device != GPU:
            return self._core.get_property(device, name)
        if name not in PROPERTIES:
            raise RuntimeError(f"GPU has no property {name}")
        return PROPERTIES[name]

    def read_model(self, path: Any) -> Any:
        return self._core.read_model(path)

    def compile_model(self, network: Any, device: str, config: dict[str, Any]) -> Any:
        component = component_of(network)
        if device != GPU:
            self.references.append(component)
            return Compiled(self, self._core.compile_model(network, device, config), component, None)
        precision = str(config["INFERENCE_PRECISION_HINT"])
        self._refuse(component, precision)
        inner = self._core.compile_model(network, "CPU", config | {"INFERENCE_PRECISION_HINT": "f32"})
        return Compiled(self, inner, component, precision)

    def import_model(self, blob: Any, device: str, config: dict[str, Any]) -> Any:
        if device != GPU:
            inner = self._core.import_model(blob, device, config)
            return Compiled(self, inner, component_of(inner), None)
        inner = self._core.import_model(blob, "CPU", config | {"INFERENCE_PRECISION_HINT": "f32"})
        self._refuse(component_of(inner), str(config["INFERENCE_PRECISION_HINT"]))
        return Compiled(self, inner, component_of(inner), str(config["INFERENCE_PRECISION_HINT"]))

    def _refuse(self, component: str, precision: str) -> None:
        if self.fault(component, precision, ("refuses",)):
            self.broke += 1
            raise RuntimeError("clBuildProgram failed\n")

    def fault(self, component: str, precision: str | None, kinds: tuple[str, ...] = KINDS) -> Fault | None:
        for fault in self.faults:
            if fault.component == component and precision in fault.precisions and fault.kind in kinds:
                return fault
        return None


class Compiled:
    """A compiled model on the CPU; of the GPU when it has a precision."""

    def __init__(self, core: BrokenCore, inner: Any, component: str, precision: str | None) -> None:
        self.core, self.inner, self.component, self.precision = core, inner, component, precision
        self.inputs, self.outputs = inner.inputs, inner.outputs

    def get_property(self, name: str) -> Any:
        if self.precision is not None and name == "INFERENCE_PRECISION_HINT":
            return ov.Type.f16 if self.precision == "f16" else ov.Type.f32
        return self.inner.get_property(name)

    def export_model(self, blob: Any) -> None:
        self.inner.export_model(blob)

    def create_infer_request(self) -> "InferRequest":
        return InferRequest(self)


class InferRequest:
    """An inference, and what the broken device makes of it."""

    def __init__(self, compiled: Compiled) -> None:
        self.compiled, self.core = compiled, compiled.core
        self.inner = compiled.inner.create_infer_request()
        self.number = 0

    def set_tensor(self, port: Any, tensor: Any) -> None:
        self.inner.set_tensor(port, tensor)

    def start_async(self) -> None:
        name = self.compiled.component
        if self.compiled.precision is not None:
            self.number = self.core.runs.get(name, 0)
            self.core.runs[name] = self.number + 1
        if self._fault("throws"):
            raise RuntimeError("CL_OUT_OF_RESOURCES")
        # The callback knows nothing of this request: OpenVINO would keep both alive for ever.
        self.inner.set_callback(_note, (self.core.spans, name, time.perf_counter()))
        self.inner.start_async()

    def wait(self) -> None:
        self.inner.wait()

    def get_tensor(self, port: Any) -> Any:
        tensor = self.inner.get_tensor(port)
        right = np.array(tensor.data, np.float32)
        draw = np.random.default_rng(self.number)
        if self._fault("nan"):
            right.flat[:: max(1, right.size // 3)] = np.nan
        elif self._fault("zeros"):
            right[...] = 0
        elif self._fault("noise"):
            right = draw.standard_normal(right.shape).astype(np.float32)
        elif self._fault("scaled"):
            right *= 1000
        elif self._fault(LOUDER):
            right *= np.float32(1.3)
        elif self.compiled.precision == "f16":
            right *= 1 + np.float32(1e-3) * draw.standard_normal(right.shape).astype(np.float32)
        return ov.Tensor(np.ascontiguousarray(right))

    def _fault(self, kind: str) -> bool:
        fault = self.core.fault(self.compiled.component, self.compiled.precision, (kind,))
        if fault is None or self.number < fault.first:
            return False
        self.core.broke += 1
        return True


def _note(inference: tuple[list[tuple[str, float, float]], str, float]) -> None:
    spans, component, started = inference
    spans.append((component, started, time.perf_counter()))


def component_of(network: Any) -> str:
    """Tell a component by the names of its inputs."""
    names = {name for port in network.inputs for name in port.get_names()}
    return next(component for component, name in INPUTS.items() if name in names)


@contextmanager
def installed(core: BrokenCore) -> Iterator[BrokenCore]:
    """Put the core in the place of OpenVINO's own, for the listing and for what is compiled."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ov, "Core", lambda: core)
        yield core
