"""One report of one record or several: an HTML page and a Markdown file with the same contents."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.charts import Bar, Point, bars, scatter
from benchmarks.document import Block, Bullets, Chart, Document, Heading, Paragraph, Table, cells
from benchmarks.facts import (
    ISA_NAMES,
    ISA_TITLES,
    describe_model,
    facts,
    has_random_weights,
    is_parts,
    size_of,
    steps_of,
    title_of,
)
from benchmarks.figures import RowFigures, measured_rows, step_of
from benchmarks.findings import further, headline, warnings
from benchmarks.method import METHOD, SPEED_ONLY_NOTE
from benchmarks.record import Record
from benchmarks.report_html import to_html
from benchmarks.report_markdown import to_markdown
from benchmarks.report_tables import (
    component_table,
    cost_table,
    kernel_table,
    missing_table,
    parts_table,
    psnr,
    speed_table,
    stage_table,
    version_table,
)
from benchmarks.wording import plain, seconds, times
from runtime.errors import InvalidRequest
from runtime.whole_file import write_whole

GROUPS = {"lapdraw": "Lapdraw", "pytorch": "PyTorch", "peer": "OpenVINO peers"}
STAGES = {
    "start": "process start",
    "load": "load, warm",
    "first": "first step",
    "steps": "other steps",
    "decode": "VAE decode",
}
LEAST_PSNR = 40.0  # dB: what every f32 row must reach


def write_report(records: Sequence[Record], folder: Path, *, name: str = "report") -> tuple[Path, Path]:
    """Write NAME.html and NAME.md into `folder`, each whole or not at all, and return their paths.

    The laptop class comes first. Raises InvalidRequest without a record, or where nothing can be written.
    """
    return write_document(build_report(records), folder, name=name)


def write_document(document: Document, folder: Path, *, name: str) -> tuple[Path, Path]:
    """Write a document as NAME.html and NAME.md into `folder` and return their paths."""
    page, text = folder / f"{name}.html", folder / f"{name}.md"
    for path, content in ((page, to_html(document)), (text, to_markdown(document))):
        data = content.encode()
        write_whole(path, lambda file, data=data: file.write(data))  # type: ignore[misc]
    return page, text


def build_report(records: Sequence[Record]) -> Document:
    """Return the contents of the report; raises InvalidRequest without a record."""
    if not records:
        raise InvalidRequest("a report needs at least one record: name a JSON file that `benchmark` wrote")
    ordered = sorted(records, key=lambda record: (is_parts(record), record.isa != "avx2"))
    first = ordered[0]
    figures = [measured_rows(record) for record in ordered]
    blocks: list[Block] = [
        Paragraph(text=headline(record, rows), strong=record is first)
        for record, rows in zip(ordered, figures, strict=True)
        if not is_parts(record)
    ]
    if any(has_random_weights(record) for record in ordered):
        blocks.append(Paragraph(text=SPEED_ONLY_NOTE))
    blocks += [Heading(text="What was measured, on what"), facts_table(ordered, record_names(ordered))]
    for record, rows in zip(ordered, figures, strict=True):
        blocks += _section(record, rows)
    if not is_parts(first):
        blocks += [Heading(text="How it was measured, and what the words mean"), Bullets(items=METHOD)]
    return Document(title=f"Lapdraw benchmark: {_subject(first)}", blocks=tuple(blocks))


def _subject(record: Record) -> str:
    if is_parts(record):
        return "single calls"
    return f"{plain(record.model['name'])}, {size_of(record)}, {steps_of(record)} steps"


def facts_table(records: Sequence[Record], names: Sequence[str]) -> Table:
    """Return what the records say of their runs; where they differ, each under its name."""
    told = [facts(record) for record in records]
    rows = []
    for fact in told[0]:
        values = [one[fact] for one in told]
        if not any(values):
            continue
        if len(set(values)) == 1:
            rows.append(cells(fact, values[0]))
        else:
            text = " · ".join(
                f"{name}: {value or 'not recorded'}" for name, value in zip(names, values, strict=True)
            )
            rows.append(cells(fact, text))
    return Table(columns=("", ""), rows=tuple(rows), numeric=False)


def record_names(records: Sequence[Record], *, always_letters: bool = False) -> tuple[str, ...]:
    """Return a short name for each record, no two the same."""
    names = tuple(ISA_NAMES[record.isa] for record in records)
    if not always_letters and len(set(names)) == len(names):
        return names
    return tuple(f"{letter} ({name})" for name, letter in zip(names, _letters(len(names)), strict=True))


def _letters(count: int) -> tuple[str, ...]:
    return tuple(chr(ord("A") + index) if index < 26 else str(index + 1) for index in range(count))


def _section(record: Record, rows: Sequence[RowFigures]) -> list[Block]:
    if is_parts(record):
        return [
            Heading(text="Calls timed one by one, by pytest-benchmark"),
            parts_table(rows),
            *_warnings(record),
        ]
    blocks: list[Block] = [Heading(text=ISA_TITLES[record.isa]), Paragraph(text=f"{describe_model(record)}.")]
    if rows:
        blocks += [speed_table(record, rows), Bullets(items=further(record, rows)), *_charts(record, rows)]
        blocks += [Heading(text="Where the time goes", level=3), stage_table(record, rows)]
        blocks += [Heading(text="What it takes", level=3), cost_table(record, rows)]
    for title, table in (
        ("Reading and compiling", component_table(rows)),
        ("The kernels that ran", kernel_table(rows)),
        ("Versions", version_table([figures.row for figures in rows])),
        ("Not measured", missing_table(record, rows)),
    ):
        if table is not None:
            blocks += [Heading(text=title, level=3), table]
    return blocks + _warnings(record)


def _warnings(record: Record) -> list[Block]:
    told = warnings(record)
    return [Heading(text="Warnings", level=3), Bullets(items=told)] if told else []


def _charts(record: Record, rows: Sequence[RowFigures]) -> list[Block]:
    weights = " Speed only: random weights." if has_random_weights(record) else ""
    charts = []
    if stacked := [bar for figures in rows if (bar := _stages(record, figures)) is not None]:
        title = "Where the time of a picture goes"
        svg = bars(stacked, name=title, names=STAGES)
        caption = (
            f"From process start to a picture of {steps_of(record)} steps, from the medians of the parts."
        )
        charts.append(Chart(title=title, svg=svg, caption=caption + weights))
    if ratios := _ratios(rows):
        title = "How many times faster than plain PyTorch"
        svg = bars(ratios, name=title, mark=1.0)
        caption = "How many times faster than plain PyTorch in f32 (the dashed line), by the steady step."
        charts.append(Chart(title=title, svg=svg, caption=caption + weights))
    if points := _points(rows):
        title = "Time of a step against picture difference"
        svg = scatter(
            points,
            name=title,
            x_title="seconds a steady step",
            y_title="dB of PSNR to PyTorch f32: higher is nearer",
            top_label="identical",
            names={group: name for group, name in GROUPS.items() if any(p.colour == group for p in points)},
            mark=LEAST_PSNR,
        )
        told = ", ".join(f"{number} {point.label}" for number, point in enumerate(points, start=1))
        caption = (
            f"Left is faster, up is nearer to PyTorch f32; the dashed line is {LEAST_PSNR:g} dB. {told}."
        )
        charts.append(Chart(title=title, svg=svg, caption=caption + weights))
    return list(charts)


def _stages(record: Record, figures: RowFigures) -> Bar | None:
    summary, steps = figures.summary, steps_of(record)
    total = summary.computed_end_to_end(steps)
    if total is None or not (summary.process_start and summary.load_warm):
        return None
    if summary.first_step is None or summary.vae_decoder is None:
        return None
    lengths = (
        *(summary.process_start.median, summary.load_warm.median, summary.first_step.median),
        *((steps - 1) * (step_of(figures) or 0.0), summary.vae_decoder.median),
    )
    parts = tuple(zip(STAGES, lengths, strict=True))
    return Bar(label=title_of(figures.row), parts=parts, value=seconds(total))


def _ratios(rows: Sequence[RowFigures]) -> list[Bar]:
    known = [(figures.step_ratio.median, figures) for figures in rows if figures.step_ratio is not None]
    return [
        Bar(label=title_of(figures.row), parts=((figures.row.group, value),), value=times(value))
        for value, figures in sorted(known, key=lambda item: -item[0])
    ]


def _points(rows: Sequence[RowFigures]) -> list[Point]:
    points = []
    for figures in rows:
        step, picture = step_of(figures), figures.row.picture
        is_same = psnr(figures.row) in ("identical", "reference")
        decibels = picture.psnr_db if picture is not None else None
        if step is not None and (is_same or decibels is not None):
            y = None if is_same else decibels
            points.append(Point(label=title_of(figures.row), x=step, y=y, colour=figures.row.group))
    return points
