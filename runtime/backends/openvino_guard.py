"""Broken devices: what a component gives is checked, done again where it was wrong, and never kept wrong.

A fault (an error, values that are not numbers, a result unlike the CPU's in f32) moves the component to
f32 on the same device, then to the CPU, and the same call is made again with the same inputs. The first
result of a component on a device is compared with the CPU once a machine and driver; after that sentinels
tell when to compare again. The CPU in f32 is the reference itself: nothing is checked there.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from runtime.arrays import AnyArray, Array
from runtime.backends.base import Device
from runtime.backends.openvino_component import CompiledComponent, DeepFeature, Request, first_line
from runtime.backends.openvino_sentinels import (
    Sentinel,
    difference,
    fingerprint_of,
    limit,
    plain_fault,
)
from runtime.backends.openvino_slots import choose_precision, component_of
from runtime.backends.openvino_trust import Trust
from runtime.control_shapes import SLOTS
from runtime.errors import DeviceError
from runtime.model_folder import ModelFolder
from runtime.placement import Placement


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """Where a component runs, and in what."""

    device: Device
    precision: str

    @property
    def is_reference(self) -> bool:
        """Whether it is the CPU in f32."""
        return self.device.native == "CPU" and self.precision == "f32"

    def __str__(self) -> str:
        return f"{self.device.id} in {self.precision}"


def assign(model: ModelFolder, placement: Placement, asked: str | None) -> dict[str, Assignment]:
    """Return where each slot runs at first; `asked` is the precision asked for the whole model.

    Raises DeviceError for a precision that a device does not have.
    """
    assigned = {
        slot: Assignment(
            device=replace(device, peak=None),  # a measurement is no part of what it is
            precision=choose_precision(
                slot, device, placement.precisions.get(slot, model.precision_for(slot, asked))
            ),
        )
        for slot, device in placement.devices.items()
    }
    return assigned | dict.fromkeys(SLOTS, assigned["unet"])  # ControlNets run where it does


def next_best(now: Assignment, cpu: Device) -> Assignment:
    """Return where a component goes that failed: f32 on the same device, then the CPU in f32."""
    stays = now.precision != "f32" and "f32" in now.device.precisions
    return Assignment(device=now.device if stays else cpu, precision="f32")


@dataclass(frozen=True, kw_only=True)
class Call:
    """One inference of a component; `slot` is where it was placed, `number` the request that it takes.

    `feature` is where a whole UNet leaves its deep feature, and what one that is not whole starts from.
    """

    slot: str
    inputs: Mapping[str, AnyArray]
    number: int = 0
    feature: DeepFeature | None = None

    @property
    def given(self) -> Array:
        """The first input, row by row."""
        return next(iter(self.inputs.values()))


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a call, and where it was made."""

    value: Array | DeviceError
    where: Assignment

    @property
    def fault(self) -> str | None:
        """What is plainly wrong with it, or None."""
        if isinstance(self.value, DeviceError):
            cause = self.value.__cause__
            return f"failed ({first_line(cause) if isinstance(cause, Exception) else self.value})"
        return plain_fault(self.value)


class Owner(Protocol):
    """What the guard needs of the components that it guards; a slot is a component or a half of the UNet."""

    trust: Trust
    stored_precision: str
    predicts_noise: bool

    def assignment(self, slot: str) -> Assignment:
        """Where it runs now."""
        ...

    def compiled(self, slot: str) -> CompiledComponent:
        """The component, compiled; raises DeviceError when no device takes it."""
        ...

    def reference(self, slot: str) -> CompiledComponent:
        """The same on the CPU in f32; raises InvalidRequest where memory does not hold it."""
        ...

    def release_reference(self, slot: str) -> None:
        """Free what `reference` compiled, unless the component runs there now."""
        ...

    def trust_key(self, slot: str) -> Mapping[str, Any]:
        """What decides whether it is right: content, device, driver, precision, version, size."""
        ...

    def repair(self, slot: str, fault: str) -> None:
        """Move it to the next best place and remember why."""
        ...


class Guard:
    """Runs the components of one batch of pictures."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._sentinels: dict[str, Sentinel] = {}
        self._unchecked: dict[str, tuple[Call, Array]] = {}  # the last result that was only watched
        self._doubted_wrongly: set[str] = set()  # and may be again: the reference stays for the batch

    def run(
        self, output: str, calls: Sequence[Call], *, together: bool = False, guided: bool = False
    ) -> Array:
        """Return the output of the calls, one under the other; `together` lets them run at the same time.

        `guided` says that the rows are the two halves of guidance. Raises DeviceError when the CPU in f32
        fails, and when what was wrong had already entered the picture.
        """
        groups = [calls] if together else [[call] for call in calls]
        outcomes = [outcome for group in groups for outcome in self._attempt(output, group)]
        doubted = self._doubts(calls, outcomes, guided)
        settled = [
            self._settle(output, call, outcome, doubted)
            for call, outcome in zip(calls, outcomes, strict=True)
        ]
        return settled[0] if len(settled) == 1 else np.concatenate(settled)

    def _attempt(self, output: str, calls: Sequence[Call]) -> list[Outcome]:
        """Start every call, then wait for every one."""
        started = [self._start(call) for call in calls]
        return [Outcome(value=_wait(request, output), where=where) for request, where in started]

    def _start(self, call: Call) -> tuple[Request | DeviceError, Assignment]:
        try:
            request = self._owner.compiled(call.slot).request(call.number)
            request.start(call.feature, **call.inputs)
        except DeviceError as error:
            return error, self._owner.assignment(call.slot)
        return request, self._owner.assignment(call.slot)

    def _doubts(self, calls: Sequence[Call], outcomes: Sequence[Outcome], guided: bool) -> bool:
        """Whether the sentinel of the component wants a comparison."""
        if all(outcome.where.is_reference for outcome in outcomes):
            return False
        results = [outcome.value for outcome in outcomes if not isinstance(outcome.value, DeviceError)]
        if any(outcome.fault for outcome in outcomes):
            return False  # a plain fault: no need to look for signs
        slot = calls[-1].slot  # the conditional half, which has the component's own name
        component = component_of(slot)  # whole or not, a UNet's predictions follow each other
        sentinel = self._sentinels.setdefault(
            component, Sentinel(component=component, predicts_noise=self._owner.predicts_noise)
        )
        fingerprint = self._owner.trust.fingerprint(self._owner.trust_key(slot))
        given = np.concatenate([call.given for call in calls])
        return sentinel.doubts(given, np.concatenate(results), guided, fingerprint)

    def _settle(self, output: str, call: Call, outcome: Outcome, doubted: bool) -> Array:
        """Return the result of a call once nothing is wrong with it, moving the component until then."""
        right: Array | None = None
        try:
            while True:
                now = self._owner.assignment(call.slot)
                if outcome.where != now:  # moved meanwhile, because of the other half
                    (outcome,) = self._attempt(output, [call])
                    doubted = True
                    continue
                if now.is_reference:
                    return _given(outcome.value)
                fault = outcome.fault
                known = self._owner.trust.knows(self._owner.trust_key(call.slot))
                if fault is None and (doubted or not known):
                    right = self._reference(output, call) if right is None else right
                    fault = self._compare(call.slot, _given(outcome.value), right)
                if fault is None:
                    if known and not doubted:
                        self._unchecked[call.slot] = (call, _given(outcome.value))
                    elif known:
                        self._doubted_wrongly.add(call.slot)
                    return _given(outcome.value)
                self._doubted_wrongly.discard(call.slot)
                self._recheck(output, call.slot, fault)
                self._owner.repair(call.slot, fault)
        finally:
            if call.slot not in self._doubted_wrongly:
                self._owner.release_reference(call.slot)

    def _compare(self, slot: str, result: Array, right: Array) -> str | None:
        """Return what is wrong with a result, and trust the device when nothing is."""
        off = difference(result, right)
        if not math.isfinite(off):
            return "gave numbers where the CPU in f32 gives none"
        if not off <= limit(self._owner.assignment(slot).precision, self._owner.stored_precision):
            return f"gave a result {off:.2g} times its own size away from the CPU's in f32"
        self._owner.trust.add(self._owner.trust_key(slot), fingerprint_of(slot, right))
        return None

    def _recheck(self, output: str, slot: str, fault: str) -> None:
        """Raise DeviceError when the result before, which was only watched, was wrong too."""
        if slot not in self._unchecked:
            return
        call, result = self._unchecked.pop(slot)
        now = self._owner.assignment(slot)
        off = difference(result, self._reference(output, call))
        if off <= limit(now.precision, self._owner.stored_precision):
            return
        self._owner.repair(slot, fault)
        raise DeviceError(
            f"the {slot} on {now} had given wrong values before it was noticed, so there is no picture: "
            f"run it again, now on {self._owner.assignment(slot)}"
        )

    def _reference(self, output: str, call: Call) -> Array:
        feature = replace(call.feature) if call.feature is not None else None  # what was kept stays as it is
        return self._owner.reference(call.slot)(output, feature, **call.inputs)


def _wait(request: Request | DeviceError, output: str) -> Array | DeviceError:
    if isinstance(request, DeviceError):
        return request
    try:
        return request.wait(output)
    except DeviceError as error:
        return error


def _given(value: Array | DeviceError) -> Array:
    """Return a result, or raise what came instead of one."""
    if isinstance(value, DeviceError):
        raise value
    return value
