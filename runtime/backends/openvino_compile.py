"""One component from IR to a compiled model: static shapes, a chosen precision, the cache."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import openvino as ov

from runtime.backends.base import Device, ExecutedOn, Shape
from runtime.backends.compiled_cache import CompiledCache
from runtime.backends.openvino_adapters import AdapterPlan, add_adapters
from runtime.backends.openvino_component import CompiledComponent, first_line
from runtime.backends.openvino_control import give_residuals, take_residuals
from runtime.backends.openvino_graph import (
    FLEXIBLE,
    Shapes,
    float_timestep,
    make_static,
    read_prompt,
    skip_layers,
)
from runtime.backends.openvino_reuse import KEEPS, OUTER, PARTS
from runtime.backends.openvino_slots import CONTROLNET
from runtime.conditions import condition_counts
from runtime.control_shapes import RESIDUALS, residual_count
from runtime.controlnet_folder import ControlNetFolder
from runtime.depth import estimator_size
from runtime.errors import DeviceError, ModelFolderError
from runtime.model_folder import ModelFolder
from runtime.safety import CHECKER

# A blob of a large network on the CPU takes longer to write and check, and more memory, than the compile it
# saves: the decoder of SD 1.5 (99 MB) compiles in 0.7 s and is restored in 1.2.
CPU_CACHE_LIMIT_BYTES = 64 * 2**20
PRECISION_NAMES = {
    "float32": "f32",
    "float16": "f16",
    "bfloat16": "bf16",
    "f32": "f32",
    "f16": "f16",
    "bf16": "bf16",
}


@dataclass(frozen=True, kw_only=True)
class CompileKey:
    """Everything that decides what a compiled component computes, and how."""

    component: str
    device: Device
    precision: str
    shapes: tuple[tuple[str, tuple[int, ...]], ...]
    streams: int = 1  # requests that run at once, each on its share of the cores
    shares_cpu: bool = False  # another compiled model runs beside it: half the cores, wherever they are free
    clip_skip: int = 1  # of a text encoder: the layer it gives, from the last
    adapters: AdapterPlan | None = None  # branches for LoRAs and embeddings that are built in
    copy: str = ""  # tells two compiled models of the same network apart
    part: str = ""  # of PARTS: what of a UNet that reuses deep features; "" is all of it, as it is on disk
    folder: str = ""  # of a ControlNet, which is not in the model's

    def made_for(self, component: str, copy: str, device: Device, precision: str) -> bool:
        """Whether it was compiled for this place, at whatever size."""
        wanted = (component, copy, device, precision)
        return (self.component, self.copy, self.device, self.precision) == wanted

    def serves(self, shape: Shape) -> bool:
        """Whether pictures of a shape take it, at whatever size."""
        if self.component == CONTROLNET:
            return self.folder in [str(net.path) for net in shape.controls]
        if self.component != "unet":
            return True
        wanted = {KEEPS, OUTER} if shape.reuses else {""}
        if (self.adapters is not None) != ("unet" in shape.adapters.changes):
            return False
        return self.part in wanted and (RESIDUALS in dict(self.shapes)) == bool(shape.controls)

    @property
    def config(self) -> dict[str, Any]:
        """OpenVINO's settings for it."""
        config: dict[str, Any] = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": self.precision,
        }
        if self.streams > 1:
            config["NUM_STREAMS"] = str(self.streams)
        if self.shares_cpu:
            config |= {
                "INFERENCE_NUM_THREADS": max(1, (os.cpu_count() or 1) // 2),
                "ENABLE_CPU_PINNING": False,
            }
        return config


def compile_component(
    core: ov.Core, model: ModelFolder | ControlNetFolder, key: CompileKey, cache: CompiledCache | None
) -> CompiledComponent:
    """Compile a component, or restore it from the cache.

    Raises ModelFolderError for an IR that OpenVINO cannot read, DeviceError for one that the device refuses.
    """
    config, native = key.config, key.device.native
    stored = _cache_key(model, key) if cache is not None and _worth_caching(model, key) else None
    started = time.perf_counter()
    if cache is not None and stored is not None:
        restored = cache.load(stored, lambda blob: core.import_model(_tensor(blob), native, config))
        if restored is not None:
            seconds = time.perf_counter() - started
            return _component(restored, key, from_cache=True, read=0.0, compiled_in=seconds, unsaved=None)
    network = read_static(core, model, key.component, dict(key.shapes), key.part, key.clip_skip, key.adapters)
    read = time.perf_counter()
    try:
        compiled = core.compile_model(network, native, config)
    except RuntimeError as error:
        raise DeviceError(
            f"{key.device.name} cannot compile the {key.component} ({first_line(error)}): "
            "try --device cpu, or a smaller picture"
        ) from error
    return _component(
        compiled,
        key,
        from_cache=False,
        read=read - started,
        compiled_in=time.perf_counter() - read,
        unsaved=stored,
    )


def read_static(
    core: ov.Core,
    model: ModelFolder | ControlNetFolder,
    component: str,
    shapes: Shapes,
    part: str = "",
    clip_skip: int = 1,
    adapters: AdapterPlan | None = None,
) -> ov.Model:
    """Read an IR, give it static shapes and a float timestep; the file on disk stays as it is.

    A UNet whose shapes name the residuals of ControlNets takes them then. With `clip_skip` 2 a text encoder
    gives its last layer but one, as if that were the last.
    Raises InvalidRequest when a `part` is wanted of a graph that it cannot be found in.
    """
    with _damage_named(model, component):
        network = core.read_model(model.ir(component))
        float_timestep(network)
        make_static(network, shapes)
        if component in model.text_encoders and len(model.text_encoders) > 1:
            assert isinstance(model, ModelFolder)  # since it has text encoders
            read_prompt(network, prompt_layer(model, component))
        if clip_skip > 1:
            skip_layers(network, clip_skip - 1)
        if component == CONTROLNET:
            give_residuals(network)
        elif RESIDUALS in shapes:
            rows, _, height, width = shapes["sample"]
            take_residuals(network, model.config(component), rows, height, width)
        if part:
            network = PARTS[part](network, f"the UNet of {model.name}")
        if adapters is not None:
            add_adapters(network, adapters)
    return network


def read_ir(core: ov.Core, model: ModelFolder, component: str) -> ov.Model:
    """Read an IR as it is; raises ModelFolderError for a damaged one."""
    with _damage_named(model, component):
        return core.read_model(model.ir(component))


@contextmanager
def _damage_named(model: ModelFolder | ControlNetFolder, component: str) -> Iterator[None]:
    path = model.ir(component)
    try:
        yield
    except RuntimeError as error:
        model.verify(component)  # names the damaged file when the content differs from the manifest
        raise ModelFolderError(
            f"{path} is damaged or not this model's {component} ({first_line(error)}): "
            "optimize the model again"
        ) from error


def component_shapes(model: ModelFolder, component: str, shape: Shape) -> Shapes:
    """Return the shape of each input of a component; guidance runs both halves in one batch.

    All sizes are fixed but one: the UNet takes prompts of several chunks in any number of tokens. Pictures
    and depth are encoded one at a time.
    """
    factor = model.vae_scale_factor
    height, width = shape.height // factor, shape.width // factor
    if component in model.text_encoders:
        return {"input_ids": (2 if shape.guided else 1, _tokens(model))}
    rows = shape.batch * (2 if shape.guided else 1)
    if component == CONTROLNET:
        unet = component_shapes(model, "unet", shape)
        return {
            "sample": (rows, model.latent_channels, height, width),
            "timestep": (1,),
            "encoder_hidden_states": unet["encoder_hidden_states"],
            "controlnet_cond": (1, 3, shape.height, shape.width),
        }
    if component == "unet":
        config = model.config("unet")
        shapes: Shapes = {"sample": (rows, model.unet_in_channels, height, width), "timestep": (1,)}
        if "text_encoder" in model.components:
            tokens = _tokens(model) if shape.chunks == 1 else FLEXIBLE
            shapes["encoder_hidden_states"] = (rows, tokens, int(config["cross_attention_dim"]))
        if config.get("num_class_embeds") is not None:
            shapes["class_labels"] = (rows,)
        if shape.controls:
            shapes[RESIDUALS] = (rows, residual_count(config, height, width))
        return shapes | {name: (rows, count) for name, count in condition_counts(config).items()}
    if component == "vae_decoder":
        return {"latent_sample": (shape.batch, model.latent_channels, height, width)}
    if component == CHECKER:
        side = int(model.config(CHECKER)["vision_config"]["image_size"])
        return {"pixel_values": (1, 3, side, side)}
    if component == "depth_estimator":
        return {"pixel_values": (1, 3, *estimator_size(model.feature_extractor_config))}
    return {"sample": (1, 3, shape.height, shape.width)}


def fix_tokens(shapes: Shapes, model: ModelFolder, chunks: int) -> Shapes:
    """Return the shapes with the number of tokens that a prompt has, for a device that needs it."""
    return {
        name: tuple(_tokens(model) * chunks if side == FLEXIBLE else side for side in sides)
        for name, sides in shapes.items()
    }


def prompt_layer(model: ModelFolder, encoder: str) -> int:
    """Return the layer of a text encoder that SDXL reads, the last but one; layer 0 are the embeddings."""
    return int(model.config(encoder)["num_hidden_layers"]) - 1


def _tokens(model: ModelFolder) -> int:
    return int(model.config("text_encoder").get("max_position_embeddings", 77))


def _component(
    compiled: ov.CompiledModel,
    key: CompileKey,
    *,
    from_cache: bool,
    read: float,
    compiled_in: float,
    unsaved: dict[str, Any] | None,
) -> CompiledComponent:
    hint = str(compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name())
    executed = ExecutedOn(
        device=key.device.id, name=key.device.name, precision=PRECISION_NAMES.get(hint, hint)
    )
    return CompiledComponent(
        model=compiled,
        executed=executed,
        from_cache=from_cache,
        read_seconds=read,
        compile_seconds=compiled_in,
        component=key.component,
        unsaved_key=unsaved,
    )


def _tensor(blob: bytes) -> ov.Tensor:
    """A view of the blob: a Python stream would be read under the interpreter's lock."""
    return ov.Tensor(np.frombuffer(blob, np.uint8))


def _worth_caching(model: ModelFolder | ControlNetFolder, key: CompileKey) -> bool:
    weights = model.ir(key.component).with_suffix(".bin")
    return key.device.id != "cpu" or weights.stat().st_size <= CPU_CACHE_LIMIT_BYTES


def _cache_key(model: ModelFolder | ControlNetFolder, key: CompileKey) -> dict[str, Any]:
    return (
        ({"part": key.part} if key.part else {})
        | {
            "content": model.content_key(key.component),
            "openvino": ov.get_version(),
            "device": key.device.native,
            "device_name": key.device.name,
            "driver": key.device.driver,
            "isa": os.environ.get("ONEDNN_MAX_CPU_ISA", ""),
            "threads": os.cpu_count(),
            "precision": key.precision,
            "mode": "latency",
            "streams": key.streams,
            "shares_cpu": key.shares_cpu,
            "shapes": [[name, list(shape)] for name, shape in key.shapes],
        }
        | ({"clip_skip": key.clip_skip} if key.clip_skip > 1 else {})
        | ({"adapters": key.adapters.key} if key.adapters is not None else {})
    )
