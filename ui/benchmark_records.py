"""The benchmarks that were run in a data folder: what each measured, and its report."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.errors import InvalidRequest

_RECORD, _REPORT = "record.json", "report.html"
_LARGEST = 16 << 20  # bytes of a record or a report that is read
# Seconds on two cores for a small model, from the start of the command: what is fixed, what a sample of ours
# and one of PyTorch or a peer take on top of their steps.
_FIXED, _OURS, _PEER = 25.0, 2.5, 12.0
_ROUNDS, _OUR_ROWS, _PEER_ROWS = 4, 2, 3  # with the cold round


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


def quick_seconds(*, with_peers: bool, step_seconds: float = 0.1) -> float:
    """Return about how long the quick benchmark takes, by how long four steps of the model take here."""
    samples = _ROUNDS * (_OUR_ROWS * _OURS + (_PEER_ROWS * _PEER if with_peers else 0.0))
    rows = _OUR_ROWS + (_PEER_ROWS if with_peers else 0)
    return _FIXED + samples + _ROUNDS * rows * 4 * step_seconds


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
