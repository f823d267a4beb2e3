"""The benchmarks that were run in a data folder: what each measured, and its report."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.errors import InvalidRequest

_RECORD, _REPORT = "record.json", "report.html"
_LARGEST = 16 << 20  # bytes of a record or a report that is read
# Seconds, measured on two cores: what a run takes by itself; what a sample of ours and one of a peer take
# beside their steps; what a weight adds to loading, and to a step at one pixel of a latent.
_FIXED, _OURS, _PEER = 25.0, 3.0, 15.0
_LOAD, _STEP = 6e-9, 3.7e-12
_ROUNDS, _STEPS, _PEER_ROWS = 4, 4, 3  # rounds: a cold one, and the three of --quick


@dataclass(frozen=True, kw_only=True)
class FoundRecord:
    """A record with its report."""

    key: str  # its folder's name
    created: str  # ISO 8601, UTC
    model: str
    size: str  # "512x512"
    steps: int
    isa: str
    report: Path


def find_records(data: Path) -> tuple[FoundRecord, ...]:
    """Return what is there, the newest first; folders whose record nobody can read are left out."""
    found = []
    folder = data / "outputs" / "benchmarks"
    for path in folder.glob(f"*/{_RECORD}") if folder.is_dir() else ():
        record = _read(path)
        if record is not None and path.with_name(_REPORT).is_file():
            found.append(record)
    return tuple(sorted(found, key=lambda record: (record.created, record.key), reverse=True))


@dataclass(frozen=True, kw_only=True)
class Report:
    """A page of HTML, and where it lies."""

    path: Path
    text: str


def report_of(key: str, data: Path) -> Report:
    """Return the report of a record; raises InvalidRequest when it is not there any more."""
    for record in find_records(data):
        if record.key == key:
            try:
                if record.report.stat().st_size <= _LARGEST:
                    return Report(path=record.report, text=record.report.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                break
    raise InvalidRequest(f"the report {key!r} cannot be read any more: run the benchmark again")


def quick_seconds(weights: int, latent_pixels: int, *, with_peers: bool) -> float:
    """Return about how long the quick benchmark of a model takes on two cores, by the weights of its UNet."""
    work = weights * (_LOAD + _STEPS * latent_pixels * _STEP)
    rows = [_OURS + work] + [_PEER + 2 * work] * (_PEER_ROWS if with_peers else 0)
    return _FIXED + _ROUNDS * sum(rows)


def _read(path: Path) -> FoundRecord | None:
    try:
        if path.stat().st_size > _LARGEST:
            return None
        record: Any = json.loads(path.read_text(encoding="utf-8"))
        request = record["request"]
        return FoundRecord(
            key=path.parent.name,
            created=str(record["created"]),
            model=str(record["model"]["name"]),
            size=f"{int(request['width'])}x{int(request['height'])}",
            steps=int(request["num_inference_steps"]),
            isa=str(record["isa"]),
            report=path.with_name(_REPORT),
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError):  # no record of ours, or a damaged one
        return None
