"""`auto:measured`: devices, precisions and guidance chosen from what was timed, and its memory on disk."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from runtime.backends.base import Device
from runtime.errors import InvalidRequest
from runtime.placement import COMPONENTS, GUIDANCE_MODES, PRECISIONS, Placement, find_device
from runtime.whole_file import write_whole

SCHEMA = "lapdraw-measured/1"
MARGIN = 0.03  # what is not faster by this much is not faster: the CPU in f32 and the batch of two stay


@dataclass(frozen=True, kw_only=True)
class Timing:
    """One component on one device in one precision; a UNet also in one mode of guidance."""

    component: str
    device: str  # id
    precision: str
    guidance: str = "batch"  # of GUIDANCE_MODES
    seconds: float | None  # median of a run, None where it was not timed
    error: float | None  # difference from the CPU in f32, as a share of the result's variation
    fault: str = ""  # why it is left out


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What was timed for one model at one size."""

    model: str
    width: int  # pixels
    height: int
    created: str  # UTC, ISO 8601
    timings: tuple[Timing, ...]


def choose(timings: Sequence[Timing], devices: Sequence[Device]) -> Placement:
    """Return the fastest right mix: each component where it is fastest, then the mode of guidance.

    What was not timed, or is right nowhere, goes to the CPU; raises DeviceError where there is none.
    """
    by_id = {device.id: device for device in devices if device.backend == "openvino"}
    cpu = find_device("cpu", by_id.values())
    sound = [timing for timing in timings if not timing.fault and timing.seconds and timing.device in by_id]
    placed, precisions, guidance = dict.fromkeys(COMPONENTS, cpu), {}, "batch"
    for component in COMPONENTS:
        best = fastest([timing for timing in sound if timing.component == component])
        if best is not None:
            placed[component], precisions[component] = by_id[best.device], best.precision
    unet = [timing for timing in sound if timing.component == "unet"]
    here = (placed["unet"].id, precisions.get("unet", "f32"))
    modes = {timing.guidance: timing for timing in unet if (timing.device, timing.precision) == here}
    if len(modes) > 1:
        quickest = min(modes.values(), key=_seconds)
        batch = modes.get("batch")
        if batch is None or _seconds(quickest) < _seconds(batch) * (1 - MARGIN):
            guidance = quickest.guidance
    return Placement(devices=placed, precisions=precisions, guidance=guidance)


def fastest(timings: Sequence[Timing]) -> Timing | None:
    """The fastest device and precision, both halves as one batch; the CPU in f32 unless it loses clearly."""
    compared = [timing for timing in timings if timing.guidance == "batch"]
    if not compared:
        return None
    best = min(compared, key=_seconds)
    for timing in compared:
        usual = timing.device == "cpu" and timing.precision == "f32"
        if usual and _seconds(best) >= _seconds(timing) * (1 - MARGIN):
            return timing
    return best


def _seconds(timing: Timing) -> float:
    return math.inf if timing.seconds is None else timing.seconds


class Memory:
    """What was measured before: one readable JSON file per key, in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load(self, key: Mapping[str, Any]) -> Measured | None:
        """Return what was measured under exactly this key; None for nothing, or a file that is damaged."""
        return _read(self._path(key), key)

    def store(self, key: Mapping[str, Any], measured: Measured) -> None:
        """Keep it; a folder that cannot be written to only means that it is measured again."""
        record = {"schema": SCHEMA, "key": dict(key), **asdict(measured)}
        text = json.dumps(record, indent=1) + "\n"
        with suppress(InvalidRequest):
            write_whole(self._path(key), lambda file: file.write(text.encode()))

    def everything(self) -> Iterator[Measured]:
        """All that is remembered and readable, oldest first."""
        found = filter(None, (_read(path, None) for path in self.folder.glob("*.json")))
        yield from sorted(found, key=lambda measured: measured.created)

    def _path(self, key: Mapping[str, Any]) -> Path:
        digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
        return self.folder / f"{digest[:32]}.json"


def _read(path: Path, key: Mapping[str, Any] | None) -> Measured | None:
    try:
        record = json.loads(path.read_bytes())
        if record["schema"] != SCHEMA or (key is not None and record["key"] != key):
            return None
        return Measured(
            model=str(record["model"]),
            width=int(record["width"]),
            height=int(record["height"]),
            created=str(record["created"]),
            timings=tuple(_timing(entry) for entry in record["timings"]),
        )
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def _timing(entry: Mapping[str, Any]) -> Timing:
    """Read one entry; raises ValueError, TypeError or KeyError for one that nobody can have measured."""
    timing = Timing(**entry)
    known = (
        timing.component in COMPONENTS
        and timing.precision in PRECISIONS
        and timing.guidance in GUIDANCE_MODES
        and isinstance(timing.device, str)
        and isinstance(timing.fault, str)
    )
    numbers = [number for number in (timing.seconds, timing.error) if number is not None]
    is_told = timing.seconds is not None or timing.fault
    if not known or not is_told or not all(math.isfinite(number) and number >= 0 for number in numbers):
        raise ValueError(f"{entry} is no timing")
    return timing
