"""Records as pytest-benchmark JSON and back, so that `pytest-benchmark compare` reads them."""

import json
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.facts import PARTS
from benchmarks.fields import Fields
from benchmarks.record import SCHEMA, Marks, Peak, Record, Row, Sample
from benchmarks.record_file import parse_record
from benchmarks.summary import steady_step
from runtime.errors import InvalidRequest
from runtime.whole_file import write_whole

_OURS = "lapdraw_record"  # the whole record; pytest-benchmark leaves what it does not know alone
_FORMAT = "5.0.0"  # of pytest-benchmark, whose fields these are
STAGES: dict[str, tuple[str, Callable[[Sample], float | None]]] = {
    "process-start": ("warm", lambda sample: sample.marks.imported),
    "load-cold": ("cold", lambda sample: sample.marks.ready - sample.marks.imported),
    "load-warm": ("warm", lambda sample: sample.marks.ready - sample.marks.imported),
    "first-step": ("warm", lambda sample: sample.marks.steps[0] - sample.marks.ready),
    "step": ("warm", steady_step),
    "vae-decode": ("warm", lambda sample: sample.marks.decoded - sample.marks.steps[-1]),
    "end-to-end": ("warm", lambda sample: sample.marks.decoded),
}


def export_json(record: Record, path: Path) -> None:
    """Write pytest-benchmark JSON: a benchmark for each stage of each measured row, and the record itself.

    Raises InvalidRequest where nothing was measured or the file cannot be written.
    """
    benchmarks = [found for row in record.rows for found in _exported(row)]
    if not benchmarks:
        raise InvalidRequest("the record holds no measured row: export one that does")
    cpu = record.environment.get("cpu")
    value = {
        "machine_info": {
            "node": "lapdraw",
            "machine": str(record.environment.get("os", "")),
            "python_version": str(record.environment.get("python", "")),
            "cpu": {"brand_raw": str(cpu.get("name", "")) if isinstance(cpu, Mapping) else ""},
        },
        "commit_info": {
            **{"id": str(record.environment.get("lapdraw", "")), "time": None, "author_time": None},
            **{"dirty": False, "project": "lapdraw", "branch": "(unknown)"},
        },
        "benchmarks": benchmarks,
        "datetime": record.created,
        "version": _FORMAT,
        _OURS: {"schema": SCHEMA} | asdict(record),
    }
    data = json.dumps(value, indent=1).encode()
    write_whole(path, lambda file: file.write(data))


def import_json(path: Path) -> Record:
    """Read pytest-benchmark JSON: a record that was exported as it was, else a record of parts.

    In a record of parts every benchmark is a row, and every timing a sample of one call. Raises
    InvalidRequest, in one sentence, for a file that is none.
    """
    try:
        value = json.loads(path.read_bytes())
    except OSError as error:
        raise InvalidRequest(f"cannot read {path} ({error.strerror}): give the path of a file") from error
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"{path} is not JSON: give what pytest --benchmark-json wrote") from error
    try:
        if isinstance(value, dict) and _OURS in value:
            return parse_record(value[_OURS])
        return _parts(Fields(value, "the file"))
    except InvalidRequest as error:
        raise InvalidRequest(f"{path}: {error}") from error


def stats_of(data: Sequence[float]) -> dict[str, Any]:
    """Return the statistics that pytest-benchmark keeps of one benchmark; quartiles by its own rule."""
    ordered = sorted(data)
    first, third = _quartile(ordered), _quartile(ordered[::-1])
    mean, deviation = statistics.mean(data), statistics.stdev(data) if len(data) > 1 else 0
    low, high = first - 1.5 * (third - first), third + 1.5 * (third - first)
    beyond = sum(abs(value - mean) > deviation for value in data)
    outside = sum(not low <= value <= high for value in data)
    total = sum(data)
    return {
        **{"min": ordered[0], "max": ordered[-1], "mean": mean, "stddev": deviation, "rounds": len(data)},
        **{"median": statistics.median(data), "iqr": third - first, "q1": first, "q3": third},
        **{"iqr_outliers": outside, "stddev_outliers": beyond, "outliers": f"{beyond};{outside}"},
        "ld15iqr": min((value for value in ordered if value >= low), default=ordered[0]),
        "hd15iqr": max((value for value in ordered if value <= high), default=ordered[-1]),
        **{"ops": len(data) / total if total else 0, "total": total, "data": list(data), "iterations": 1},
    }


def _quartile(ordered: Sequence[float]) -> float:
    """Return the quartile at the beginning of `ordered`, by methods 2 and 3 of Wikipedia's "Quartile"."""
    count = len(ordered)
    if count == 1:
        return ordered[0]
    if count % 2 == 0:
        return statistics.median(ordered[: count // 2])
    quarter, rest = divmod(count, 4)
    if rest == 1:
        return 0.25 * ordered[quarter - 1] + 0.75 * ordered[quarter]
    return 0.75 * ordered[quarter] + 0.25 * ordered[quarter + 1]


def _exported(row: Row) -> list[dict[str, Any]]:
    found = []
    for stage, (cache, take) in STAGES.items():
        taken = [take(sample) for sample in row.samples if sample.cache == cache]
        data = [value for value in taken if value is not None]
        if data:
            found.append(
                {
                    **{
                        "group": stage,
                        "name": f"{stage}[{row.id}]",
                        "fullname": f"lapdraw::{stage}[{row.id}]",
                    },
                    **{"params": {"row": row.id}, "param": row.id, "options": {}},
                    "extra_info": {"label": row.label, "device": row.device, "precision": row.precision},
                    "stats": stats_of(data),
                }
            )
    return found


def _parts(top: Fields) -> Record:
    machine = top.sub("machine_info", default={})
    rows = tuple(_part(fields) for fields in top.list("benchmarks"))
    if not rows:
        raise InvalidRequest("it holds no benchmark: run pytest with --benchmark-json again")
    brand = machine.sub("cpu", default={}).values.get("brand_raw")
    return Record(
        created=top.text("datetime", ""),
        command="benchmark import",
        isa="native",
        rounds=max(len(row.samples) for row in rows),
        cold_rounds=0,
        model={"name": PARTS, "kind": PARTS, "weights": "", "precision": ""},
        request={
            **{"task": PARTS, "width": 0, "height": 0, "num_inference_steps": 1},
            **{"guidance_scale": 1.0, "sampler": ""},
        },
        work={},
        environment={
            "cpu": {"name": str(brand or "")},
            "os": " ".join(str(machine.values.get(name, "")) for name in ("system", "release")).strip(),
            "python": str(machine.values.get("python_version", "")),
        },
        peak=Peak(gflops={}, gigabytes_per_second=None),
        rows=rows,
    )


def _part(benchmark: Fields) -> Row:
    stats = benchmark.sub("stats")
    warnings: tuple[str, ...] = ()
    data = stats.values.get("data")
    if not isinstance(data, list) or not data:
        data = [stats.required_number(name) for name in ("min", "q1", "median", "q3", "max")]
        warnings = ("the file holds no single timings, so these are its quartiles",)
    if not all(_is_time(value) for value in data):
        raise InvalidRequest(
            f"{stats.where}.data must be a list of seconds: run pytest with --benchmark-json again"
        )
    return Row(
        id=benchmark.text("fullname"),
        label=benchmark.text("name"),
        group="lapdraw",
        driver="pytest-benchmark",
        device="",
        precision="",
        status="measured",
        warnings=warnings,
        samples=tuple(_call(number, float(value)) for number, value in enumerate(data)),
    )


def _call(number: int, value: float) -> Sample:
    """Return one call as the only steady step of a sample."""
    marks = Marks(imported=0.0, ready=0.0, steps=(0.0, value), decoded=value)
    return Sample(round=number, cache="warm", marks=marks)


def _is_time(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 <= value < 1e9 and math.isfinite(value)
