"""The PyTorch backend: the source weights on CPU, CUDA or MPS, behind the same callables."""

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from runtime.adapters.changes import NOTHING
from runtime.arrays import Array, IntArray
from runtime.backends.base import Conditioning, Device, ExecutedOn, PromptEmbeds, Shape
from runtime.control_shapes import SLOTS
from runtime.errors import DeviceError, InvalidRequest, ModelFolderError, SetupError
from runtime.memory import check_memory
from runtime.model_folder import ModelFolder
from runtime.placement import Placement
from runtime.safety import CHECKER
from runtime.timings import Timings

os.environ.setdefault("DIFFUSERS_VERBOSITY", "error")  # it warns of other packages while it is imported
try:
    import diffusers  # noqa: F401  (what is imported of it below is then known to be there)
    import torch
    from transformers.utils import logging as transformers_logging
except OSError as error:
    raise SetupError(
        f"PyTorch is installed and cannot be loaded ({error}): "
        "run `pip install --force-reinstall -r requirements/optimize.txt`"
    ) from error
except ImportError as error:
    raise SetupError(
        f"PyTorch devices need a package that is not installed ({error.name}): "
        "run `pip install -r requirements/optimize.txt`"
    ) from error

# These import torch, which the lines above answer for.
from runtime.backends import pytorch_forwards as forwards
from runtime.backends.pytorch_adapters import Hooked, layers_of
from runtime.backends.pytorch_devices import list_pytorch_devices as list_pytorch_devices
from runtime.backends.pytorch_memory import MemoryKeeper
from runtime.backends.pytorch_sources import control_sources, load_weights, place_of
from runtime.backends.pytorch_tuning import arrange, check_adapters, check_tuning, tune, zero_call

DTYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}


class PyTorchBackend:
    """Loads the diffusers source of a model; f32 on a CPU, f16 on a GPU with the VAE in f32.

    `tuning` names what is done for speed, of TUNINGS. Raises ModelFolderError when the model folder has no
    source beside it, InvalidRequest or SetupError for a tuning that cannot work here.
    """

    def __init__(
        self,
        model: ModelFolder,
        placement: Placement,
        *,
        execution_precision: str | None = None,
        tuning: Sequence[str] = (),
    ) -> None:
        check_tuning(
            tuning, placement.devices["unet"].native, [device.native for device in placement.devices.values()]
        )
        if model.source_path is None:
            raise ModelFolderError(
                f"{model.path} does not say where its source weights are, which PyTorch needs: "
                "give the diffusers folder as --model"
            )
        self.source = ModelFolder(model.source_path)
        self._placement = placement
        self._precision = execution_precision
        self.tuning = tuple(tuning)
        self.modules: dict[str, Any] = {}
        self.hooks = defaultdict[str, Hooked](Hooked)
        self.compiled_shapes: set[Shape] = set()
        self._nets: tuple[Path, ...] = ()  # the diffusers folders of the ControlNets of the last shape
        self._checked: set[Shape] = set()  # whether memory holds them
        self.memory = MemoryKeeper(self.modules, self.device)
        transformers_logging.set_verbosity_error()
        transformers_logging.disable_progress_bar()

    def __enter__(self) -> "PyTorchBackend":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.modules.clear()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def load(self, shape: Shape, networks: Sequence[str]) -> "PyTorchComponents":
        """Return the components; PyTorch takes any shape, so the weights are loaded once.

        Raises InvalidRequest when the CPU would need more memory than is free. A GPU is not asked: it is
        given less to hold when it comes to that.
        """
        if shape.reuses:
            raise InvalidRequest(
                "feature reuse is for OpenVINO devices, and this model runs on PyTorch: use --speed exact, "
                "or --reuse 1 beside the speed asked for"
            )
        plain = replace(shape, adapters=NOTHING)  # whose matrices are not to be kept here
        if self.device("unet").native == "cpu" and plain not in self._checked:
            on_cpu = [name for name in networks if self.device(name).native == "cpu"]
            missing = [name for name in on_cpu if name not in self.modules]
            check_memory(self.source, shape, missing, self.dtype("unet").itemsize)
            self._checked.add(plain)
        check_adapters(self.tuning, shape.adapters)
        self._take_nets(shape)
        slots = [name for name in networks if name in self.source.components]
        return PyTorchComponents(self, shape, [*slots, *SLOTS[: len(self._nets)]])

    def keep(self) -> None:
        """PyTorch compiles nothing that could be kept."""

    def kernels(self, component: str) -> Mapping[str, int]:
        """PyTorch does not name the kernels it will use."""
        return {}

    def layers(self, component: str) -> Mapping[str, tuple[int, ...]]:
        """Return the weights' shape of each layer that a LoRA may change."""
        return layers_of(self.memory.run(component, partial(self.module, component)))

    def device(self, component: str) -> Device:
        """Return where a component was placed; ControlNets are where the UNet is."""
        placed = {**dict.fromkeys(SLOTS, "unet"), CHECKER: "text_encoder"}
        return self._placement.devices[placed.get(component, component)]

    def dtype(self, component: str) -> torch.dtype:
        """Return what a component computes in."""
        general = self.source.precision_for(component, self._precision)
        precision = self._placement.precisions.get(component, general)
        if precision is not None:
            if precision not in self.device(component).precisions:
                raise DeviceError(
                    f"{self.device(component).name} has no native {precision}: "
                    f"choose one of {', '.join(self.device(component).precisions)}"
                )
            return DTYPES[precision]
        on_cpu = self.device(component).native == "cpu"
        return torch.float32 if on_cpu or component.startswith("vae") else torch.float16

    def module(self, component: str) -> Any:
        """Return the network of a component, loaded on first use."""
        if component not in self.modules:
            path, kind = place_of(self.source, self._nets, component)
            network = load_weights(path, kind, self.dtype(component))
            network = network.to(self.device(component).native).eval()
            self.modules[component] = tune(component, network, self.dtype(component), self.tuning)
        return self.modules[component]

    def _take_nets(self, shape: Shape) -> None:
        """Let go of ControlNets that others come in place of."""
        wanted = control_sources(shape.controls)
        if wanted != self._nets:
            for slot in SLOTS:
                self.modules.pop(slot, None)
                self.memory.forget(slot)
        self._nets = wanted


class PyTorchComponents:
    """The callables over host arrays."""

    def __init__(self, backend: PyTorchBackend, shape: Shape, networks: Sequence[str]) -> None:
        self._backend = backend
        self.shape = shape
        self._networks = networks

    def wait(self, timings: Timings) -> None:
        """Load what was asked for, compile what is to be, and note how long it took."""
        for component in self._networks:
            if (
                component not in self._backend.modules
            ):  # one that is there may have left the GPU: it stays off
                with timings.measure(timings.read, component):
                    self._backend.memory.run(component, partial(self._backend.module, component))
        compiles = "compile" in self._backend.tuning and "unet" in self._networks
        if compiles and self.shape not in self._backend.compiled_shapes:
            with timings.measure(timings.compile, "unet"):
                self._compile()
            self._backend.compiled_shapes.add(self.shape)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was done for lack of memory."""
        return tuple(self._backend.memory.warnings)

    @cached_property
    def placement(self) -> Mapping[str, ExecutedOn]:
        """What each loaded component really runs on, read back from its weights."""
        executed = {}
        for component, module in self._backend.modules.items():
            weight = next(module.parameters())
            device = self._backend.device(component)
            precision = next(name for name, dtype in DTYPES.items() if dtype == weight.dtype)
            executed[component] = ExecutedOn(device=device.id, name=device.name, precision=precision)
        return executed

    def text_encoder(self, input_ids: IntArray) -> PromptEmbeds:
        """(B, 77) token ids to embeddings."""
        reads_layers = len(self._backend.source.text_encoders) > 1
        forward = forwards.last_but_one_layer if reads_layers else forwards.layer(self.shape.clip_skip)
        return PromptEmbeds(hidden=self._run("text_encoder", forward, {"input_ids": input_ids})[0])

    def text_encoder_2(self, input_ids: IntArray) -> PromptEmbeds:
        """The same by the second encoder, with the pooled embeddings."""
        hidden, pooled = self._run("text_encoder_2", forwards.layer_and_pooled, {"input_ids": input_ids})
        return PromptEmbeds(hidden=hidden, pooled=pooled)

    def unet(self, sample: Array, timestep: float, conditioning: Conditioning) -> Array:
        """(B, C, h, w) to the prediction (B, C', h, w)."""
        inputs: dict[str, Array | IntArray] = {"sample": sample, **conditioning.extra}
        if conditioning.encoder_hidden_states is not None:
            inputs["encoder_hidden_states"] = conditioning.encoder_hidden_states
        return self._run("unet", forwards.prediction(timestep), inputs)[0]

    def controlnet(
        self, number: int, sample: Array, timestep: float, conditioning: Conditioning, picture: Array
    ) -> Array:
        """(B, C, h, w), and a picture (1, 3, H, W) in 0 to 1, to residuals (B, N)."""
        assert conditioning.encoder_hidden_states is not None  # no model without a prompt takes ControlNets
        inputs = {
            "sample": sample,
            "encoder_hidden_states": conditioning.encoder_hidden_states,
            "controlnet_cond": np.repeat(picture, len(sample), axis=0),
        }
        return self._run(SLOTS[number], forwards.residuals(timestep), inputs)[0]

    def vae_decoder(self, latents: Array) -> Array:
        """(B, 4, h, w) to pixels (B, 3, 8h, 8w)."""
        return self._run("vae_decoder", forwards.decoded, {"latents": latents})[0]

    def vae_encoder(self, pixels: Array) -> tuple[Array, Array]:
        """(B, 3, H, W) to mean and standard deviation."""
        mean, deviation = self._run("vae_encoder", forwards.posterior, {"pixels": pixels})
        return mean, deviation

    def depth_estimator(self, pixels: Array) -> Array:
        """(1, 3, S, S) to inverse depth (1, s, s)."""
        return self._run("depth_estimator", forwards.depth, {"pixels": pixels})[0]

    def safety_checker(self, pixels: Array) -> Array:
        """(1, 3, S, S) to scores (1, 20)."""
        return self._run(CHECKER, forwards.scores, {"pixels": pixels})[0]

    def _run(
        self, component: str, forward: forwards.Forward, inputs: Mapping[str, Array | IntArray]
    ) -> tuple[Array, ...]:
        """Run a component on arrays whose first axis is the batch, in one go or row by row."""
        rows = len(next(iter(inputs.values())))

        def attempt(part: slice) -> tuple[Array, ...]:
            tensors = {name: self._tensor(component, array[part]) for name, array in inputs.items()}
            network = self._backend.module(component)
            given = self._backend.hooks[component].put(network, component, self.shape.adapters, tensors)
            return tuple(map(forwards.array_of, forward(network, given)))

        def attempts() -> tuple[Array, ...]:
            with torch.inference_mode():
                if not self._backend.memory.runs_by_rows(component):
                    return attempt(slice(None))
                parts = [attempt(slice(row, row + 1)) for row in range(rows)]
                return tuple(map(np.concatenate, zip(*parts, strict=True)))

        return self._backend.memory.run(component, attempts, rows)

    def _tensor(self, component: str, array: Array | IntArray) -> torch.Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(array)).to(self._backend.device(component).native)
        if not tensor.is_floating_point():
            return tensor
        return arrange(component, tensor.to(self._backend.dtype(component)), self._backend.tuning)

    def _compile(self) -> None:
        """Run the UNet once on zeros, since torch.compile waits for that; not one with inputs of its own."""
        config = self._backend.module("unet").config
        if any(config.get(name) for name in ("class_embed_type", "num_class_embeds")):
            return
        try:
            self.unet(*zero_call(config, self.shape, self._backend.source.vae_scale_factor))
        except torch._dynamo.exc.TorchDynamoException as error:
            reason = str(error).strip().partition("\n")[0]
            raise SetupError(
                f"torch.compile cannot compile the UNet here ({reason}): leave it out"
            ) from error
