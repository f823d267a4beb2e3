"""What a report is made of, before it becomes HTML or Markdown: plain texts, tables and charts.

Every text here is plain: it is the renderers that escape it, so nothing a record holds can become markup.
"""

from dataclasses import dataclass, field

from benchmarks.drawing import Drawing
from benchmarks.wording import MISSING


@dataclass(frozen=True, kw_only=True)
class Heading:
    """A heading inside the report; level 2 or 3."""

    text: str
    level: int = 2


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """One paragraph; `strong` for what the report has found."""

    text: str
    strong: bool = False


@dataclass(frozen=True, kw_only=True)
class Bullets:
    """A list of short texts."""

    items: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell: the figure, and beneath it what qualifies it."""

    text: str = MISSING
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Columns and rows; `highlighted` holds the indices of the rows that are ours."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    highlighted: frozenset[int] = field(default_factory=frozenset)
    numeric: bool = True  # everything but the first column is figures

    def __post_init__(self) -> None:
        assert all(len(row) == len(self.columns) for row in self.rows)


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A picture of figures that a table of the same report holds too."""

    title: str
    drawing: Drawing
    caption: str


Block = Heading | Paragraph | Bullets | Table | Chart


@dataclass(frozen=True, kw_only=True)
class Document:
    """A report."""

    title: str
    blocks: tuple[Block, ...]


def cells(*texts: str) -> tuple[Cell, ...]:
    """Return a row of cells without details."""
    return tuple(Cell(text=text or MISSING) for text in texts)
