"""The tables of a record's figures: speed, where the time goes, what it takes; and the notes beneath them."""

from collections.abc import Callable, Sequence

from benchmarks.document import Cell, Table
from benchmarks.facts import is_on_cpu, is_shorter, runs_on, sample_steps, steps_of, title_of
from benchmarks.figures import REFERENCE, RowFigures, steps_run
from benchmarks.record import Record, Row
from benchmarks.summary import Figure, executed_precision
from benchmarks.wording import (
    MISSING,
    digits,
    gibibytes,
    money,
    percent,
    plain,
    rate,
    seconds,
    spread,
    times,
)


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
                _step_ratio(figures),
                Cell(text="1" if figures.row.id == REFERENCE else times(figures.picture_ratio)),
                memory_cell(figures),
                Cell(text=psnr(figures.row)),
            )
            for figures in rows
        ),
        highlighted=highlighted(rows),
    )


def speed_notes(record: Record) -> tuple[str, ...]:
    """Return what a reader of the table of speed must know of its columns."""
    paired = "Ratios are paired: each is the median of the ratios within a round, not that of the medians."
    if not is_shorter(record):
        return (paired,)
    run = sample_steps(record)
    return (
        f"{paired} Those of the picture are not: they are of its computed times.",
        f"The samples ran {run} of the {steps_of(record)} steps: the picture's time is computed from its "
        f"parts, and PSNR is that of the picture after {run} steps.",
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
            *("Row", "Samples", "Process start", "Load, cold", "Load, warm", "First step", "Second step"),
            *("Steady step", "VAE decode", "To the end of step 1"),
            f"End to end, {steps_of(record)} steps",
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
                        *(figures.summary.first_step, figures.summary.second_step, figures.summary.step),
                        *(figures.summary.vae_decoder, figures.summary.to_first_step),
                    )
                ),
                picture_cell(figures),
            )
            for figures in rows
        ),
        highlighted=highlighted(rows),
    )


def cost_table(record: Record, rows: Sequence[RowFigures]) -> Table:
    """Return arithmetic, loop, energy, pictures an hour, and what a picture costs where prices were given."""
    prices = _price_columns(record)
    return Table(
        columns=(
            *("Row", "Achieved", "Share of measured peak", "Loop outside the networks", "Energy a picture"),
            "Pictures an hour, process stays open",
            *(f"Price a picture, process start to pixels, {name}" for name, _ in prices),
        ),
        rows=tuple(
            (
                name_of(figures.row),
                Cell(text=rate(figures.summary.gflops, executed_precision(figures.row))),
                Cell(text=percent(figures.summary.share_of_peak)),
                Cell(text=percent(figures.summary.loop_share)),
                _energy(record, figures),
                Cell(text=digits(figures.pictures_per_hour) if figures.pictures_per_hour else MISSING),
                *(Cell(text=money(price(figures), plain(record.prices.currency, 8))) for _, price in prices),
            )
            for figures in rows
        ),
        highlighted=highlighted(rows),
    )


def _price_columns(record: Record) -> list[tuple[str, Callable[[RowFigures], float | None]]]:
    columns: list[tuple[str, Callable[[RowFigures], float | None]]] = []
    if record.prices.machine_per_hour is not None:
        columns.append(("machine", lambda figures: figures.price_of_machine))
    if record.prices.electricity_per_kwh is not None:
        columns.append(("electricity", lambda figures: figures.price_of_electricity))
    return columns


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
    """Return the picture difference to plain PyTorch, or to the row that is then named."""
    if row.id == REFERENCE:
        return "reference"
    if row.picture is None or (row.picture.psnr_db is None and not row.picture.identical):
        return MISSING
    value = "identical" if row.picture.identical else f"{row.picture.psnr_db:.1f} dB"
    return value if is_against_reference(row) else f"{value} to {plain(row.picture.reference, 40)}"


def is_against_reference(row: Row) -> bool:
    """Whether the row's picture was compared with plain PyTorch's."""
    return row.picture is not None and row.picture.reference == REFERENCE


def memory_cell(figures: RowFigures) -> Cell:
    """Return the peak memory, which of a GPU's or NPU's rows is the host's alone."""
    figure = figures.summary.peak_bytes
    detail = "" if figure is None or is_on_cpu(figures.row) else "the host's"
    return Cell(text=gibibytes(figure.median if figure else None), detail=detail)


def name_of(row: Row) -> Cell:
    """Return the row's label."""
    return Cell(text=title_of(row))


def highlighted(rows: Sequence[RowFigures]) -> frozenset[int]:
    """Return which rows are ours."""
    return frozenset(index for index, figures in enumerate(rows) if figures.row.group == "lapdraw")


def _step_ratio(figures: RowFigures) -> Cell:
    figure = figures.step_ratio
    if figures.row.id == REFERENCE:
        return Cell(text="1")
    if figure is None:
        return Cell()
    detail = f"{digits(figure.low)} to {digits(figure.high)}" if figure.n > 1 else ""
    return Cell(text=times(figure.median), detail=detail)


def _energy(record: Record, figures: RowFigures) -> Cell:
    joules = figures.summary.energy_joules
    if joules is None:
        return Cell(text="not available")
    run = steps_run(figures.row)
    detail = "" if run == steps_of(record) else f"of the {run} steps run"
    return Cell(text=f"{digits(joules.median)} J", detail=detail)
