"""Figures of a row that need the whole record: the picture that was asked for, ratios, rates and prices."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.facts import steps_of
from benchmarks.record import Record, Row
from benchmarks.summary import Figure, Summary, ratio, steady_step, summarize

REFERENCE = "pytorch-f32"  # plain PyTorch: what ratios and pictures are compared with


@dataclass(frozen=True, kw_only=True)
class PictureTime:
    """Process start to pixels, for the number of steps that was asked for."""

    seconds: float
    measured: Figure | None  # None where fewer steps were run and the time is computed from its parts


@dataclass(frozen=True, kw_only=True)
class RowFigures:
    """A measured row with everything a report shows of it."""

    row: Row
    summary: Summary
    picture: PictureTime | None
    step_ratio: Figure | None  # times faster than the reference, a steady step
    picture_ratio: float | None  # the same for the picture
    pictures_per_hour: float | None  # of a process that stays open: first step, steady steps, decode
    price_of_machine: float | None  # a picture's from process start to pixels, by the machine's hour
    price_of_electricity: float | None  # over the same time


def measured_rows(record: Record) -> tuple[RowFigures, ...]:
    """Return the figures of the rows that were measured, in the record's order."""
    return tuple(_figures(record, row) for row in record.rows if is_measured(row))


def is_measured(row: Row) -> bool:
    """Whether the row has at least one warm sample."""
    return row.status == "measured" and any(sample.cache == "warm" for sample in row.samples)


def steps_run(row: Row) -> int:
    """Return how many steps every warm sample ran."""
    return min((len(sample.marks.steps) for sample in row.samples if sample.cache == "warm"), default=0)


def find(rows: Sequence[RowFigures], id_: str) -> RowFigures | None:
    """Return the measured row of that id."""
    return next((figures for figures in rows if figures.row.id == id_), None)


def ours(rows: Sequence[RowFigures]) -> RowFigures | None:
    """Return the row that a headline is about: ours in f32, else our fastest."""
    own = [figures for figures in rows if figures.row.group == "lapdraw" and step_of(figures) is not None]
    return find(own, "lapdraw-f32") or min(own, key=lambda figures: step_of(figures) or 0.0, default=None)


def step_of(figures: RowFigures) -> float | None:
    """Return the seconds of a steady step."""
    return figures.summary.step.median if figures.summary.step else None


def _figures(record: Record, row: Row) -> RowFigures:
    summary = summarize(record, row)
    picture = picture_time(record, row, summary)
    reference = record.row(REFERENCE)
    step_ratio = picture_ratio = None
    if reference is not None and is_measured(reference):
        step_ratio = ratio(row, reference, steady_step)
        theirs = picture_time(record, reference, summarize(record, reference))
        picture_ratio = _picture_ratio(row, reference, picture, theirs)
    per_hour = _pictures_per_hour(summary, steps_of(record))
    hourly, kwh = record.prices.machine_per_hour, record.prices.electricity_per_kwh
    joules = summary.energy_joules.median if summary.energy_joules else None
    is_whole = picture is not None and picture.measured is not None
    return RowFigures(
        row=row,
        summary=summary,
        picture=picture,
        step_ratio=step_ratio,
        picture_ratio=picture_ratio,
        pictures_per_hour=per_hour,
        price_of_machine=hourly * picture.seconds / 3600
        if hourly is not None and picture is not None
        else None,
        price_of_electricity=joules / 3.6e6 * kwh
        if joules is not None and kwh is not None and is_whole
        else None,
    )


def picture_time(record: Record, row: Row, summary: Summary) -> PictureTime | None:
    """Return the time of the picture asked for: measured where all its steps were run, else computed."""
    steps = steps_of(record)
    if summary.end_to_end is not None and steps_run(row) == steps:
        return PictureTime(seconds=summary.end_to_end.median, measured=summary.end_to_end)
    seconds = summary.computed_end_to_end(steps)
    return None if seconds is None else PictureTime(seconds=seconds, measured=None)


def _picture_ratio(
    row: Row, reference: Row, mine: PictureTime | None, theirs: PictureTime | None
) -> float | None:
    if mine is None or theirs is None or mine.seconds <= 0:
        return None
    if mine.measured is not None and theirs.measured is not None:
        paired = ratio(row, reference, lambda sample: sample.marks.decoded)
        return paired.median if paired is not None else None
    return theirs.seconds / mine.seconds


def _pictures_per_hour(summary: Summary, steps: int) -> float | None:
    if summary.first_step is None or summary.vae_decoder is None or (steps > 1 and summary.step is None):
        return None
    rest = (steps - 1) * summary.step.median if summary.step is not None else 0.0
    seconds = summary.first_step.median + rest + summary.vae_decoder.median
    return 3600 / seconds if seconds > 0 else None
