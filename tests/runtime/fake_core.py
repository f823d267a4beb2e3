"""A laptop that is not here: OpenVINO's core with a listing of our own, everything compiled on the CPU."""

from typing import Any

import numpy as np
import openvino as ov
from openvino import opset13

# Properties as OpenVINO prints them on a Core Ultra laptop with a discrete card; absent ones raise.
LAPTOP: dict[str, dict[str, Any]] = {
    "CPU": {
        "FULL_DEVICE_NAME": "Intel(R) Core(TM) Ultra 7 155H",
        "DEVICE_TYPE": "Type.INTEGRATED",
        "OPTIMIZATION_CAPABILITIES": ["FP32", "INT8", "BIN", "EXPORT_IMPORT"],
    },
    "GPU.0": {
        "FULL_DEVICE_NAME": "Intel(R) Arc(TM) Graphics (iGPU)",
        "DEVICE_TYPE": "Type.INTEGRATED",
        "OPTIMIZATION_CAPABILITIES": ["FP32", "BIN", "FP16", "INT8", "EXPORT_IMPORT"],
        "GPU_DEVICE_TOTAL_MEM_SIZE": 16 * 2**30,
        "GPU_EXECUTION_UNITS_COUNT": 128,
        "GPU_DRIVER_VERSION": "1.6.33578",
        "DEVICE_ARCHITECTURE": "GPU: vendor=0x8086 arch=v12.71.4",
    },
    "GPU.1": {
        "FULL_DEVICE_NAME": "Intel(R) Arc(TM) A770M Graphics (dGPU)",
        "DEVICE_TYPE": "Type.DISCRETE",
        "OPTIMIZATION_CAPABILITIES": ["FP32", "BIN", "FP16", "INT8"],
        "GPU_DEVICE_TOTAL_MEM_SIZE": 16 * 2**30,
        "GPU_DRIVER_VERSION": "1.6.33578",
        "GPU_UARCH_VERSION": "12.55.8",
    },
    "NPU": {
        "FULL_DEVICE_NAME": "Intel(R) AI Boost",
        "OPTIMIZATION_CAPABILITIES": ["FP16", "INT8", "EXPORT_IMPORT"],
        "NPU_DRIVER_VERSION": 1003967,
        "NPU_DEVICE_TOTAL_MEM_SIZE": 2**34,
        "NPU_MAX_TILES": 2,
        "DEVICE_ARCHITECTURE": "3720",
    },
}
# Compiled once for all tests: every fake device computes on the CPU in f32, and compiling is what takes long.
_COMPILED: dict[tuple[object, ...], ov.CompiledModel] = {}


class FakeCore:
    """Lists `machine`; `spoiled` devices multiply their results by the factor given, or refuse to compile.

    A factor is a number, NaN included; the word "refuses" lets the device throw. Everything else is right,
    and computed in f32 whatever was asked.
    """

    def __init__(self, machine: dict[str, dict[str, Any]], spoiled: dict[str, float | str] | None = None):
        self.machine = machine
        self.spoiled = spoiled or {}
        self.available_devices = list(machine)
        self.compiled: list[tuple[str, str]] = []  # device, precision that was asked
        self._core = ov.Core()

    def get_property(self, device: str, name: str) -> Any:
        if name not in self.machine[device]:
            raise RuntimeError(f"Unsupported property {name}")
        return self.machine[device][name]

    def read_model(self, path: Any) -> ov.Model:
        return self._core.read_model(path)

    def compile_model(self, network: ov.Model, device: str, config: dict[str, Any]) -> ov.CompiledModel:
        self.compiled.append((device, config["INFERENCE_PRECISION_HINT"]))
        factor = self.spoiled.get(device)
        if factor == "refuses":
            raise RuntimeError("[GPU] out of resources")
        if factor is not None:
            _multiply_results(network, float(factor))
        config = config | {"INFERENCE_PRECISION_HINT": "f32"}
        sizes = tuple(str(port.get_partial_shape()) for port in network.inputs)
        key = (len(network.get_ops()), sizes, str(factor), str(config))
        if key not in _COMPILED:
            _COMPILED[key] = self._core.compile_model(network, "CPU", config)
        return _COMPILED[key]


def _multiply_results(network: ov.Model, factor: float) -> None:
    for result in network.get_results():
        source = result.input_value(0)
        spoiled = opset13.multiply(source, opset13.constant(np.array(factor, np.float32)))
        spoiled.output(0).set_names(source.get_names())
        result.input(0).replace_source_output(spoiled.output(0))
