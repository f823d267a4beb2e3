"""How a report words a figure, and what is left of a text that a stranger wrote."""

import math
import unicodedata

from benchmarks.summary import Figure

MISSING = "–"
LONGEST_PARAGRAPH = 4000
_LONGEST = 400  # of a text that a record holds


def plain(value: object, longest: int = _LONGEST) -> str:
    """Return `value` as one line without control, direction or other invisible characters, clipped."""
    text = value if isinstance(value, str) else "" if value is None else str(value)
    kept = (" " if unicodedata.category(letter)[0] in "ZC" else letter for letter in text[: 4 * longest])
    line = " ".join("".join(kept).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def seconds(value: float | None) -> str:
    """Return a duration given in seconds: `3.45 s`, `85 ms`, `2.1 µs`."""
    if value is None:
        return MISSING
    if value == 0:
        return "0 s"
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if abs(value) * scale >= (0.0995 if unit == "s" else 0.995):
            return f"{digits(value * scale)} {unit}"
    return f"{digits(value * 1e9)} ns"


def digits(value: float) -> str:
    """Return `value` with three digits that count."""
    size = abs(value)
    if not math.isfinite(size):
        return MISSING
    places = 3 if size < 0.9995 else 2 if size < 9.995 else 1 if size < 99.95 else 0
    return f"{value:,.{places}f}" if size < 1e12 else f"{value:.3g}"


def rate(value: float | None, precision: str) -> str:
    """Return 1e9 operations a second: GFLOPS, but GOPS of whole numbers, which have no floating point."""
    unit = "GOPS" if "int" in precision.lower() else "GFLOPS"
    return MISSING if value is None else f"{digits(value)} {unit}"


def times(value: float | None) -> str:
    """Return a ratio: `2.13x`."""
    return MISSING if value is None else f"{digits(value)}x"


def percent(share: float | None) -> str:
    """Return a share as a percentage: `71 %`, `0.42 %`."""
    if share is None:
        return MISSING
    value = 100 * share
    return f"{value:.2f} %" if abs(value) < 1 else f"{value:.1f} %" if abs(value) < 10 else f"{value:,.0f} %"


def gibibytes(value: float | None) -> str:
    """Return bytes as `4.05 GiB` or, below a tenth of one, `85 MiB`."""
    if value is None:
        return MISSING
    return f"{digits(value / 2**30)} GiB" if value >= 2**30 / 10 else f"{value / 2**20:,.0f} MiB"


def money(value: float | None, currency: str) -> str:
    """Return a price, with three digits that count below a hundredth."""
    if value is None:
        return MISSING
    return f"{value:.2f} {currency}" if value >= 0.995 or value == 0 else f"{value:.3g} {currency}"


def spread(figure: Figure | None) -> str:
    """Return the lowest and the highest sample: `3.41 to 3.52 s`; nothing for a single one."""
    if figure is None or figure.n < 2:
        return ""
    low, high = seconds(figure.low), seconds(figure.high)
    if low.split()[1:] == high.split()[1:]:
        low = low.split()[0]
    return f"{low} to {high}"
