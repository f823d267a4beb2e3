"""The tables of one record: speed, where the time goes, what it takes, what was loaded, what ran."""

import statistics
from collections.abc import Iterable, Sequence

from benchmarks.document import Cell, Table, cells
from benchmarks.facts import runs_on, steps_of, title_of
from benchmarks.figures import REFERENCE, RowFigures, steps_run
from benchmarks.record import Record, Row
from benchmarks.summary import Figure
from benchmarks.wording import MISSING, digits, gibibytes, money, percent, plain, seconds, spread, times


def speed_table(record: Record, rows: Sequence[RowFigures]) -> Table:
    """Return the headline: a step, a picture, against plain PyTorch, memory, picture difference."""
    return Table(
        columns=(
            *("Row", "Runs on", "Steady step", f"Picture of {steps_of(record)} steps"),
            *(
                "Step against plain PyTorch",
                "Picture against plain PyTorch",
                "Peak memory",
                "PSNR to PyTorch f32",
            ),
        ),
        rows=tuple(
            (
                name_of(figures.row),
                Cell(text=runs_on(figures.row)),
                timing(figures.summary.step),
                picture_cell(figures),
                _ratio(figures.step_ratio),
                Cell(text=times(figures.picture_ratio)),
                _memory(figures.summary.peak_bytes),
                Cell(text=psnr(figures.row)),
            )
            for figures in rows
        ),
        highlighted=highlighted(rows),
    )


def parts_table(rows: Sequence[RowFigures]) -> Table:
    """Return the calls of a record of parts."""
    lines = [
        (
            name_of(figures.row),
            timing(figures.summary.step),
            Cell(text=str(figures.summary.step.n if figures.summary.step else 0)),
        )
        for figures in rows
    ]
    return Table(columns=("Part", "One call", "Calls timed"), rows=tuple(lines))


def stage_table(record: Record, rows: Sequence[RowFigures]) -> Table:
    """Return every stage's median and spread."""
    return Table(
        columns=(
            *("Row", "Samples", "Process start", "Load, cold", "Load, warm", "First step", "Steady step"),
            *("VAE decode", "To the end of step 1", f"End to end, {steps_of(record)} steps"),
        ),
        rows=tuple(
            (
                name_of(figures.row),
                Cell(text=str(figures.summary.end_to_end.n if figures.summary.end_to_end else 0)),
                *(
                    timing(figure)
                    for figure in (
                        *(
                            figures.summary.process_start,
                            figures.summary.load_cold,
                            figures.summary.load_warm,
                        ),
                        *(figures.summary.first_step, figures.summary.step, figures.summary.vae_decoder),
                        figures.summary.to_first_step,
                    )
                ),
                picture_cell(figures),
            )
            for figures in rows
        ),
        highlighted=highlighted(rows),
    )


def cost_table(record: Record, rows: Sequence[RowFigures]) -> Table:
    """Return arithmetic, loop, energy, and what a picture costs."""
    return Table(
        columns=(
            *("Row", "Achieved", "Share of measured peak", "Loop outside the networks", "Energy a picture"),
            *("Pictures an hour", "Price a picture, machine", "Price a picture, electricity"),
        ),
        rows=tuple(
            (
                name_of(figures.row),
                Cell(text=f"{digits(figures.summary.gflops)} GFLOPS" if figures.summary.gflops else MISSING),
                Cell(text=percent(figures.summary.share_of_peak)),
                Cell(text=percent(figures.summary.loop_share)),
                _energy(record, figures),
                Cell(text=digits(figures.pictures_per_hour) if figures.pictures_per_hour else MISSING),
                Cell(text=money(figures.price_of_machine, plain(record.prices.currency, 8))),
                Cell(text=money(figures.price_of_electricity, plain(record.prices.currency, 8))),
            )
            for figures in rows
        ),
        highlighted=highlighted(rows),
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
    """Return which kernels the UNet ran as, most frequent first; None where no library tells."""
    told = [figures.row for figures in rows if figures.row.kernels]
    lines = [cells(title_of(row), _kernels(row)) for row in told]
    return (
        Table(columns=("Row", "Nodes of the UNet by kernel"), rows=tuple(lines), numeric=False)
        if told
        else None
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
    """Return the rows without figures, with the reason."""
    shown = {figures.row.id for figures in rows}
    lines = [
        cells(title_of(row), row.status if row.status != "measured" else "no sample", _reason(row))
        for row in record.rows
        if row.id not in shown
    ]
    columns = ("Row", "State", "Reason")
    return Table(columns=columns, rows=tuple(lines), numeric=False) if lines else None


def timing(figure: Figure | None) -> Cell:
    """Return a median with its spread beneath."""
    return Cell(text=seconds(figure.median if figure else None), detail=spread(figure))


def picture_cell(figures: RowFigures) -> Cell:
    """Return the time of the picture asked for, saying where it is computed."""
    if figures.picture is None:
        return Cell()
    if figures.picture.measured is not None:
        return timing(figures.picture.measured)
    detail = f"computed, {steps_run(figures.row)} steps run"
    return Cell(text=seconds(figures.picture.seconds), detail=detail)


def psnr(row: Row) -> str:
    """Return the picture difference to the reference row."""
    if row.id == REFERENCE:
        return "reference"
    if row.picture is None:
        return MISSING
    if row.picture.identical:
        return "identical"
    return MISSING if row.picture.psnr_db is None else f"{row.picture.psnr_db:.1f} dB"


def name_of(row: Row) -> Cell:
    """Return the row's label."""
    return Cell(text=title_of(row))


def highlighted(rows: Sequence[RowFigures]) -> frozenset[int]:
    """Return which rows are ours."""
    return frozenset(index for index, figures in enumerate(rows) if figures.row.group == "lapdraw")


def _ratio(figure: Figure | None) -> Cell:
    if figure is None:
        return Cell()
    detail = f"{digits(figure.low)} to {digits(figure.high)}" if figure.n > 1 else ""
    return Cell(text=times(figure.median), detail=detail)


def _memory(figure: Figure | None) -> Cell:
    return Cell(text=gibibytes(figure.median if figure else None))


def _energy(record: Record, figures: RowFigures) -> Cell:
    joules = figures.summary.energy_joules
    if joules is None:
        return Cell(text="not available")
    run = steps_run(figures.row)
    detail = "" if run == steps_of(record) else f"of the {run} steps run"
    return Cell(text=f"{digits(joules.median)} J", detail=detail)


def _kernels(row: Row) -> str:
    counted = sorted((row.kernels or {}).items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{plain(name, 60)} {count}" for name, count in counted[:25])


def _reason(row: Row) -> str:
    return plain(row.reason) or "not recorded yet"


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _median(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None
