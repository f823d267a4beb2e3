"""A document as one HTML page: nothing outside it, no script, light and dark, for screen, phone and paper."""

from collections.abc import Mapping
from html import escape

from benchmarks.document import Block, Bullets, Cell, Chart, Document, Heading, Paragraph, Table
from benchmarks.drawing import CHART_STYLE, DARK, LIGHT, in_page
from benchmarks.wording import LONGEST_PARAGRAPH, plain

# Should a text get through unescaped after all, the browser loads and runs nothing.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_RULES = """
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.2rem; max-width: 74rem; background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: .4rem 0 .8rem; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 .6rem; border-top: 1px solid var(--line); padding-top: 1rem; }
h3 { font-size: 1.05rem; margin: 1.6rem 0 .5rem; }
p { margin: .6rem 0; max-width: 46rem; } p.strong { font-size: 1.08rem; font-weight: 600; }
.scroll { overflow-x: auto; margin: .8rem 0; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums;
  overflow-wrap: normal; }
th, td { padding: .4rem .7rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
thead th { border-bottom: 2px solid var(--line); vertical-align: bottom; font-weight: 600; }
tbody th { font-weight: 400; min-width: 7.5rem; max-width: 16rem; position: sticky; left: 0;
  background: var(--page); } tr.ours > * { background: var(--ours); }
tr.ours th { font-weight: 600; } table.numeric td, table.numeric thead th + th { text-align: right; }
table.numeric td { white-space: nowrap; }
small { display: block; color: var(--soft); font-size: .88em; white-space: normal; min-width: 8.2rem; }
figure { margin: 1.2rem 0 1.8rem; max-width: 46rem; break-inside: avoid; }
figure > .title { font-weight: 600; margin-bottom: .6rem; }
figcaption { color: var(--soft); font-size: .88rem; margin-top: .5rem; }
.plot { padding-right: 76px; } .plot.scatter { padding: 0 26px 0 70px; }
p.axis { font-size: .85rem; color: var(--soft); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; padding: 0; margin: 0 0 .7rem;
  font-size: .88rem; }
@media print {
  html { font-size: 10px; } body { padding: 0; max-width: none; } .scroll { overflow: visible; }
  table { font-size: .85rem; } th, td { padding: .2rem .35rem; } tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; } * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""


def _colours(scheme: str, colours: Mapping[str, str]) -> str:
    told = " ".join(f"--{name}: {colour};" for name, colour in colours.items())
    return f":root {{ color-scheme: {scheme}; {told} }}"


_PAPER = LIGHT | {"ink": "#000", "soft": "#444", "line": "#bbb"}
_STYLE = (
    f"\n{_colours('light dark', LIGHT)}\n@media (prefers-color-scheme: dark) {{ {_colours('dark', DARK)} }}\n"
    f"@media print {{ {_colours('light', _PAPER)} }}{CHART_STYLE}{_RULES}"
)


def to_html(document: Document) -> str:
    """Return the document as one page that needs nothing else."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(document.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{_text(document.title)}</h1>\n"
        + "\n".join(_block(block) for block in document.blocks)
        + "\n</body>\n</html>\n"
    )


def _block(block: Block) -> str:
    match block:
        case Heading():
            return f"<h{block.level}>{_text(block.text)}</h{block.level}>"
        case Paragraph():
            return f"<p{' class=strong' if block.strong else ''}>{_text(block.text)}</p>"
        case Bullets():
            return "<ul>" + "".join(f"<li>{_text(item)}</li>" for item in block.items) + "</ul>"
        case Table():
            return _table(block)
        case Chart():
            return (
                f'<figure><p class="title">{_text(block.title)}</p>{in_page(block.drawing)}'
                f"<figcaption>{_text(block.caption)}</figcaption></figure>"
            )


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{_text(column)}</th>' for column in table.columns)
    lines = []
    for index, (first, *rest) in enumerate(table.rows):
        row = f'<th scope="row">{_cell(first)}</th>' + "".join(f"<td>{_cell(cell)}</td>" for cell in rest)
        lines.append(f"<tr{' class=ours' if index in table.highlighted else ''}>{row}</tr>")
    body = "\n".join(lines)
    kind = ' class="numeric"' if table.numeric else ""
    return (
        f'<div class="scroll" role="region" tabindex="0"><table{kind}>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def _cell(cell: Cell) -> str:
    return _text(cell.text) + (f"<small>{_text(cell.detail)}</small>" if cell.detail else "")


def _text(value: str) -> str:
    return escape(plain(value, LONGEST_PARAGRAPH), quote=True)
