"""A compiled component and its inference requests: arrays in, arrays out, faults as DeviceError."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import openvino as ov

from runtime.arrays import AnyArray, Array
from runtime.backends.base import ExecutedOn
from runtime.backends.compiled_cache import CompiledCache
from runtime.errors import DeviceError, ModelFolderError

DEEP = "deep_feature"  # input of the outermost layers of a UNet, output of a whole one that keeps it


@dataclass(kw_only=True)
class DeepFeature:
    """What one call of a UNet keeps for another, where the device left it: nothing is copied here."""

    tensor: ov.Tensor | None = None


@dataclass(kw_only=True)
class CompiledComponent:
    """A component ready to run, with what really executes and where the time went."""

    model: ov.CompiledModel
    executed: ExecutedOn
    from_cache: bool
    read_seconds: float
    compile_seconds: float
    component: str
    unsaved_key: dict[str, Any] | None = field(default=None)  # set when the cache should keep it
    held: Mapping[str, Array] = field(default_factory=dict)  # inputs that stay from run to run
    _requests: list["Request"] = field(default_factory=list)

    def __call__(self, output: str, feature: DeepFeature | None = None, **inputs: AnyArray) -> Array:
        """Run once and return the named output as float32; raises DeviceError when the device fails."""
        request = self.request(0)
        request.start(feature, **inputs)
        return request.wait(output)

    def request(self, number: int) -> "Request":
        """Return one of the requests that can be under way at the same time."""
        while len(self._requests) <= number:
            self._requests.append(Request(self.model, self.component, self.executed.name))
        self._requests[number].hold(self.held)
        return self._requests[number]

    def save(self, cache: CompiledCache) -> None:
        """Give the compiled model to the cache, once, if it is worth keeping."""
        if self.unsaved_key is not None:
            blob = io.BytesIO()
            self.model.export_model(blob)
            cache.store(self.unsaved_key, blob.getvalue())
            self.unsaved_key = None


class Request:
    """One inference at a time: `start` returns at once, `wait` gives the output."""

    def __init__(self, model: ov.CompiledModel, component: str, device_name: str) -> None:
        self._model = model
        self._component = component
        self._device_name = device_name
        self._tensors: dict[int, ov.Tensor] = {}
        self._held: Mapping[str, Array] = {}

    @cached_property
    def _request(self) -> ov.InferRequest:
        return self._model.create_infer_request()

    @cached_property
    def _inputs(self) -> dict[str, int]:
        """The number of the input port of each name that it has: `any_name` alone may be a number."""
        ports = enumerate(self._model.inputs)
        return {name: n for n, port in ports if DEEP not in port.get_names() for name in port.get_names()}

    def _tensor(self, number: int, shape: tuple[int, ...]) -> ov.Tensor:
        """The tensor that an input reads; a new one when a flexible shape changed."""
        port, tensor = self._model.inputs[number], self._tensors.get(number)
        is_flexible = port.get_partial_shape().is_dynamic
        if tensor is None or (is_flexible and tuple(tensor.shape) != shape):
            tensor = ov.Tensor(port.get_element_type(), ov.Shape(shape) if is_flexible else port.get_shape())
            self._request.set_tensor(port, tensor)
            self._tensors[number] = tensor
        return tensor

    def hold(self, values: Mapping[str, Array]) -> None:
        """Give inputs that every run reads, until others are given; they are not copied.

        A part of a network has some of them.
        """
        if values is self._held:
            return
        try:
            for name in values.keys() & self._inputs.keys():
                number = self._inputs[name]
                tensor = ov.Tensor(values[name], shared_memory=True)
                self._request.set_tensor(self._model.inputs[number], tensor)
                self._tensors[number] = tensor
        except RuntimeError as error:
            raise self._failed(error) from error
        self._held = values

    def start(self, feature: DeepFeature | None = None, **inputs: AnyArray) -> None:
        """Begin to run on these inputs; raises DeviceError when the device does not take them.

        A network that takes the deep feature reads it from `feature`, and leaves alone what it does not take;
        one that gives it writes it to a new tensor there.
        """
        try:
            takes_feature = feature is not None and self._pass_on(feature)
            for name, value in inputs.items():
                number = self._inputs.get(name)
                if number is None:
                    if takes_feature:
                        continue
                    raise ModelFolderError(
                        f"the {self._component} IR has no input {name!r} but "
                        f"{', '.join(sorted(self._inputs))}: optimize the model again"
                    )
                np.copyto(self._tensor(number, value.shape).data, value, casting="same_kind")
            self._request.start_async()
        except RuntimeError as error:
            raise self._failed(error) from error

    def _pass_on(self, feature: DeepFeature) -> bool:
        """Give the request the tensor of the deep feature; return whether it reads it."""
        for port in self._model.inputs:
            if DEEP in port.get_names():
                self._request.set_tensor(port, feature.tensor)
                return True
        for port in self._model.outputs:
            if DEEP in port.get_names():
                feature.tensor = ov.Tensor(port.get_element_type(), port.get_shape())
                self._request.set_tensor(port, feature.tensor)
        return False

    def wait(self, output: str) -> Array:
        """Return the named output as float32; raises DeviceError when the device failed."""
        try:
            self._request.wait()
            return np.array(self._request.get_tensor(self._port(output)).data, dtype=np.float32)
        except RuntimeError as error:
            raise self._failed(error) from error

    def _failed(self, error: RuntimeError) -> DeviceError:
        return DeviceError(
            f"{self._device_name} failed while running the {self._component} ({first_line(error)}): "
            "try a smaller picture or --device cpu"
        )

    def _port(self, name: str) -> Any:
        for port in self._model.outputs:
            if name in port.get_names():
                return port
        return self._model.outputs[0]


def first_line(error: Exception) -> str:
    """OpenVINO's errors are a page long; the last line that says something is the cause."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:160] if lines else type(error).__name__
