"""The tables of a report's details: what was read and compiled, what ran, versions, what was not measured."""

import statistics
from collections.abc import Iterable, Sequence

from benchmarks.document import Cell, Table, cells
from benchmarks.facts import title_of
from benchmarks.figures import RowFigures
from benchmarks.kernels import is_product, wide_others, wide_products
from benchmarks.record import Record, Row
from benchmarks.report_tables import name_of
from benchmarks.wording import plain, seconds

COMPONENT_NOTE = (
    "Components compile side by side, so their times overlap: load is shorter than their sum. On a CPU "
    "Lapdraw's decoder compiles beside step 2 and is no part of load."
)


def component_table(rows: Sequence[RowFigures]) -> Table | None:
    """Return the reading and compiling of each component, None where no driver tells."""
    lines = []
    for figures in rows:
        samples = figures.row.samples
        names = sorted({name for sample in samples for part in sample.components.values() for name in part})
        for name in names:
            of = {
                (cache, kind): [
                    float(sample.components[kind][name])
                    for sample in samples
                    if sample.cache == cache and _is_time(sample.components.get(kind, {}).get(name))
                ]
                for cache in ("cold", "warm")
                for kind in ("read", "compile")
            }
            cached = any(sample.components.get("from_cache", {}).get(name) is True for sample in samples)
            lines.append(
                (
                    name_of(figures.row),
                    Cell(text=plain(name, 40)),
                    *(
                        Cell(text=seconds(_median(of[place])))
                        for place in (("warm", "read"), ("cold", "compile"), ("warm", "compile"))
                    ),
                    Cell(text="yes" if cached else "no"),
                )
            )
    columns = ("Row", "Component", "Read", "Compile, cold", "Compile, warm", "Kept between starts")
    return Table(columns=columns, rows=tuple(lines)) if lines else None


def kernel_table(rows: Sequence[RowFigures]) -> Table | None:
    """Return which kernels the UNet ran as, products apart, most frequent first; None where none tells."""
    told = [figures.row for figures in rows if figures.row.kernels]
    lines = [
        cells(title_of(row), _kernels(row, products=True), _kernels(row, products=False)) for row in told
    ]
    columns = ("Row", "Products and convolutions of the UNet", "Its other layers")
    return Table(columns=columns, rows=tuple(lines), numeric=False) if told else None


def kernel_note(record: Record, rows: Sequence[RowFigures]) -> str:
    """Return what stays wide under a limit although it holds; nothing where nothing does."""
    counts = {figures.row.id: wide_others(figures.row) for figures in rows if figures.row.kernels}
    held = record.isa == "avx2" and not any(wide_products(record, figures.row) for figures in rows)
    if not held or not any(counts.values()):
        return ""
    told = " or ".join(str(count) for count in sorted(set(counts.values())))
    return (
        "The limit holds for products and convolutions. Normalisation and resizing stay AVX-512 in OpenVINO "
        f"(MVN, Interpolate), {told} layers here: that is expected."
    )


def version_table(rows: Iterable[Row]) -> Table | None:
    """Return the versions each row ran with."""
    lines = [
        cells(
            title_of(row),
            ", ".join(
                f"{plain(name, 60)} {plain(version, 60)}"
                for name, version in sorted(row.versions.items())[:30]
            ),
        )
        for row in rows
        if row.versions
    ]
    return Table(columns=("Row", "Versions"), rows=tuple(lines), numeric=False) if lines else None


def missing_table(record: Record, rows: Sequence[RowFigures]) -> Table | None:
    """Return the rows without figures; those with one reason share a line."""
    shown = {figures.row.id for figures in rows}
    found: dict[tuple[str, str], list[str]] = {}
    for row in record.rows:
        if row.id not in shown:
            state = row.status if row.status != "measured" else "no sample"
            found.setdefault((state, plain(row.reason) or "not recorded yet"), []).append(title_of(row))
    lines = [cells("; ".join(names), state, reason) for (state, reason), names in found.items()]
    columns = ("Rows", "State", "Reason")
    return Table(columns=columns, rows=tuple(lines), numeric=False) if lines else None


def _kernels(row: Row, *, products: bool) -> str:
    counted = sorted(
        ((name, count) for name, count in (row.kernels or {}).items() if is_product(name) == products),
        key=lambda item: (-item[1], item[0]),
    )
    return ", ".join(f"{plain(name, 60)} {count}" for name, count in counted[:25])


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _median(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None
