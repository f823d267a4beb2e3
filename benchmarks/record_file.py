"""Records as JSON files: written whole, read with every field checked."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.fields import Fields, is_number
from benchmarks.record import (
    GROUPS,
    ISAS,
    SCHEMA,
    STATUSES,
    Marks,
    Peak,
    PictureDifference,
    Prices,
    Record,
    Row,
    Sample,
)
from runtime.errors import InvalidRequest
from runtime.whole_file import write_whole


def write_record(record: Record, path: Path) -> None:
    """Write the record, whole or not at all."""
    text = json.dumps({"schema": SCHEMA} | asdict(record), indent=1, ensure_ascii=False, allow_nan=False)
    write_whole(path, lambda file: file.write(text.encode()))


def read_record(path: Path) -> Record:
    """Read a record; raises InvalidRequest, in one sentence, for a file that is none."""
    try:
        value = json.loads(path.read_bytes())
    except OSError as error:
        raise InvalidRequest(f"cannot read {path} ({error.strerror}): give the path of a record") from error
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"{path} is not JSON: give a record that `benchmark` wrote") from error
    try:
        return parse_record(value)
    except InvalidRequest as error:
        raise InvalidRequest(f"{path}: {error}") from error


def parse_record(value: object) -> Record:
    """Make a record of JSON; raises InvalidRequest that names the first field that does not fit."""
    top = Fields(value, "the record")
    schema = top.text("schema")
    if schema != SCHEMA:
        raise InvalidRequest(
            f"schema is {schema[:60]!r}, this version reads {SCHEMA}: use the Lapdraw that wrote it"
        )
    peak, prices = top.sub("peak"), top.sub("prices", default={})
    return Record(
        created=top.text("created"),
        command=top.text("command", ""),
        note=top.text("note", ""),
        isa=top.choice("isa", ISAS),
        rounds=top.count("rounds"),
        cold_rounds=top.count("cold_rounds", 0),
        model=_described(top.sub("model"), texts=("name", "kind", "weights", "precision")),
        request=_described(
            top.sub("request"),
            texts=("task", "sampler"),
            numbers=("width", "height", "num_inference_steps", "guidance_scale"),
        ),
        work={
            name: number for name in top.sub("work") if (number := top.sub("work").number(name)) is not None
        },
        environment=dict(top.sub("environment").values),
        peak=Peak(
            gflops=peak.numbers("gflops"), gigabytes_per_second=peak.number("gigabytes_per_second", None)
        ),
        prices=Prices(
            electricity_per_kwh=prices.number("electricity_per_kwh", None),
            machine_per_hour=prices.number("machine_per_hour", None),
            currency=prices.text("currency", "EUR"),
        ),
        rows=tuple(_row(fields) for fields in top.list("rows")),
    )


def _row(row: Fields) -> Row:
    return Row(
        id=row.text("id"),
        label=row.text("label"),
        group=row.choice("group", GROUPS),
        driver=row.text("driver"),
        device=row.text("device"),
        precision=row.text("precision"),
        options=dict(row.sub("options", default={}).values),
        status=row.choice("status", STATUSES),
        reason=row.text("reason", ""),
        versions=row.texts("versions"),
        placement={name: row.sub("placement").texts(name) for name in row.sub("placement", default={})},
        kernels=kernels_of(row),
        warnings=row.text_list("warnings"),
        samples=tuple(parse_sample(fields) for fields in row.list("samples", default=[])),
        picture=_picture(row),
    )


def parse_sample(sample: Fields) -> Sample:
    """Make a sample of JSON; raises InvalidRequest that names the first field that does not fit."""
    marks = sample.sub("marks")
    steps = marks.values.get("steps")
    if not isinstance(steps, Sequence) or not all(map(is_number, steps)) or not steps:
        raise InvalidRequest(f"{marks.where}.steps must be a list of seconds: run the benchmark again")
    taken = Marks(
        imported=marks.required_number("imported"),
        ready=marks.required_number("ready"),
        steps=tuple(float(step) for step in steps),
        decoded=marks.required_number("decoded"),
    )
    order = [0.0, taken.imported, taken.ready, *taken.steps, taken.decoded]
    if order != sorted(order):
        raise InvalidRequest(f"{marks.where} must be one after the other: run the benchmark again")
    return Sample(
        round=sample.count("round"),
        cache=sample.choice("cache", ("cold", "warm")),
        marks=taken,
        components={
            name: dict(sample.sub("components").sub(name).values) for name in sample.sub("components", {})
        },
        loop_overhead=sample.number("loop_overhead", None),
        unet_seconds=sample.number("unet_seconds", None),
        unet_calls=sample.optional_count("unet_calls"),
        peak_bytes=sample.optional_count("peak_bytes"),
        energy_joules=sample.number("energy_joules", None),
    )


def _picture(row: Fields) -> PictureDifference | None:
    if row.values.get("picture") is None:
        return None
    picture = row.sub("picture")
    return PictureDifference(
        reference=picture.text("reference"),
        psnr_db=picture.number("psnr_db", None),
        identical=picture.values.get("identical") is True,
        largest_difference=picture.count("largest_difference", 0),
    )


def kernels_of(row: Fields) -> Mapping[str, int] | None:
    """Return the counts of kernels, or None where the library does not tell."""
    if row.values.get("kernels") is None:
        return None
    return {name: int(number) for name, number in row.numbers("kernels").items()}


def _described(fields: Fields, texts: Sequence[str], numbers: Sequence[str] = ()) -> Mapping[str, Any]:
    for name in texts:
        fields.text(name)
    for name in numbers:
        fields.required_number(name)
    return dict(fields.values)
