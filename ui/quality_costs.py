"""What a choice of speed was measured to cost on a model, by the user's own record, else by ours."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.places import CHECKOUT

RECORDS = CHECKOUT / "benchmarks" / "quality"
LARGEST = 1 << 20  # bytes of a record that is read


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one way was measured to gain, and to differ from exact; None where quality was not measured."""

    pictures: int
    speed: float  # times as fast as exact
    decibels: float | None
    accuracy_change: float | None  # share of the attributes, where the truth of the pictures is known


def cost_of(data: Path, model: str, way: str) -> Cost | None:
    """Return the cost of a row of `benchmark --quality`; None where it was not measured on this model."""
    for folder in (data / "outputs" / "benchmarks" / "quality", RECORDS):
        found = _read(folder / f"{model}.json", way)
        if found is not None:
            return found
    return None


def _read(path: Path, way: str) -> Cost | None:
    try:
        if path.stat().st_size > LARGEST:
            return None
        record: Any = json.loads(path.read_bytes())
        row = next(row for row in record["rows"] if row["name"] == way)
        cost = Cost(
            pictures=int(record["pictures"]),
            speed=float(row["speed"]["value"]),
            decibels=float(row["psnr"]["value"]) if "psnr" in row else None,
            accuracy_change=float(row["accuracy_change"]["value"]) if "accuracy_change" in row else None,
        )
    except (OSError, ValueError, KeyError, TypeError, StopIteration, RecursionError):  # no record, or no row
        return None
    numbers = [cost.speed, cost.decibels, cost.accuracy_change]
    return cost if all(number is None or math.isfinite(number) for number in numbers) else None
