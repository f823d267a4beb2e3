"""The OpenVINO backend: CPU, integrated and discrete GPU, NPU, each component on a device of its own."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property, partial
from types import TracebackType
from typing import Any

import openvino as ov

from runtime.backends import openvino_guidance as guidance
from runtime.backends.base import Shape
from runtime.backends.compiled_cache import CompiledCache
from runtime.backends.openvino_adapters import Plans
from runtime.backends.openvino_compile import (
    CompileKey,
    compile_component,
    component_shapes,
    fix_tokens,
    read_ir,
)
from runtime.backends.openvino_component import CompiledComponent, first_line
from runtime.backends.openvino_components import OpenVinoComponents
from runtime.backends.openvino_devices import list_openvino_devices
from runtime.backends.openvino_guard import Assignment, assign, next_best
from runtime.backends.openvino_reuse import KEEPS, OUTER
from runtime.backends.openvino_shelf import Shelf
from runtime.backends.openvino_slots import (
    SHALLOW,
    component_of,
    copy_of,
    placed_as,
    slots_of,
    told_part,
)
from runtime.backends.openvino_trust import FILE_NAME, SIZE, Trust
from runtime.control_shapes import SLOTS
from runtime.controlnet_folder import ControlNetFolder
from runtime.errors import DeviceError, InvalidRequest
from runtime.memory import check_comparison, check_memory
from runtime.model_folder import ModelFolder
from runtime.placement import UNCONDITIONAL, Placement, find_device
from runtime.safety import CHECKER

COMPILERS = 3  # components compiled side by side
SMALL_BYTES = 128 * 2**20  # of weights, which may be held for every way to run a UNet
WEIGHT_BYTES = {"f32": 4, "f16": 2, "bf16": 2}


class OpenVinoBackend:
    """Compiles the components of one model, keeps those of the last shapes, and gives them to the cache.

    Precisions come from the placement, then from `execution_precision`, then by the rule: f32 on a CPU, f16
    on a GPU or NPU, with the VAE in f32 where the device has that. A component that fails on its device is
    moved, for as long as the backend lives; `repairs` tells of it.
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
        self.repairs: tuple[str, ...] = ()
        self.pooled = 0  # pooled embeddings of a second text encoder
        self.stored_precision = model.precision
        self.predicts_noise = model.prediction_type == "epsilon"
        self.trust = Trust(cache.folder.parent / FILE_NAME if cache is not None else None)
        self._model = model
        self._placement = placement
        self._cache = cache
        self._core = core or ov.Core()
        self._pool = ThreadPoolExecutor(COMPILERS, thread_name_prefix="compile")
        self._contents: dict[str, str] = {}  # component -> what tells its content from another's
        self._compiled = Shelf()
        self._plans = Plans(partial(read_ir, self._core, model))
        self._compared: set[tuple[str, Shape]] = set()  # slots that the reference was compiled for
        if "text_encoder_2" in model.components:
            self.pooled = int(model.config("text_encoder_2")["projection_dim"])
        self._assigned = assign(model, placement, execution_precision)
        self._nets: dict[str, ControlNetFolder] = {}  # of the last shape, by slot

    def __enter__(self) -> "OpenVinoBackend":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._compiled.clear()

    def load(self, shape: Shape, networks: Sequence[str]) -> OpenVinoComponents:
        """Begin to compile what is not there yet and return at once; a component is awaited on first use.

        Raises InvalidRequest when that would need more memory than is free.
        """
        self._release_references()
        self._nets = dict(zip(SLOTS, shape.controls, strict=False))
        slots = slots_of(self._model, shape, networks, apart=UNCONDITIONAL in self._assigned)
        self._forget_others(shape)
        unet = self._assigned["unet"]
        if self._key("unet", shape, unet) not in self._compiled:
            shape = self._fitting(shape, slots)
        on_cpu = {slot for slot in slots if self.assignment(slot).device.native == "CPU"}
        # It would only take the CPU from the first step.
        put_off = [slot for slot in ("vae_decoder", CHECKER) if slot in on_cpu]
        later = put_off if on_cpu >= {"unet", "vae_decoder"} else []
        at_once = [slot for slot in slots if slot not in later]
        components = OpenVinoComponents(self, shape, at_once, later)
        self._compiled.trim()
        return components

    def _fitting(self, shape: Shape, slots: Sequence[str]) -> Shape:
        """Return a shape whose UNet fits in memory: the others go for it, but one that takes it as well.

        Raises InvalidRequest when memory does not even hold it alone.
        """
        unet = self._assigned["unet"]
        components = [component_of(slot) for slot in slots if slot != SHALLOW]
        sequential = self._placement.guidance == "sequential" and UNCONDITIONAL not in slots
        half = guidance.half_of(shape) if shape.guided and (sequential or shape.halves) else shape
        try:
            check_memory(self._model, half, components, WEIGHT_BYTES[unet.precision])
        except InvalidRequest:
            flexible = replace(shape, chunks=max(2, shape.chunks))
            if unet.device.kind != "npu" and self._key("unet", flexible, unet) in self._compiled:
                return flexible
            if not self._compiled.forget(lambda key: key.component == "unet"):
                raise
            check_memory(self._model, half, components, WEIGHT_BYTES[unet.precision])
        return shape

    def keep(self) -> None:
        """Give what was newly compiled to the cache; called after a batch, the model's files being sound."""
        self._release_references()
        if self._cache is not None:
            self._compiled.save(self._cache)

    def kernels(self, component: str) -> Mapping[str, int]:
        """Return how many layers of the component run as each kernel; {} where it was not compiled."""
        return self._compiled.kernels(component)

    # What its components ask. A slot is a component, or the unconditional half of the UNet.

    def runs_in_halves(self, shape: Shape) -> bool:
        """Whether the UNet takes one half of guidance at a time."""
        return guidance.runs_in_halves(self._placement, shape)

    def streams(self, shape: Shape) -> int:
        """How many requests of the UNet run at once."""
        return guidance.streams(self._placement, shape)

    def begin(self, slot: str, shape: Shape, assigned: Assignment) -> Future[CompiledComponent]:
        """Start compiling for these sizes, unless it is compiled or being compiled."""
        key = self._key(slot, shape, assigned)
        future = self._compiled.get(key)
        if future is None or (future.done() and future.exception() is not None):
            future = self._pool.submit(
                compile_component, self._core, self._folder(slot, shape), key, self._cache
            )
            self._compiled[key] = future
        self._compiled.move_to_end(key)
        return future

    def layers(self, component: str) -> Mapping[str, tuple[int, ...]]:
        """Return the weights' shape of each layer that a LoRA may change, by its path in diffusers."""
        return self._plans.layers(component)

    def settle(
        self, slot: str, shape: Shape, begin: Callable[[], Future[CompiledComponent]]
    ) -> CompiledComponent:
        """Return a component once a device took it; raises DeviceError when the CPU does not either."""
        while True:
            try:
                return self._plans.hold(begin().result(), component_of(slot), shape.adapters)
            except DeviceError as error:
                if self.assignment(slot).is_reference:
                    raise
                cause = error.__cause__
                reason = first_line(cause) if isinstance(cause, Exception) else str(error)
                self.repair(slot, f"cannot be loaded ({reason})")

    def compile_reference(self, slot: str, shape: Shape) -> CompiledComponent:
        """Compile a component for the CPU in f32; raises InvalidRequest when memory does not hold it."""
        if self._key(slot, shape, self.reference) not in self._compiled:
            halved = slot == UNCONDITIONAL or (placed_as(slot) == "unet" and self.runs_in_halves(shape))
            where = self.assignment(slot).device.id
            sized = guidance.half_of(shape) if halved else shape
            check_comparison(self._folder(slot, shape), self._model, sized, component_of(slot), where)
        self._compared.add((slot, shape))
        compiled = self.begin(slot, shape, self.reference).result()
        return self._plans.hold(compiled, component_of(slot), shape.adapters)

    def release_reference(self, slot: str, shape: Shape) -> None:
        """Free that again, unless the component runs there."""
        if (slot, shape) in self._compared:
            self._compared.discard((slot, shape))
            if self.assignment(slot) != self.reference:
                self._compiled.pop(self._key(slot, shape, self.reference), None)

    def _release_references(self) -> None:
        for slot, shape in tuple(self._compared):
            self.release_reference(slot, shape)

    def assignment(self, slot: str) -> Assignment:
        """Where it runs now."""
        return self._assigned[placed_as(slot)]

    def repair(self, slot: str, fault: str) -> None:
        """Move a component to the next best place, forget what was compiled for the old one, and say so."""
        for part in ("", KEEPS, OUTER):
            self.trust.remove({**self._place(slot), **told_part(part)})
        slot = placed_as(slot)
        now = self._assigned[slot]
        better = next_best(now, self.reference.device)
        self.repairs += (f"the {slot} on {now} {fault}: it runs on {better} instead",)
        self._assigned[slot] = better
        was = (component_of(slot), copy_of(slot), now.device, now.precision)
        self._compiled.forget(lambda key: key.made_for(*was))

    def trust_key(self, slot: str, shape: Shape) -> Mapping[str, Any]:
        """Return what decides whether a component is right where it runs."""
        key = self._key(slot, shape, self.assignment(slot))
        return {
            **self._place(slot),
            **told_part(key.part),
            **({"adapters": key.adapters.key} if key.adapters is not None else {}),
            SIZE: [[list(size) for _, size in key.shapes], key.streams],
        }

    def _folder(self, slot: str, shape: Shape) -> ModelFolder | ControlNetFolder:
        return shape.controls[SLOTS.index(slot)] if slot in SLOTS else self._model

    def _place(self, slot: str) -> Mapping[str, Any]:
        now, component = self.assignment(slot), component_of(slot)
        folder = self._nets.get(slot, self._model)
        place = str(folder.path) if slot in SLOTS else component
        if place not in self._contents:
            is_kept = self._cache is not None
            self._contents[place] = folder.content_key(component) if is_kept else place
        return {
            "content": self._contents[place],
            "device": now.device.name,
            "native": now.device.native,
            "driver": now.device.driver,
            "precision": now.precision,
            "openvino": ov.get_version(),
        }

    @cached_property
    def reference(self) -> Assignment:
        """The CPU in f32, which every other place is compared with."""
        devices = [assigned.device for assigned in self._assigned.values()]
        cpu = next((device for device in devices if device.native == "CPU"), None)
        if cpu is None:
            cpu = find_device("cpu", list_openvino_devices(self._core))
        return Assignment(device=cpu, precision="f32")

    def _forget_others(self, shape: Shape) -> None:
        """Free the UNets and ControlNets of a large model that pictures of this shape do not take.

        The weights of a large one are held once: whoever changes the speed or the ControlNets compiles anew.
        """
        if self._model.ir("unet").with_suffix(".bin").stat().st_size > SMALL_BYTES:
            self._compiled.forget(lambda key: not key.serves(shape))

    def _key(self, slot: str, shape: Shape, assigned: Assignment) -> CompileKey:
        component = component_of(slot)
        is_unet = component == "unet" or slot in SLOTS
        other = self._assigned.get("unet" if slot == UNCONDITIONAL else UNCONDITIONAL)
        halved = is_unet and self.runs_in_halves(shape)
        sizes = component_shapes(self._model, component, guidance.half_of(shape) if halved else shape)
        if assigned.device.kind == "npu":  # which takes no flexible shapes
            sizes = fix_tokens(sizes, self._model, shape.chunks)
        return CompileKey(
            component=component,
            device=assigned.device,
            precision=assigned.precision,
            shapes=tuple(sizes.items()),
            streams=self.streams(shape) if is_unet else 1,
            shares_cpu=halved
            and other is not None
            and other.device.native == assigned.device.native == "CPU",
            clip_skip=shape.clip_skip if component in self._model.text_encoders else 1,
            adapters=self._plans.plan(component, shape.adapters),
            copy=copy_of(slot),
            part=(OUTER if slot == SHALLOW else KEEPS) if component == "unet" and shape.reuses else "",
            folder=str(self._folder(slot, shape).path) if slot in SLOTS else "",
        )
