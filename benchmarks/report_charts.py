"""The charts of one record: where the time goes, ratios, speed against picture difference."""

from collections.abc import Sequence

from benchmarks.charts import Bar, Point, bars, scatter
from benchmarks.document import Chart
from benchmarks.facts import has_random_weights, is_shorter, sample_steps, steps_of, title_of
from benchmarks.figures import RowFigures, step_of
from benchmarks.record import Record
from benchmarks.report_tables import is_against_reference, psnr
from benchmarks.wording import seconds, times

GROUPS = {"lapdraw": "Lapdraw", "pytorch": "PyTorch", "peer": "OpenVINO peers"}
STAGES = {
    "start": "process start",
    "load": "load, warm",
    "first": "first step",
    "steps": "other steps",
    "decode": "VAE decode",
}
LEAST_PSNR = 40.0  # dB: what every f32 row must reach


def charts_of(record: Record, rows: Sequence[RowFigures]) -> list[Chart]:
    """Return the charts that there are figures for."""
    weights = " Speed only: random weights." if has_random_weights(record) else ""
    charts = []
    if stacked := [bar for figures in rows if (bar := _stages(record, figures)) is not None]:
        title = "Where the time of a picture goes"
        drawing = bars(stacked, name=title, names=STAGES)
        caption = (
            f"From process start to a picture of {steps_of(record)} steps, from the medians of the parts."
        )
        charts.append(Chart(title=title, drawing=drawing, caption=caption + weights))
    if ratios := _ratios(rows):
        title = "How many times faster than plain PyTorch"
        drawing = bars(ratios, name=title, mark=1.0)
        caption = "Against plain PyTorch in f32 (the dashed line), by the steady step; paired by round."
        charts.append(Chart(title=title, drawing=drawing, caption=caption + weights))
    if points := _points(rows):
        title = "Time of a step against picture difference"
        drawing = scatter(
            points,
            name=title,
            x_title="seconds a steady step",
            y_title="dB of PSNR to PyTorch f32: higher is nearer",
            top_label="identical",
            names={group: name for group, name in GROUPS.items() if any(p.colour == group for p in points)},
            mark=LEAST_PSNR,
        )
        told = ", ".join(f"{number} {point.label}" for number, point in enumerate(points, start=1))
        if is_shorter(record):
            told += f". The pictures are those after {sample_steps(record)} steps"
        caption = (
            f"Left is faster, up is nearer to PyTorch f32; the dashed line is {LEAST_PSNR:g} dB. {told}."
        )
        charts.append(Chart(title=title, drawing=drawing, caption=caption + weights))
    return charts


def _stages(record: Record, figures: RowFigures) -> Bar | None:
    summary, steps = figures.summary, steps_of(record)
    total = summary.computed_end_to_end(steps)
    if total is None or not (summary.process_start and summary.load_warm):
        return None
    if summary.first_step is None or summary.vae_decoder is None:
        return None
    lengths = (
        *(summary.process_start.median, summary.load_warm.median, summary.first_step.median),
        *(summary.after_first(steps) or 0.0, summary.vae_decoder.median),
    )
    parts = tuple(zip(STAGES, lengths, strict=True))
    return Bar(label=title_of(figures.row), parts=parts, value=seconds(total))


def _ratios(rows: Sequence[RowFigures]) -> list[Bar]:
    known = [(figures.step_ratio.median, figures) for figures in rows if figures.step_ratio is not None]
    return [
        Bar(label=title_of(figures.row), parts=((figures.row.group, value),), value=times(value))
        for value, figures in sorted(known, key=lambda item: -item[0])
    ]


def _points(rows: Sequence[RowFigures]) -> list[Point]:
    points = []
    for figures in rows:
        step, picture = step_of(figures), figures.row.picture
        if picture is not None and not is_against_reference(figures.row):
            continue  # its dB are to another picture
        is_same = psnr(figures.row) in ("identical", "reference")
        decibels = picture.psnr_db if picture is not None else None
        if step is not None and (is_same or decibels is not None):
            y = None if is_same else decibels
            points.append(Point(label=title_of(figures.row), x=step, y=y, colour=figures.row.group))
    return points
