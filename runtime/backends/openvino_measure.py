"""Timing every component on every OpenVINO device, each result checked against the CPU in f32."""

import math
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import partial

import openvino as ov

from runtime.arrays import AnyArray, Array
from runtime.backends.base import Conditioning, Device, Shape
from runtime.backends.openvino import OpenVinoBackend
from runtime.backends.openvino_compile import CompileKey, compile_component, component_shapes
from runtime.backends.openvino_examples import example_inputs, fault_of
from runtime.backends.openvino_sentinels import difference
from runtime.errors import DeviceError
from runtime.measured import Measured, Timing, choose
from runtime.memory import available_bytes, estimate_bytes
from runtime.model_folder import ModelFolder
from runtime.placement import COMPONENTS, GUIDANCE_MODES, PRECISIONS, Placement, find_device

ROUNDS = 5  # of every candidate, interleaved
ENOUGH_SECONDS = 30.0  # after FEWEST rounds, no further one begins
FEWEST = 3
OUTPUTS = {
    "text_encoder": "last_hidden_state",
    "unet": "out_sample",
    "vae_decoder": "sample",
    "vae_encoder": "latent_parameters",
    "depth_estimator": "predicted_depth",
    "text_encoder_2": "last_hidden_state",
}

Run = Callable[[], Array]
TimeRun = Callable[[Timing, Run], float]  # seconds of one run; tests put other machines' here
Candidate = tuple[Timing, Callable[[ExitStack], Run]]  # what is timed; what compiles it, and for how long


def measure(
    model: ModelFolder,
    devices: Sequence[Device],
    shape: Shape,
    *,
    precision: str | None = None,
    on_phase: Callable[[str], None] | None = None,
    core: ov.Core | None = None,
    time_run: TimeRun | None = None,
) -> Measured:
    """Time each component wherever there is a choice, then the modes of guidance where the UNet is on a CPU.

    With `precision` only that one is tried. A device that refuses a component, fails while it runs, or gives
    a result that is not right (see openvino_sentinels) is kept with its fault.
    """
    bench = _Bench(
        model=model,
        shape=shape,
        cpu=find_device("cpu", devices),
        core=core or ov.Core(),
        time_run=time_run or _time,
        say=on_phase or (lambda phase: None),
    )
    timings: list[Timing] = []
    for component in (component for component in COMPONENTS if component in model.components):
        choices = [
            (device, name)
            for device in devices
            for name in PRECISIONS
            if name in device.precisions and precision in (None, name)
        ]
        if any(choice != (bench.cpu, "f32") for choice in choices):
            timings += bench.components(component, choices)
    chosen = choose(timings, devices)
    if chosen.devices["unet"].id == "cpu" and shape.guided:
        modes = bench.guidance(precision or chosen.precisions.get("unet", "f32"))
        timings = [timing for timing in timings if not _same(timing, modes[0])] + modes
    return Measured(
        model=model.name,
        width=shape.width,
        height=shape.height,
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        timings=tuple(timings),
    )


def _same(one: Timing, other: Timing) -> bool:
    """Whether both time one thing: the later replaces the earlier: modes are compared side by side."""
    unmeasured = [replace(timing, seconds=None, error=None, fault="") for timing in (one, other)]
    return unmeasured[0] == unmeasured[1]


def _time(timing: Timing, run: Run) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


@dataclass(frozen=True, kw_only=True)
class _Bench:
    """One model at one size, and what it takes to time it."""

    model: ModelFolder
    shape: Shape
    cpu: Device
    core: ov.Core
    time_run: TimeRun
    say: Callable[[str], None]
    _right: dict[str, Array] = field(default_factory=dict)  # component -> its result on the CPU in f32

    def components(self, component: str, choices: Sequence[tuple[Device, str]]) -> list[Timing]:
        """Time one component on each device in each precision."""
        inputs = example_inputs(self.model, component, self.shape)
        return self._measure(
            component,
            [
                (
                    Timing(
                        component=component, device=device.id, precision=precision, seconds=None, error=None
                    ),
                    partial(self._compiled, component, device, precision, inputs),
                )
                for device, precision in choices
            ],
        )

    def guidance(self, precision: str) -> list[Timing]:
        """Time a guided UNet on the CPU in each mode, through the backend that pictures are made with."""
        return self._measure(
            "unet",
            [
                (
                    Timing(
                        component="unet",
                        device=self.cpu.id,
                        precision=precision,
                        guidance=mode,
                        seconds=None,
                        error=None,
                    ),
                    partial(self._guided, precision, mode),
                )
                for mode in GUIDANCE_MODES
            ],
        )

    def _compiled(
        self, component: str, device: Device, precision: str, inputs: dict[str, AnyArray], stack: ExitStack
    ) -> Run:
        shapes = tuple(component_shapes(self.model, component, self.shape).items())
        key = CompileKey(component=component, device=device, precision=precision, shapes=shapes)
        compiled = compile_component(self.core, self.model, key, None)
        return lambda: compiled(OUTPUTS[component], None, **inputs)

    def _guided(self, precision: str, mode: str, stack: ExitStack) -> Run:
        placement = Placement(
            devices=dict.fromkeys(COMPONENTS, self.cpu), precisions={"unet": precision}, guidance=mode
        )
        backend = stack.enter_context(OpenVinoBackend(self.model, placement, core=self.core))
        unet = backend.load(self.shape, ["unet"]).unet
        inputs = example_inputs(self.model, "unet", self.shape)
        sample, timestep = inputs.pop("sample"), float(inputs.pop("timestep")[0])
        conditioning = Conditioning(
            encoder_hidden_states=inputs.pop("encoder_hidden_states", None), extra=inputs
        )
        return lambda: unet(sample, timestep, conditioning)

    def _measure(self, component: str, candidates: Sequence[Candidate]) -> list[Timing]:
        """Time the candidates side by side, or one after the other where memory does not hold them all."""
        if component not in self._right:
            self.say(f"measuring the {component}: what is right")
            inputs = example_inputs(self.model, component, self.shape)
            with ExitStack() as stack:
                self._right[component] = self._compiled(component, self.cpu, "f32", inputs, stack)()
        needed = estimate_bytes(self.model, self.shape, [component], 4) * len(candidates)
        free = available_bytes()
        side_by_side = free is None or needed <= free
        groups = [candidates] if side_by_side else [[candidate] for candidate in candidates]
        return [timing for group in groups for timing in self._interleaved(group, self._right[component])]

    def _interleaved(self, candidates: Sequence[Candidate], right: Array) -> list[Timing]:
        timings = [timing for timing, _ in candidates]
        running: dict[int, Run] = {}
        with ExitStack() as stack:
            for number, (timing, start) in enumerate(candidates):
                self.say(f"measuring {_label(timing)}: compiling")
                try:
                    run = start(stack)
                    output = run()
                except DeviceError as error:
                    timings[number] = replace(timing, fault=str(error))
                    continue
                fault = fault_of(output, right, timing.precision, self.model.precision)
                off = difference(output, right) if output.shape == right.shape else math.nan
                timings[number] = replace(timing, error=off if math.isfinite(off) else None, fault=fault)
                if not fault:
                    running[number] = run
            seconds = self._rounds(timings, running)
        return [
            replace(timing, seconds=statistics.median(seconds[number])) if number in seconds else timing
            for number, timing in enumerate(timings)
        ]

    def _rounds(self, timings: list[Timing], running: dict[int, Run]) -> dict[int, list[float]]:
        """Run every candidate once a round; one that fails drops out, with its fault in `timings`."""
        seconds: dict[int, list[float]] = {number: [] for number in running}
        began = time.perf_counter()
        for done in range(ROUNDS):
            if done >= FEWEST and time.perf_counter() - began > ENOUGH_SECONDS:
                break
            for number in list(seconds):
                self.say(f"measuring {_label(timings[number])}: run {done + 1} of {ROUNDS}")
                try:
                    seconds[number].append(self.time_run(timings[number], running[number]))
                except DeviceError as error:
                    timings[number] = replace(timings[number], fault=str(error))
                    del seconds[number]
        return seconds


def _label(timing: Timing) -> str:
    mode = f", guidance {timing.guidance}" if timing.guidance != "batch" else ""
    return f"the {timing.component} on {timing.device} in {timing.precision}{mode}"
