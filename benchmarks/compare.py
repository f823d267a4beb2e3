"""Records of several machines side by side: what differs between them first, the figures after it."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.charts import Bar, bars
from benchmarks.document import Block, Bullets, Cell, Chart, Document, Heading, Paragraph, Table, cells
from benchmarks.facts import (
    describe_model,
    has_random_weights,
    is_guided,
    is_parts,
    processor,
    runs_on,
    sample_steps,
    size_of,
    steps_of,
    title_of,
)
from benchmarks.figures import RowFigures, measured_rows, ours, step_of
from benchmarks.method import METHOD, SPEED_ONLY_NOTE
from benchmarks.record import Record
from benchmarks.report import facts_table, record_names, write_document
from benchmarks.report_charts import GROUPS
from benchmarks.report_markdown import to_markdown
from benchmarks.report_tables import highlighted, memory_cell, name_of, picture_cell, psnr, timing
from benchmarks.wording import plain, seconds, times
from runtime.errors import InvalidRequest

Side = tuple[str, Record, tuple[RowFigures, ...]]


def compare(records: Sequence[Record]) -> str:
    """Return the comparison as Markdown; raises InvalidRequest for records that cannot be compared."""
    return to_markdown(build_comparison(records))


def write_comparison(
    records: Sequence[Record], folder: Path, *, name: str = "comparison"
) -> tuple[Path, Path]:
    """Write the comparison as NAME.html and NAME.md into `folder` and return their paths.

    Raises InvalidRequest for records that cannot be compared, or where nothing can be written.
    """
    return write_document(build_comparison(records), folder, name=name)


def build_comparison(records: Sequence[Record]) -> Document:
    """Return the contents of the comparison; raises InvalidRequest for records that cannot be compared."""
    check_comparable(records)
    names = record_names(records, always_letters=True)
    sides = [(name, record, measured_rows(record)) for name, record in zip(names, records, strict=True)]
    found = differences(records)
    blocks: list[Block] = [
        Bullets(items=tuple(f"{name}: {_who(record)}" for name, record, _ in sides)),
        Heading(text="What differs"),
        Bullets(items=found) if found else Paragraph(text="Nothing that was asked for, and no version."),
    ]
    if any(has_random_weights(record) for record in records):
        blocks.append(Paragraph(text=SPEED_ONLY_NOTE))
    if not is_parts(records[0]):
        blocks += [Heading(text="Every row, fastest first"), _all_rows(sides)]
        if chart := _chart(sides):
            blocks.append(chart)
    if shared := _shared_rows(sides):
        blocks += [Heading(text="The same row on each"), shared]
    blocks += [Heading(text="The machines and the runs"), facts_table(records, names)]
    if not is_parts(records[0]):
        blocks += [Heading(text="How it was measured, and what the words mean"), Bullets(items=METHOD)]
    return Document(title=f"Lapdraw benchmark: {len(records)} records side by side", blocks=tuple(blocks))


def check_comparable(records: Sequence[Record]) -> None:
    """Raise InvalidRequest, in one sentence, where seconds of one record mean nothing beside another's."""
    if len(records) < 2:
        raise InvalidRequest(f"a comparison needs two records or more, got {len(records)}: name another one")
    asked = (
        ("task", "tasks", [plain(record.request["task"], 60) for record in records]),
        ("model", "models", [plain(record.model["name"], 60) for record in records]),
        ("guidance", "kinds of step", [_guided(record) for record in records]),
    )
    for name, many, values in asked:
        if len(set(values)) > 1:
            told = " and ".join(dict.fromkeys(values))
            raise InvalidRequest(
                f"these records cannot be compared, their {many} differ ({told}): give records of one {name}"
            )


def differences(records: Sequence[Record]) -> tuple[str, ...]:
    """Return what differs in what was asked for, in the model's content, and in versions."""
    names = record_names(records, always_letters=True)
    asked = [
        ("Size", [size_of(record) for record in records]),
        ("Steps", [str(steps_of(record)) for record in records]),
        ("Steps of a sample", [str(sample_steps(record)) for record in records]),
        ("Guidance scale", [f"{record.request['guidance_scale']:g}" for record in records]),
        ("Sampler", [plain(record.request["sampler"], 60) for record in records]),
        ("Seed", [plain(record.request.get("seed"), 60) for record in records]),
        ("Prompt", [plain(record.request.get("prompt"), 120) for record in records]),
        ("Instructions", ["AVX2 and VNNI" if record.isa == "avx2" else "all" for record in records]),
        ("Power source", [plain(record.environment.get("power"), 40) for record in records]),
        ("Lapdraw", [plain(record.environment.get("lapdraw"), 60) for record in records]),
    ]
    content = sorted({name for record in records for name in record.model})
    asked += [
        (f"Model, {plain(name, 40)}", [plain(record.model.get(name), 80) for record in records])
        for name in content
    ]
    versions = [_versions(record) for record in records]
    packages = sorted(set.intersection(*(set(one) for one in versions)))
    asked += [(f"Version of {package}", [one[package] for one in versions]) for package in packages]
    notes = [
        f"{name}: "
        + ", ".join(f"{side} {value or 'not recorded'}" for side, value in zip(names, values, strict=True))
        for name, values in asked
        if len(set(values)) > 1
    ]
    if len({size_of(record) for record in records}) > 1:
        notes.append("The sizes differ, so the work of a step does: no ratios are given.")
    if len({steps_of(record) for record in records}) > 1:
        notes.append(
            f"The steps differ: every picture's time is worked out for {steps_of(records[0])} steps."
        )
    return tuple(notes)


def _versions(record: Record) -> dict[str, str]:
    """Return the version of each package, all of them where rows ran with several."""
    found: dict[str, set[str]] = {}
    for row in record.rows:
        for package, version in row.versions.items():
            found.setdefault(plain(package, 60), set()).add(plain(version, 60))
    return {package: " and ".join(sorted(several)) for package, several in found.items()}


def _guided(record: Record) -> str:
    return "guided" if is_guided(record) else "not guided"


def _who(record: Record) -> str:
    isa = ", limited to AVX2 and VNNI" if record.isa == "avx2" else ""
    where = processor(record) or "a processor that is not recorded"
    return f"{where}{isa}; {describe_model(record)}; recorded {plain(record.created, 40)}"


def _picture_seconds(figures: RowFigures, record: Record, steps: int) -> float | None:
    if steps == steps_of(record):
        return figures.picture.seconds if figures.picture is not None else None
    return figures.summary.computed_end_to_end(steps)


def _all_rows(sides: Sequence[Side]) -> Table:
    steps = steps_of(sides[0][1])
    same_size = len({size_of(record) for _, record, _ in sides}) == 1
    mine = ours(sides[0][2])
    base = _picture_seconds(mine, sides[0][1], steps) if mine is not None and same_size else None
    lines = []
    for name, record, rows in sides:
        for figures in rows:
            time = _picture_seconds(figures, record, steps)
            picture = (
                picture_cell(figures)
                if steps == steps_of(record)
                else Cell(text=seconds(time), detail="computed")
            )
            cell = Cell(text=f"{name}: {name_of(figures.row).text}")
            line = (
                *(cell, Cell(text=runs_on(figures.row)), timing(figures.summary.step), picture),
                Cell(text=times(base / time if base and time else None)),
                memory_cell(figures),
                Cell(text=psnr(figures.row)),
            )
            lines.append((time if time is not None else float("inf"), figures.row.group == "lapdraw", line))
    lines.sort(key=lambda item: item[0])
    title = f"Against {sides[0][0]}: {title_of(mine.row)}" if mine is not None else "Ratio"
    columns = (
        "Row",
        "Runs on",
        "Steady step",
        f"Picture of {steps} steps",
        title,
        "Peak memory",
        "PSNR to PyTorch f32",
    )
    return Table(
        columns=columns,
        rows=tuple(line for _, _, line in lines),
        highlighted=frozenset(index for index, (_, is_ours, _) in enumerate(lines) if is_ours),
    )


def _shared_rows(sides: Sequence[Side]) -> Table | None:
    """Return rows that more than one record measured, a column for each record."""
    same_size = len({size_of(record) for _, record, _ in sides}) == 1
    by_id = [{figures.row.id: figures for figures in rows} for _, _, rows in sides]
    shown = [figures for figures in sides[0][2] if any(figures.row.id in other for other in by_id[1:])]
    first = sides[0][0]
    lines = []
    for figures in shown:
        found = [one.get(figures.row.id) for one in by_id]
        ratios = [_step_ratio(figures, other) if same_size else None for other in found[1:]]
        steps = [timing(other.summary.step) if other is not None else Cell() for other in found]
        lines.append((name_of(figures.row), *steps, *cells(*(times(value) for value in ratios))))
    columns = (
        "Row",
        *(f"Step, {name}" for name, _, _ in sides),
        *(f"{name} is faster than {first} by" for name, _, _ in sides[1:]),
    )
    return Table(columns=columns, rows=tuple(lines), highlighted=highlighted(shown)) if lines else None


def _step_ratio(figures: RowFigures, other: RowFigures | None) -> float | None:
    mine, theirs = step_of(figures), step_of(other) if other is not None else None
    return mine / theirs if mine and theirs else None


def _chart(sides: Sequence[Side]) -> Chart | None:
    known = [
        (step, name, figures)
        for name, _, rows in sides
        for figures in rows
        if (step := step_of(figures)) is not None
    ]
    if not known:
        return None
    drawn = [
        Bar(label=f"{name}: {title_of(figures.row)}", parts=((figures.row.group, step),), value=seconds(step))
        for step, name, figures in sorted(known, key=lambda item: item[0])
    ]
    names = {group: text for group, text in GROUPS.items() if any(f.row.group == group for _, _, f in known)}
    title = "Time of a steady step"
    return Chart(title=title, drawing=bars(drawn, name=title, names=names), caption="Shorter is faster.")
