"""A table for a terminal: aligned columns, details in brackets."""

from benchmarks.document import Cell, Table
from benchmarks.wording import plain

WIDEST = 60  # characters of a cell


def table_to_text(table: Table) -> str:
    """Return the table with a line a row; the first column is aligned left, figures right."""
    rows = [tuple(table.columns), *(tuple(map(_text, row)) for row in table.rows)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(table.columns))]
    return "\n".join(
        "  ".join(
            text.rjust(width) if place and table.numeric else text.ljust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _text(cell: Cell) -> str:
    return plain(f"{cell.text} ({cell.detail})" if cell.detail else cell.text, WIDEST)
