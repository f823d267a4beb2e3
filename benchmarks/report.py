"""One report of one record or several: an HTML page and a Markdown file with the same contents."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.document import Block, Bullets, Chart, Document, Heading, Paragraph, Table, cells
from benchmarks.drawing import as_file
from benchmarks.facts import (
    ISA_NAMES,
    ISA_TITLES,
    describe_model,
    facts,
    has_random_weights,
    is_parts,
    size_of,
    steps_of,
)
from benchmarks.figures import RowFigures, measured_rows
from benchmarks.findings import further, headline, warnings
from benchmarks.method import METHOD, SPEED_ONLY_NOTE
from benchmarks.record import Record
from benchmarks.report_charts import charts_of
from benchmarks.report_details import (
    COMPONENT_NOTE,
    component_table,
    kernel_note,
    kernel_table,
    missing_table,
    version_table,
)
from benchmarks.report_html import to_html
from benchmarks.report_markdown import to_markdown
from benchmarks.report_tables import cost_table, parts_table, speed_notes, speed_table, stage_table
from benchmarks.wording import plain
from runtime.errors import InvalidRequest
from runtime.whole_file import write_whole


def write_report(records: Sequence[Record], folder: Path, *, name: str = "report") -> tuple[Path, Path]:
    """Write NAME.html and NAME.md into `folder`, each whole or not at all, and return their paths.

    Markdown's charts are beside it: NAME-1.svg and so on. The laptop class comes first. Raises
    InvalidRequest without a record, or where nothing can be written.
    """
    return write_document(build_report(records), folder, name=name)


def write_document(document: Document, folder: Path, *, name: str) -> tuple[Path, Path]:
    """Write a document as NAME.html and NAME.md, with NAME-1.svg and so on; return the first two's paths."""
    page, text = folder / f"{name}.html", folder / f"{name}.md"
    charts = [block for block in document.blocks if isinstance(block, Chart)]
    pictures = [folder / f"{name}-{number}.svg" for number in range(1, len(charts) + 1)]
    contents = {path: as_file(chart.drawing) for path, chart in zip(pictures, charts, strict=True)}
    contents |= {page: to_html(document), text: to_markdown(document, [path.name for path in pictures])}
    for path, content in contents.items():
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
        blocks += [speed_table(record, rows), *map(_paragraph, speed_notes(record))]
        blocks += [Bullets(items=further(record, rows)), *charts_of(record, rows)]
        blocks += [Heading(text="Where the time goes", level=3), stage_table(record, rows)]
        blocks += [Heading(text="What it takes", level=3), cost_table(record, rows)]
    for title, table, note in (
        ("Reading and compiling", component_table(rows), COMPONENT_NOTE),
        ("The kernels that ran", kernel_table(rows), kernel_note(record, rows)),
        ("Versions", version_table([figures.row for figures in rows]), ""),
        ("Not measured", missing_table(record, rows), ""),
    ):
        if table is not None:
            blocks += [Heading(text=title, level=3), table, *([_paragraph(note)] if note else [])]
    return blocks + _warnings(record)


def _paragraph(text: str) -> Paragraph:
    return Paragraph(text=text)


def _warnings(record: Record) -> list[Block]:
    told = warnings(record)
    return [Heading(text="Warnings", level=3), Bullets(items=told)] if told else []
