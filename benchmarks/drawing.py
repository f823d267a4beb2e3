"""What a chart is before it is shown: shapes with classes, which a page colours, or a file of its own does.

Across the page everything is given in per cent, downwards in pixels, and there is no viewBox: so a chart gets
narrower on a phone while its letters keep their size.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape

from benchmarks.wording import plain

LONGEST_LABEL = 60
# The colours of a page and of a chart, by day and by night.
LIGHT = {
    **{"page": "#fff", "ink": "#1a1c1f", "soft": "#5b6169", "line": "#dcdfe3", "ours": "#eef4fc"},
    **{"lapdraw": "#1f6fc5", "pytorch": "#d9622b", "peer": "#6b7480"},
    **{"start": "#8b929b", "load": "#c98a00", "first": "#8a5cc9", "steps": "#1f6fc5", "decode": "#138a62"},
}
DARK = {
    **{"page": "#15171a", "ink": "#e8eaed", "soft": "#a2a9b2", "line": "#383d44", "ours": "#1b2a3d"},
    **{"lapdraw": "#5ea3ee", "pytorch": "#f08a55", "peer": "#98a1ac"},
    **{"start": "#9aa1aa", "load": "#dba32a", "first": "#b08be6", "steps": "#5ea3ee", "decode": "#3fb98b"},
}
CHART_STYLE = """
svg text { font: 13px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: var(--ink); }
svg text { paint-order: stroke; stroke: var(--page); stroke-width: 3px; }
svg text.tick { fill: var(--soft); font-size: 12px; } svg { overflow: visible; vertical-align: middle; }
svg line.axis { stroke: var(--soft); } svg line.grid { stroke: var(--line); }
svg line.mark { stroke: var(--ink); stroke-dasharray: 4 4; }
.lapdraw { fill: var(--lapdraw); } .pytorch { fill: var(--pytorch); } .peer { fill: var(--peer); }
.start { fill: var(--start); } .load { fill: var(--load); } .first { fill: var(--first); }
.steps { fill: var(--steps); } .decode { fill: var(--decode); } .page { fill: var(--page); }
"""
_WIDTH = 760  # pixels of a file
_MARGINS = {"bars": (12, 84), "scatter": (82, 40)}  # left and right of the plot in a file, for its labels
_LETTER = 7.2  # pixels, about: the keys of a legend follow each other on a line
_LINE = 22


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A chart; `legend` tells what the classes of its shapes are, `axis` what stands upwards."""

    name: str
    kind: str  # bars or scatter
    height: int
    shapes: tuple[str, ...]
    legend: Mapping[str, str] = field(default_factory=dict)
    axis: str = ""


def in_page(drawing: Drawing) -> str:
    """Return the drawing as a part of a page, whose style sheet holds CHART_STYLE."""
    keys = "".join(
        f'<li><svg width="12" height="12" aria-hidden="true"><rect class="{colour}" width="12" height="12"/>'
        f"</svg> {text(words)}</li>"
        for colour, words in drawing.legend.items()
    )
    legend = f'<ul class="legend">{keys}</ul>' if keys else ""
    axis = f'<p class="axis">{text(drawing.axis)}</p>' if drawing.axis else ""
    return (
        f'{legend}{axis}<div class="plot {drawing.kind}"><svg role="img" aria-label="{text(drawing.name)}" '
        f'width="100%" height="{drawing.height}">{"".join(drawing.shapes)}</svg></div>'
    )


def as_file(drawing: Drawing) -> str:
    """Return the drawing as an SVG file that needs nothing else, light and dark."""
    left, right = _MARGINS[drawing.kind]
    top, keys = _legend(drawing.legend)
    if drawing.axis:
        keys += f'<text class="tick" x="12" y="{top + 14}">{text(drawing.axis)}</text>'
        top += _LINE
    height = top + drawing.height + 14
    style = f"{_coloured(LIGHT)}@media (prefers-color-scheme: dark) {{{_coloured(DARK)}}}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{text(drawing.name)}" '
        f'width="{_WIDTH}" height="{height}">\n<style>{style}</style>\n'
        f'<rect class="page" width="100%" height="100%"/>{keys}\n'
        f'<svg x="{left}" y="{top}" width="{_WIDTH - left - right}" height="{drawing.height}">'
        f"{''.join(drawing.shapes)}</svg>\n</svg>\n"
    )


def text(value: str) -> str:
    """Return a text of a chart, clipped and escaped."""
    return escape(plain(value, LONGEST_LABEL), quote=True)


def _legend(legend: Mapping[str, str]) -> tuple[int, str]:
    """Return where the legend ends, and its keys in as many lines as they need."""
    across, down, keys = 12.0, 10, ""
    for colour, words in legend.items():
        width = 36 + _LETTER * len(plain(words, LONGEST_LABEL))
        if across > 12 and across + width > _WIDTH:
            across, down = 12.0, down + _LINE
        keys += f'<rect class="{colour}" x="{across:.0f}" y="{down}" width="12" height="12"/>'
        keys += f'<text x="{across + 18:.0f}" y="{down + 11}">{text(words)}</text>'
        across += width
    return (down + _LINE if legend else down), keys


def _coloured(colours: Mapping[str, str]) -> str:
    return re.sub(r"var\(--(\w+)\)", lambda name: colours[name[1]], CHART_STYLE)
