"""The PyTorch backend: the source weights on CPU, CUDA or MPS, behind the same callables."""

import os
import platform
import warnings
from collections.abc import Mapping, Sequence
from functools import cached_property
from types import TracebackType
from typing import Any

import numpy as np

from runtime.arrays import Array, IntArray
from runtime.backends.base import Conditioning, Device, ExecutedOn, PromptEmbeds, Shape
from runtime.errors import DeviceError, ModelFolderError, SetupError
from runtime.model_folder import ModelFolder
from runtime.placement import Placement
from runtime.timings import Timings

os.environ.setdefault("DIFFUSERS_VERBOSITY", "error")  # it warns of other packages while it is imported
try:
    import torch
    from diffusers import AutoencoderKL, UNet2DConditionModel, UNet2DModel
    from transformers import CLIPTextModel, DPTForDepthEstimation
    from transformers.utils import logging as transformers_logging
except ImportError as error:
    raise SetupError(
        f"PyTorch devices need a package that is not installed ({error.name}): "
        "run `pip install -r requirements/optimize.txt`"
    ) from error

DTYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}


class PyTorchBackend:
    """Loads the diffusers source of a model; f32 on a CPU, f16 on a GPU with the VAE in f32.

    Raises ModelFolderError when the model folder has no source beside it.
    """

    def __init__(
        self, model: ModelFolder, placement: Placement, *, execution_precision: str | None = None
    ) -> None:
        if model.source_path is None:
            raise ModelFolderError(
                f"{model.path} does not say where its source weights are, which PyTorch needs: "
                "give the diffusers folder as --model"
            )
        self._source = ModelFolder(model.source_path)
        self._placement = placement
        self._precision = execution_precision
        self._modules: dict[str, Any] = {}
        transformers_logging.set_verbosity_error()
        transformers_logging.disable_progress_bar()

    def __enter__(self) -> "PyTorchBackend":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._modules.clear()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def load(self, shape: Shape, networks: Sequence[str]) -> "PyTorchComponents":
        """Return the components; PyTorch takes any shape, so the weights are loaded once."""
        return PyTorchComponents(self, shape, [name for name in networks if name in self._source.components])

    def keep(self) -> None:
        """PyTorch compiles nothing that could be kept."""

    def kernels(self, component: str) -> Mapping[str, int]:
        """PyTorch does not name the kernels it will use."""
        return {}

    def device(self, component: str) -> Device:
        """Return where a component was placed."""
        return self._placement.devices[component]

    def dtype(self, component: str) -> torch.dtype:
        """Return what a component computes in."""
        if self._precision is not None:
            if self._precision not in self.device(component).precisions:
                raise DeviceError(
                    f"{self.device(component).name} has no native {self._precision}: "
                    f"choose one of {', '.join(self.device(component).precisions)}"
                )
            return DTYPES[self._precision]
        on_cpu = self.device(component).native == "cpu"
        return torch.float32 if on_cpu or component.startswith("vae") else torch.float16

    def module(self, component: str) -> Any:
        """Return the network of a component, loaded on first use."""
        is_conditional = "text_encoder" in self._source.components
        folder, kind = {
            "text_encoder": ("text_encoder", CLIPTextModel),
            "unet": ("unet", UNet2DConditionModel if is_conditional else UNet2DModel),
            "depth_estimator": ("depth_estimator", DPTForDepthEstimation),
        }.get(component, ("vae", AutoencoderKL))
        # Both halves of the VAE come from one folder but may be placed apart.
        if component not in self._modules:
            path = self._source.path / folder
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # libraries announce deprecations to their own developers
                    network = kind.from_pretrained(
                        path, torch_dtype=self.dtype(component), use_safetensors=True, local_files_only=True
                    )
            except (OSError, ValueError, RuntimeError) as error:
                raise ModelFolderError(f"{path} cannot be loaded ({error}): fetch the model again") from error
            self._modules[component] = network.to(self.device(component).native).eval()
        return self._modules[component]


class PyTorchComponents:
    """The callables over host arrays."""

    def __init__(self, backend: PyTorchBackend, shape: Shape, networks: Sequence[str]) -> None:
        self._backend = backend
        self.shape = shape
        self.warnings: tuple[str, ...] = ()
        self._networks = networks

    def wait(self, timings: Timings) -> None:
        """Load what was asked for and note how long it took."""
        for component in self._networks:
            with timings.measure(timings.read, component):
                self._backend.module(component)

    @cached_property
    def placement(self) -> Mapping[str, ExecutedOn]:
        """What each loaded component really runs on, read back from its weights."""
        executed = {}
        for component, module in self._backend._modules.items():
            weight = next(module.parameters())
            device = self._backend.device(component)
            precision = next(name for name, dtype in DTYPES.items() if dtype == weight.dtype)
            executed[component] = ExecutedOn(device=device.id, name=device.name, precision=precision)
        return executed

    def _tensor(self, component: str, array: Array | IntArray) -> torch.Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(array)).to(self._backend.device(component).native)
        return tensor.to(self._backend.dtype(component)) if tensor.is_floating_point() else tensor

    def text_encoder(self, input_ids: IntArray) -> PromptEmbeds:
        """(B, 77) token ids to embeddings."""
        with torch.inference_mode():
            out = self._backend.module("text_encoder")(self._tensor("text_encoder", input_ids))
        return PromptEmbeds(hidden=_array(out.last_hidden_state))

    def unet(self, sample: Array, timestep: float, conditioning: Conditioning) -> Array:
        """(B, C, h, w) to the prediction (B, C', h, w)."""
        inputs = {name: self._tensor("unet", value) for name, value in conditioning.extra.items()}
        if conditioning.encoder_hidden_states is not None:
            inputs["encoder_hidden_states"] = self._tensor("unet", conditioning.encoder_hidden_states)
        with torch.inference_mode():
            out = self._backend.module("unet")(self._tensor("unet", sample), timestep, **inputs)
        return _array(out.sample)

    def vae_decoder(self, latents: Array) -> Array:
        """(B, 4, h, w) to pixels (B, 3, 8h, 8w)."""
        with torch.inference_mode():
            return _array(
                self._backend.module("vae_decoder").decode(self._tensor("vae_decoder", latents)).sample
            )

    def vae_encoder(self, pixels: Array) -> tuple[Array, Array]:
        """(B, 3, H, W) to mean and standard deviation."""
        with torch.inference_mode():
            posterior = (
                self._backend.module("vae_encoder").encode(self._tensor("vae_encoder", pixels)).latent_dist
            )
        return _array(posterior.mean), _array(posterior.std)

    def depth_estimator(self, pixels: Array) -> Array:
        """(1, 3, S, S) to inverse depth (1, s, s)."""
        with torch.inference_mode():
            out = self._backend.module("depth_estimator")(self._tensor("depth_estimator", pixels))
        return _array(out.predicted_depth)


def list_pytorch_devices() -> tuple[Device, ...]:
    """What PyTorch finds on this machine."""
    version = f"PyTorch {torch.__version__}"
    devices = [
        _device("pytorch-cpu", "cpu", platform.processor() or "CPU", "CPU", version, ("f32", "bf16"), None)
    ]
    for number in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(number)
        devices.append(
            _device(
                "cuda" if number == 0 else f"cuda.{number}",
                f"cuda:{number}",
                properties.name,
                "CUDA GPU",
                f"CUDA {torch.version.cuda}",
                ("f32", "f16", "bf16"),
                int(properties.total_memory),
            )
        )
    if torch.backends.mps.is_available():
        devices.append(_device("mps", "mps", "Apple GPU", "MPS GPU", version, ("f32", "f16"), None))
    return tuple(devices)


def _device(
    id_: str, native: str, name: str, kind: str, driver: str, precisions: tuple[str, ...], memory: int | None
) -> Device:
    return Device(
        id=id_,
        backend="pytorch",
        native=native,
        name=name,
        kind=kind,
        driver=driver,
        precisions=precisions,
        memory_bytes=memory,
    )


def _array(tensor: torch.Tensor) -> Array:
    return np.ascontiguousarray(tensor.float().cpu().numpy())
