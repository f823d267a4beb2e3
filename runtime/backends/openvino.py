"""The OpenVINO backend: CPU, integrated and discrete GPU, NPU, each component on a device of its own."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

import numpy as np
import openvino as ov

from runtime.arrays import Array, IntArray
from runtime.backends.base import Conditioning, Device, ExecutedOn, PromptEmbeds, Shape
from runtime.backends.compiled_cache import CompiledCache
from runtime.backends.openvino_compile import (
    CompiledComponent,
    CompileKey,
    compile_component,
    component_shapes,
)
from runtime.backends.openvino_devices import openvino_devices
from runtime.backends.openvino_kernels import count_kernels
from runtime.errors import DeviceError
from runtime.memory import check_memory
from runtime.model_folder import ModelFolder
from runtime.placement import Placement
from runtime.timings import Timings

COMPILERS = 3  # components compiled side by side
KEPT = 8  # compiled components: those of two shapes
WEIGHT_BYTES = {"f32": 4, "f16": 2, "bf16": 2}


class OpenVinoBackend:
    """Compiles the components of one model, keeps those of the last shapes, and gives them to the cache.

    `execution_precision` overrides, for every component, what is chosen per device: f32 on a CPU, f16 on
    a GPU or NPU with the VAE in f32.
    """

    def __init__(
        self,
        model: ModelFolder,
        placement: Placement,
        *,
        cache: CompiledCache | None = None,
        execution_precision: str | None = None,
        core: ov.Core | None = None,
    ) -> None:
        self._model = model
        self._placement = placement
        self._cache = cache
        self._core = core or ov.Core()
        self._pool = ThreadPoolExecutor(COMPILERS, thread_name_prefix="compile")
        self._compiled: OrderedDict[CompileKey, Future[CompiledComponent]] = OrderedDict()
        self._precisions = {
            component: choose_precision(
                component, device, placement.precisions.get(component, execution_precision)
            )
            for component, device in placement.devices.items()
        }

    def __enter__(self) -> "OpenVinoBackend":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._compiled.clear()

    def load(self, shape: Shape, networks: Sequence[str]) -> "OpenVinoComponents":
        """Begin to compile what is not there yet and return at once; a component is awaited on first use.

        Raises InvalidRequest when that would need more memory than is free.
        """
        if self._key("unet", shape) not in self._compiled:
            check_memory(self._model, shape, networks, WEIGHT_BYTES[self._precisions["unet"]])
        present = [component for component in networks if component in self._model.components]
        futures = {component: self.begin(component, shape) for component in present}
        while len(self._compiled) > KEPT:
            self._compiled.popitem(last=False)
        return OpenVinoComponents(self, shape, futures)

    def begin(self, component: str, shape: Shape) -> Future[CompiledComponent]:
        """Start compiling one component, unless it is compiled or being compiled for these sizes."""
        key = self._key(component, shape)
        future = self._compiled.get(key)
        if future is None or (future.done() and future.exception() is not None):
            future = self._pool.submit(compile_component, self._core, self._model, key, self._cache)
            self._compiled[key] = future
        self._compiled.move_to_end(key)
        return future

    def _key(self, component: str, shape: Shape) -> CompileKey:
        return CompileKey(
            component=component,
            device=self._placement.devices[component],
            precision=self._precisions[component],
            shapes=tuple(component_shapes(self._model, component, shape).items()),
        )

    def keep(self) -> None:
        """Give what was newly compiled to the cache; called once the model's files are known to be sound."""
        if self._cache is None:
            return
        for future in self._compiled.values():
            if future.done() and future.exception() is None:
                future.result().save(self._cache)

    def kernels(self, component: str) -> Mapping[str, int]:
        """Return how many layers of the component run as each kernel; {} where it was not compiled."""
        for key, future in reversed(self._compiled.items()):
            if key.component == component:
                return count_kernels(future.result().model)
        return {}


class OpenVinoComponents:
    """The callables of one shape."""

    def __init__(
        self, backend: OpenVinoBackend, shape: Shape, futures: Mapping[str, Future[CompiledComponent]]
    ) -> None:
        self._backend = backend
        self.shape = shape
        self._futures = dict(futures)

    def _get(self, component: str) -> CompiledComponent:
        if component not in self._futures:
            self._futures[component] = self._backend.begin(component, self.shape)
        return self._futures[component].result()

    def wait(self, timings: Timings) -> None:
        """Wait until everything is compiled and note how long each took; raises what compiling raised."""
        for name in self._futures:
            part = self._get(name)
            timings.read[name] = part.read_seconds
            timings.compile[name] = part.compile_seconds
            timings.compiled_from_cache[name] = part.from_cache

    @property
    def placement(self) -> Mapping[str, ExecutedOn]:
        """What each loaded component really runs on."""
        return {name: self._get(name).executed for name in self._futures}

    def text_encoder(self, input_ids: IntArray) -> PromptEmbeds:
        """(B, 77) token ids to embeddings."""
        return PromptEmbeds(hidden=self._get("text_encoder")("last_hidden_state", input_ids=input_ids))

    def unet(self, sample: Array, timestep: float, conditioning: Conditioning) -> Array:
        """(B, C, h, w) to the prediction (B, C', h, w)."""
        inputs = {"sample": sample, "timestep": np.array([timestep], np.float32), **conditioning.extra}
        if conditioning.encoder_hidden_states is not None:
            inputs["encoder_hidden_states"] = conditioning.encoder_hidden_states
        return self._get("unet")("out_sample", **inputs)

    def vae_decoder(self, latents: Array) -> Array:
        """(B, 4, h, w) to pixels (B, 3, 8h, 8w)."""
        return self._get("vae_decoder")("sample", latent_sample=latents)

    def vae_encoder(self, pixels: Array) -> tuple[Array, Array]:
        """(B, 3, H, W) to mean and standard deviation; the IR returns mean and log variance."""
        moments = self._get("vae_encoder")("latent_parameters", sample=pixels)
        mean, log_variance = np.split(moments, 2, axis=1)
        return mean, np.exp(np.float32(0.5) * np.clip(log_variance, -30, 20))

    def depth_estimator(self, pixels: Array) -> Array:
        """(1, 3, S, S) to inverse depth (1, s, s)."""
        return self._get("depth_estimator")("predicted_depth", pixel_values=pixels)


def choose_precision(component: str, device: Device, asked: str | None) -> str:
    """Return what a component executes in; raises DeviceError for one that the device does not have."""
    if asked is not None:
        native = [precision for precision in device.precisions if precision in ("f32", "f16", "bf16")]
        if asked not in native:
            raise DeviceError(f"{device.name} has no native {asked}: choose one of {', '.join(native)}")
        return asked
    if device.id == "cpu" or component.startswith("vae") or "f16" not in device.precisions:
        return "f32"
    return "f16"


def list_openvino_devices() -> tuple[Device, ...]:
    """What OpenVINO finds on this machine."""
    return openvino_devices(ov.Core(), ov.get_version().split("-")[0])
