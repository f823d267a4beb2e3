"""The callables of one shape on OpenVINO: names of inputs and outputs, halves of guidance, the guard."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from runtime.arrays import AnyArray, Array, IntArray
from runtime.backends.base import Conditioning, ExecutedOn, PromptEmbeds, Shape
from runtime.backends.openvino_adapters import ROWS, split_ids
from runtime.backends.openvino_component import CompiledComponent, DeepFeature
from runtime.backends.openvino_guard import Assignment, Call, Guard
from runtime.backends.openvino_guidance import split
from runtime.backends.openvino_slots import SHALLOW, placed_as
from runtime.control_shapes import RESIDUALS, SLOTS
from runtime.placement import UNCONDITIONAL
from runtime.timings import Timings

if TYPE_CHECKING:
    from runtime.backends.openvino import OpenVinoBackend


class PlacedComponents:
    """The compiled networks of one shape, each where it was placed or moved to: what the guard guards."""

    def __init__(
        self, backend: "OpenVinoBackend", shape: Shape, slots: Sequence[str], later: Sequence[str]
    ) -> None:
        self.trust = backend.trust
        self.stored_precision = backend.stored_precision
        self.predicts_noise = backend.predicts_noise
        self._backend = backend
        self._shape = shape
        self._futures: dict[str, tuple[Assignment, Future[CompiledComponent]]] = {}
        self._later = tuple(later)
        self._awaited: set[str] = set()  # what was put off and is being compiled
        for slot in slots:
            self._begin(slot)

    def begin_rest(self) -> None:
        """Begin to compile what was put off."""
        later, self._later = self._later, ()
        for slot in later:
            self._begin(slot)
        self._awaited |= set(later)

    def report_failures(self) -> None:
        """Raise what compiling the rest raised, or move it, as soon as that is known."""
        for slot in [slot for slot in self._awaited if self._futures[slot][1].done()]:
            self._awaited.discard(slot)
            self.compiled(slot)

    @property
    def slots(self) -> tuple[str, ...]:
        """What was asked for so far."""
        return tuple(self._futures)

    @property
    def executed(self) -> Mapping[str, ExecutedOn]:
        """What those that are compiled run on."""
        done = {slot: future for slot, (_, future) in self._futures.items() if future.done()}
        sound = {slot: future for slot, future in done.items() if not future.cancelled()}
        return {
            slot: future.result().executed
            for slot, future in sound.items()
            if future.exception() is None and placed_as(slot) == slot
        }

    def assignment(self, slot: str) -> Assignment:
        """Where a component runs now."""
        return self._backend.assignment(slot)

    def compiled(self, slot: str) -> CompiledComponent:
        """Return a component once it is compiled, moved where its device does not take it."""
        return self._backend.settle(slot, self._shape, lambda: self._begin(slot))

    def reference(self, slot: str) -> CompiledComponent:
        """Return it compiled for the CPU in f32; raises InvalidRequest where memory does not hold it."""
        return self._backend.compile_reference(slot, self._shape)

    def release_reference(self, slot: str) -> None:
        """Free that again, unless the component runs there now."""
        self._backend.release_reference(slot, self._shape)

    def trust_key(self, slot: str) -> Mapping[str, Any]:
        """Return what decides whether a component is right where it runs."""
        return self._backend.trust_key(slot, self._shape)

    def repair(self, slot: str, fault: str) -> None:
        """Move a component that gave wrong results."""
        self._backend.trust.remove(self._backend.trust_key(slot, self._shape))  # with LoRAs, if there are any
        self._backend.repair(slot, fault)

    def _begin(self, slot: str) -> Future[CompiledComponent]:
        assigned = self._backend.assignment(slot)
        if slot not in self._futures or self._futures[slot][0] != assigned:
            self._futures[slot] = (assigned, self._backend.begin(slot, self._shape, assigned))
        return self._futures[slot][1]


class OpenVinoComponents:
    """The networks of one model at one shape, each awaited when it is first used.

    What is to be compiled `later` begins once the UNet has run: on a CPU both want the same cores.
    """

    def __init__(
        self, backend: "OpenVinoBackend", shape: Shape, slots: Sequence[str], later: Sequence[str] = ()
    ) -> None:
        self.shape = shape
        self._backend = backend
        self._placed = PlacedComponents(backend, shape, slots, later)
        self._guard = Guard(self._placed)
        self._features: dict[
            tuple[int, int], DeepFeature
        ] = {}  # (tile, half) -> what its last whole call left

    def wait(self, timings: Timings) -> None:
        """Wait until what was begun is compiled, note how long each took; raises what compiling raised."""
        for slot in self._placed.slots:
            part = self._placed.compiled(slot)
            timings.read[slot] = part.read_seconds
            timings.compile[slot] = part.compile_seconds
            timings.compiled_from_cache[slot] = part.from_cache

    @property
    def placement(self) -> Mapping[str, ExecutedOn]:
        """What each loaded component really runs on."""
        return self._placed.executed

    @property
    def warnings(self) -> tuple[str, ...]:
        """Every repair since the model was opened, a sentence each."""
        return self._backend.repairs

    def text_encoder(self, input_ids: IntArray) -> PromptEmbeds:
        """(B, 77) token ids to embeddings."""
        ids = self._ids("text_encoder", input_ids)
        return PromptEmbeds(hidden=self._run("text_encoder", "last_hidden_state", **ids))

    def text_encoder_2(self, input_ids: IntArray) -> PromptEmbeds:
        """The same by the second encoder; the pooled embeddings are below its tokens'."""
        joined = self._run("text_encoder_2", "last_hidden_state", **self._ids("text_encoder_2", input_ids))
        tokens, pooled = np.split(joined, [input_ids.shape[1]], axis=1)
        return PromptEmbeds(hidden=tokens, pooled=pooled.reshape(len(pooled), -1)[:, : self._backend.pooled])

    def _ids(self, encoder: str, input_ids: IntArray) -> Mapping[str, IntArray]:
        """Return the inputs of a text encoder: the ids, and which of them are vectors of an embedding."""
        changes = self.shape.adapters.changes.get(encoder)
        if changes is None or changes.tokens is None:
            return {"input_ids": input_ids}
        ids, rows = split_ids(input_ids, changes.vocabulary)
        return {"input_ids": ids, ROWS: rows}

    def unet(self, sample: Array, timestep: float, conditioning: Conditioning) -> Array:
        """(B, C, h, w) to the prediction (B, C', h, w); guidance has 2B rows, the unconditional first."""
        predicted = self._predict(sample, timestep, conditioning)
        self._placed.begin_rest()
        self._placed.report_failures()
        return predicted

    def _predict(self, sample: Array, timestep: float, conditioning: Conditioning) -> Array:
        inputs = {"sample": sample, "timestep": np.array([timestep], np.float32), **conditioning.extra}
        if conditioning.encoder_hidden_states is not None:
            inputs["encoder_hidden_states"] = conditioning.encoder_hidden_states
        guided = self.shape.guided and len(sample) > self.shape.batch
        if not (guided and self._backend.runs_in_halves(self.shape)):
            return self._guard.run("out_sample", [self._call(inputs, conditioning)], guided=guided)
        unconditional, conditional = split(inputs)
        apart, streams = UNCONDITIONAL in self._placed.slots, self._backend.streams(self.shape)
        calls = [
            Call(slot=UNCONDITIONAL, inputs=unconditional)
            if apart
            else self._call(unconditional, conditioning, half=0),
            self._call(conditional, conditioning, number=streams - 1),
        ]
        return self._guard.run("out_sample", calls, together=apart or streams > 1, guided=guided)

    def _call(
        self, inputs: Mapping[str, AnyArray], conditioning: Conditioning, *, half: int = 1, number: int = 0
    ) -> Call:
        """Return a call of the UNet or its outermost layers, with the deep feature of its tile and half."""
        if not self.shape.reuses:
            return Call(slot="unet", inputs=inputs, number=number)
        place = (conditioning.tile, half)
        if conditioning.whole:
            self._features[place] = DeepFeature()
            return Call(slot="unet", inputs=inputs, number=number, feature=self._features[place])
        return Call(slot=SHALLOW, inputs=inputs, number=number, feature=replace(self._features[place]))

    def controlnet(
        self, number: int, sample: Array, timestep: float, conditioning: Conditioning, picture: Array
    ) -> Array:
        """(B, C, h, w), and a picture (1, 3, H, W) in 0 to 1, to residuals (B, N), in halves as the UNet."""
        slot, guided = SLOTS[number], self.shape.guided and len(sample) > self.shape.batch
        inputs: dict[str, AnyArray] = {"sample": sample, "timestep": np.array([timestep], np.float32)}
        assert conditioning.encoder_hidden_states is not None  # no model without a prompt takes ControlNets
        inputs["encoder_hidden_states"] = conditioning.encoder_hidden_states
        halves = split(inputs) if guided and self._backend.runs_in_halves(self.shape) else (inputs,)
        streams = self._backend.streams(self.shape)
        calls = [
            Call(slot=slot, inputs={**half, "controlnet_cond": picture}, number=index if streams > 1 else 0)
            for index, half in enumerate(halves)
        ]
        return self._guard.run(RESIDUALS, calls, together=streams > 1, guided=guided)

    def vae_decoder(self, latents: Array) -> Array:
        """(B, 4, h, w) to pixels (B, 3, 8h, 8w)."""
        return self._run("vae_decoder", "sample", latent_sample=latents)

    def vae_encoder(self, pixels: Array) -> tuple[Array, Array]:
        """(B, 3, H, W) to mean and standard deviation; the IR returns mean and log variance."""
        moments = self._run("vae_encoder", "latent_parameters", sample=pixels)
        mean, log_variance = np.split(moments, 2, axis=1)
        return mean, np.exp(np.float32(0.5) * np.clip(log_variance, -30, 20))

    def depth_estimator(self, pixels: Array) -> Array:
        """(1, 3, S, S) to inverse depth (1, s, s)."""
        return self._run("depth_estimator", "predicted_depth", pixel_values=pixels)

    def safety_checker(self, pixels: Array) -> Array:
        """(1, 3, S, S) to scores (1, 20)."""
        return self._run("safety_checker", "scores", pixel_values=pixels)

    def _run(self, component: str, output: str, **inputs: AnyArray) -> Array:
        return self._guard.run(output, [Call(slot=component, inputs=inputs)])
