"""What a record shows, in sentences: our row against plain PyTorch, the best peer and the peak."""

from collections.abc import Sequence

from benchmarks.facts import (
    CPUS,
    ISA_NAMES,
    SPEED_ONLY,
    at,
    has_random_weights,
    is_parts,
    number,
    step_name,
    steps_of,
    title_of,
)
from benchmarks.figures import REFERENCE, RowFigures, find, is_measured, ours, step_of, steps_run
from benchmarks.kernels import wide_products
from benchmarks.record import Record, Sample
from benchmarks.summary import Figure, executed_precision, ratio, steady_step
from benchmarks.wording import digits, percent, plain, rate, seconds

OPENVINO_PEERS = ("optimum", "genai")
BUSY_CORES = 0.25  # before a run: more, and neither the peak nor the rows had the machine for themselves


def headline(record: Record, rows: Sequence[RowFigures]) -> str:
    """Return the one sentence that a report opens with."""
    mine = ours(rows)
    if mine is None:
        return f"{ISA_NAMES[record.isa].capitalize()}: no row of Lapdraw was measured."
    name = ISA_NAMES[record.isa].capitalize()
    text = f"{name}: {title_of(mine.row)} takes {seconds(step_of(mine))} a {step_name(record)}"
    if mine.picture is not None:
        way = "" if mine.picture.measured is not None else " (computed from its parts)"
        text += f" and {seconds(mine.picture.seconds)} from process start to a picture of "
        text += f"{steps_of(record)} steps{way}"
    if mine.step_ratio is not None and find(rows, REFERENCE):
        text += f", {_faster(mine.step_ratio.median)} than plain PyTorch in f32 by the step"
        if mine.picture_ratio is not None:
            text += f" and {_faster(mine.picture_ratio)} by the picture"
    speed_only = f" ({SPEED_ONLY})" if has_random_weights(record) else ""
    return text + f"{speed_only}."


def further(record: Record, rows: Sequence[RowFigures]) -> tuple[str, ...]:
    """Return the other findings: against the OpenVINO peers, the peak, the loop."""
    mine = ours(rows)
    if mine is None:
        return ()
    found = [_against_peers(mine, rows), *_whole_times(record, mine, rows)]
    if mine.summary.share_of_peak is not None:
        precision = plain(executed_precision(mine.row), 20)
        found.append(
            f"The steady step reaches {rate(mine.summary.gflops, precision)}, "
            f"{percent(mine.summary.share_of_peak)} of this machine's measured peak in {precision}."
        )
    if mine.summary.loop_share is not None:
        found.append(f"The loop outside the networks takes {percent(mine.summary.loop_share)} of the run.")
    return tuple(text for text in found if text)


def contradictions(record: Record) -> tuple[str, ...]:
    """Return what does not fit: rows whose products ran wider instructions than the record's limit."""
    if record.isa != "avx2":
        return ()
    return tuple(
        f"{title_of(row)}: products or convolutions beyond AVX2 were run "
        f"({', '.join(plain(name, 60) for name in wide[:5])}), so the limit did not hold."
        for row in record.rows
        if (wide := wide_products(record, row))
    )


def warnings(record: Record) -> tuple[str, ...]:
    """Return what makes figures doubtful, what contradicts the record's own claim, and the rows' warnings."""
    told = [*_doubts(record), *contradictions(record)]
    for row in record.rows:
        if is_measured(row) and row.reason:
            told.append(f"{title_of(row)}: it stopped before its last sample: {plain(row.reason)}")
        told += [f"{title_of(row)}: {plain(warning)}" for warning in row.warnings[:20]]
    return tuple(told)


def _doubts(record: Record) -> list[str]:
    found = []
    busy = number(at(record.environment, "load_before"))
    if busy is not None and busy > BUSY_CORES:
        found.append(
            f"The machine was busy before the run ({digits(busy)} of its cores, on average): times are "
            "longer than on an idle one, and the shares of the measured peak are doubtful."
        )
    short = [row for row in record.rows if is_measured(row) and steps_run(row) == 2]
    if short and not is_parts(record):
        text = "The samples ran two steps, so there is one steady step a sample"
        defers = any(row.driver == "lapdraw" and row.device == CPUS[0] for row in short)
        found.append(text + ("; Lapdraw's contains the compile of its decoder." if defers else "."))
    return found


def _against_peers(mine: RowFigures, rows: Sequence[RowFigures]) -> str:
    peers = _openvino_peers(mine, rows)
    best = min(peers, key=lambda peer: step_of(peer) or 0.0, default=None)
    paired = ratio(mine.row, best.row, steady_step) if best is not None else None
    if best is None or paired is None:
        return ""
    precision = plain(executed_precision(mine.row), 20)
    return (
        f"By the steady step it {_beside(paired)} the fastest OpenVINO peer in {precision}, "
        f"{title_of(best.row)} ({seconds(step_of(best))}; paired by round)."
    )


def _whole_times(record: Record, mine: RowFigures, rows: Sequence[RowFigures]) -> list[str]:
    """Return the times from process start, to the first step and to the picture, ours and each peer's."""
    if mine.summary.to_first_step is None:
        return []
    found = [f"From process start {title_of(mine.row)} takes {_both_times(mine)}."]
    for peer in _openvino_peers(mine, rows):
        said = [f"{title_of(peer.row)} takes {_both_times(peer)}"]
        if (paired := ratio(mine.row, peer.row, _first_step_end)) is not None:
            said.append(f"until the first step Lapdraw {_beside(paired)} it")
        if (whole := _picture_ratio(mine, peer)) is not None:
            said.append(f"until the picture Lapdraw {whole} it")
        found.append(f"{'; '.join(said)}.")
    return found


def _picture_ratio(mine: RowFigures, peer: RowFigures) -> str | None:
    own, theirs = mine.picture, peer.picture
    if own is None or theirs is None:
        return None
    if own.measured is not None and theirs.measured is not None:
        paired = ratio(mine.row, peer.row, lambda sample: sample.marks.decoded)
        return _beside(paired) if paired is not None else None
    if own.seconds <= 0 or theirs.seconds <= 0:
        return None
    computed = theirs.seconds / own.seconds
    return _beside(Figure(median=computed, low=computed, high=computed, n=1))


def _both_times(figures: RowFigures) -> str:
    to_first = figures.summary.to_first_step
    text = f"{seconds(to_first.median if to_first else None)} to the end of the first step"
    if figures.picture is None:
        return text
    way = "" if figures.picture.measured is not None else " (computed)"
    return f"{text} and {seconds(figures.picture.seconds)} to the picture{way}"


def _beside(ratio: Figure) -> str:
    """Word how many times longer the other one takes: ahead of it, or behind."""
    median = ratio.median
    if median >= 1:
        return f"is {percent(median - 1)} ahead of"
    return f"takes {percent(1 / median - 1)} longer than" if median > 0 else "takes far longer than"


def _first_step_end(sample: Sample) -> float:
    return sample.marks.steps[0]


def _openvino_peers(mine: RowFigures, rows: Sequence[RowFigures]) -> list[RowFigures]:
    """Return the peers that computed in our precision."""
    precision = executed_precision(mine.row)
    return [
        figures
        for figures in rows
        if figures.row.group == "peer"
        and figures.row.driver in OPENVINO_PEERS
        and step_of(figures) is not None
        and executed_precision(figures.row) == precision
    ]


def _faster(ratio: float) -> str:
    return f"{digits(ratio)} times faster" if ratio >= 1 else f"{digits(1 / ratio)} times slower"
