"""A document as Markdown: GitHub's tables, every text escaped, charts in files beside it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote

from benchmarks.document import Block, Bullets, Cell, Chart, Document, Heading, Paragraph, Table
from benchmarks.wording import LONGEST_PARAGRAPH, plain

_SPECIAL = re.compile(r"([\\`*_\[\]|~$])")
_MENTION = re.compile(r"@(?=\w)")
_BLOCK_START = re.compile(r"^([-=+#]|\d+(?=[.)](?:\s|$)))")


def to_markdown(document: Document, charts: Sequence[str] = ()) -> str:
    """Return the document as Markdown that ends in a line break.

    `charts` are the names of the charts' files in their order; without them charts are left out.
    """
    names = iter(charts)
    blocks = [f"# {escape(document.title)}", *(_block(block, names) for block in document.blocks)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def table_to_markdown(table: Table) -> str:
    """Return one table; our rows are bold."""
    lines = [_line(escape(column) for column in table.columns)]
    lines.append(_line(["---", *(["---:"] if table.numeric else ["---"]) * (len(table.columns) - 1)]))
    for index, row in enumerate(table.rows):
        lines.append(
            _line(_cell(cell, index in table.highlighted and not place) for place, cell in enumerate(row))
        )
    return "\n".join(lines)


def escape(text: str) -> str:
    """Return `text` so that Markdown shows it as it is: no markup, no HTML, no link."""
    line = plain(text, LONGEST_PARAGRAPH)
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = _SPECIAL.sub(r"\\\1", line)
    line = _MENTION.sub("&#64;", line)
    line = line.replace("://", "&#58;//").replace("www.", "www&#46;")
    return _BLOCK_START.sub(lambda start: f"{start[0]}\\" if start[0].isdigit() else f"\\{start[0]}", line)


def _block(block: Block, charts: Iterator[str]) -> str:
    match block:
        case Heading():
            return f"{'#' * block.level} {escape(block.text)}"
        case Paragraph():
            return f"**{escape(block.text)}**" if block.strong else escape(block.text)
        case Bullets():
            return "\n".join(f"- {escape(item)}" for item in block.items)
        case Table():
            return table_to_markdown(block)
        case Chart():
            name = next(charts, None)
            return f"![{escape(block.title)}]({quote(name)})\n\n{escape(block.caption)}" if name else ""


def _line(parts: Iterable[str]) -> str:
    return f"| {' | '.join(parts)} |"


def _cell(cell: Cell, strong: bool) -> str:
    text = f"**{escape(cell.text)}**" if strong else escape(cell.text)
    return f"{text} ({escape(cell.detail)})" if cell.detail else text
