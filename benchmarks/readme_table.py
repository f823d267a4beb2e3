"""Writes the README's speed table from the newest committed records.

python -m benchmarks.readme_table [--check]
"""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.document import Cell, Table, cells
from benchmarks.facts import (
    ISA_TITLES,
    has_random_weights,
    is_parts,
    is_shorter,
    processor,
    sample_steps,
    size_of,
    step_name,
    steps_of,
)
from benchmarks.figures import REFERENCE, RowFigures, measured_rows
from benchmarks.record import Record
from benchmarks.record_file import read_record
from benchmarks.report_markdown import escape, table_to_markdown
from benchmarks.report_tables import highlighted, memory_cell, name_of, psnr
from benchmarks.wording import plain, seconds, times
from runtime.errors import InvalidRequest, LapdrawError
from runtime.whole_file import write_whole

ROOT = Path(__file__).resolve().parent.parent
BEGIN = "<!-- speed table: written by python -m benchmarks.readme_table -->"
END = "<!-- end of the speed table -->"
NOTHING = "Not recorded yet."
NO_CUDA = ("PyTorch on CUDA", "not yet recorded")
_COLUMNS = ("", "A step", "A picture", "Step against plain PyTorch", "Memory", "PSNR")


def main(arguments: Sequence[str]) -> int:
    """Rewrite the README's table, or with `--check` say whether it is stale; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.readme_table", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; status 1 where it is stale")
    parser.add_argument("--readme", type=Path, default=ROOT / "README.md")
    parser.add_argument("--reports", type=Path, default=ROOT / "benchmarks" / "reports")
    options = parser.parse_args(arguments)
    try:
        is_current = update_readme(options.readme, options.reports, check=options.check)
    except LapdrawError as error:
        print(error, file=sys.stderr)
        return 2
    if options.check and not is_current:
        print(f"{options.readme.name} is stale: run python -m benchmarks.readme_table", file=sys.stderr)
        return 1
    return 0


def update_readme(readme: Path, reports: Path, *, check: bool = False) -> bool:
    """Return whether the table was up to date; write it where it was not, unless it is only checked.

    Raises InvalidRequest for a README without the two markers, or for a record that cannot be read.
    """
    text = readme.read_bytes().decode()
    found = re.search(f"{re.escape(BEGIN)}\n(.*?){re.escape(END)}", text, re.DOTALL)
    if found is None:
        raise InvalidRequest(f"{readme} has no speed table: put {BEGIN} and {END} where it shall stand")
    wanted = f"{BEGIN}\n{speed_section(newest_records(reports))}{END}"
    if found[0] == wanted:
        return True
    if not check:
        data = text.replace(found[0], wanted).encode()
        write_whole(readme, lambda file: file.write(data))
    return False


def newest_records(reports: Path) -> tuple[Record, ...]:
    """Return the newest record of each limit of instructions and kind of machine, the laptop class first.

    Records that measured a CUDA row count apart, so that one taken elsewhere does not hide this machine's.
    """
    newest: dict[tuple[bool, str], Record] = {}
    for path in sorted(reports.glob("*.json")):
        record = read_record(path)
        if is_parts(record):
            continue
        kind = (_has_cuda(measured_rows(record)), record.isa)
        if kind not in newest or record.created > newest[kind].created:
            newest[kind] = record
    return tuple(newest[kind] for kind in sorted(newest))


def speed_section(records: Sequence[Record]) -> str:
    """Return the README's tables with a line above each, ending in a line break."""
    if not records:
        return f"{NOTHING}\n"
    rows = [measured_rows(record) for record in records]
    has_cuda = any(_has_cuda(of_one) for of_one in rows)
    parts = []
    for index, (record, measured) in enumerate(zip(records, rows, strict=True)):
        is_last = index == len(records) - 1
        parts += [_caption(record), table_to_markdown(_table(measured, add_cuda=is_last and not has_cuda))]
    return "\n\n".join(["", *parts, ""]).removeprefix("\n")


def _table(rows: Sequence[RowFigures], *, add_cuda: bool) -> Table:
    lines: list[tuple[Cell, ...]] = [
        (
            name_of(figures.row),
            Cell(text=seconds(figures.summary.step.median if figures.summary.step else None)),
            Cell(text=_picture(figures)),
            Cell(text=_ratio(figures)),
            memory_cell(figures),
            Cell(text=psnr(figures.row)),
        )
        for figures in rows
    ]
    if add_cuda:
        name, state = NO_CUDA
        lines.append((*cells(name, state), *[Cell()] * (len(_COLUMNS) - 2)))
    return Table(columns=_COLUMNS, rows=tuple(lines), highlighted=highlighted(rows))


def _picture(figures: RowFigures) -> str:
    if figures.picture is None:
        return seconds(None)
    way = "" if figures.picture.measured is not None else ", computed"
    return f"{seconds(figures.picture.seconds)}{way}"


def _ratio(figures: RowFigures) -> str:
    if figures.row.id == REFERENCE:
        return "1"
    return times(figures.step_ratio.median if figures.step_ratio else None)


def _caption(record: Record) -> str:
    """Return what the table beneath shows, on what: one paragraph."""
    weights = "; random weights, so speed only" if has_random_weights(record) else ""
    run, shorter = sample_steps(record), ""
    if is_shorter(record):
        shorter = f", computed from samples of {run} steps, whose pictures the PSNR is of"
    text = (
        f"{ISA_TITLES[record.isa]}. {plain(record.model['name'])}, {size_of(record)}, "
        f"{steps_of(record)} {step_name(record)}s, a picture from process start{shorter}, "
        f"median of {record.rounds}, ratios paired by round; {processor(record)}{weights}."
    )
    return escape(text)


def _has_cuda(rows: Sequence[RowFigures]) -> bool:
    return any(figures.row.device.startswith("cuda") for figures in rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
