"""What a record shows, in sentences: our row against plain PyTorch, the best peer and the peak."""

from collections.abc import Sequence

from benchmarks.facts import ISA_NAMES, SPEED_ONLY, has_random_weights, steps_of, title_of
from benchmarks.figures import REFERENCE, RowFigures, find, ours, step_of
from benchmarks.record import Record, Row
from benchmarks.summary import Summary, executed_precision
from benchmarks.wording import digits, percent, plain, seconds

OPENVINO_PEERS = ("optimum", "genai")
WIDE_KERNELS = ("avx512", "amx")


def headline(record: Record, rows: Sequence[RowFigures]) -> str:
    """Return the one sentence that a report opens with."""
    mine = ours(rows)
    if mine is None:
        return f"{ISA_NAMES[record.isa].capitalize()}: no row of Lapdraw was measured."
    name = ISA_NAMES[record.isa].capitalize()
    text = f"{name}: {title_of(mine.row)} takes {seconds(step_of(mine))} a guided step"
    if mine.picture is not None:
        way = "" if mine.picture.measured is not None else " (computed from its parts)"
        text += f" and {seconds(mine.picture.seconds)} from process start to a picture of "
        text += f"{steps_of(record)} steps{way}"
    if mine.step_ratio is not None and find(rows, REFERENCE):
        text += f", {_faster(mine.step_ratio.median)} plain PyTorch in f32 by the step"
        if mine.picture_ratio is not None:
            text += f", {digits(mine.picture_ratio)} times by the picture"
    speed_only = f" ({SPEED_ONLY})" if has_random_weights(record) else ""
    return text + f"{speed_only}."


def further(record: Record, rows: Sequence[RowFigures]) -> tuple[str, ...]:
    """Return the other findings: against the best OpenVINO peer, the peak, the first step, the pictures."""
    mine = ours(rows)
    found = [_against_peers(mine, rows), _until_first_step(mine, rows)] if mine is not None else []
    if mine is not None and mine.summary.share_of_peak is not None:
        precision = plain(executed_precision(mine.row), 20)
        found.append(
            f"The steady step reaches {digits(mine.summary.gflops or 0.0)} GFLOPS, "
            f"{percent(mine.summary.share_of_peak)} of this machine's measured peak in {precision}."
        )
    if mine is not None and mine.summary.loop_share is not None:
        found.append(f"The loop outside the networks takes {percent(mine.summary.loop_share)} of the run.")
    return tuple(text for text in found if text)


def contradictions(record: Record) -> tuple[str, ...]:
    """Return what does not fit: rows that ran wider instructions than the record's limit."""
    if record.isa != "avx2":
        return ()
    return tuple(
        f"{title_of(row)}: kernels beyond AVX2 were run ({', '.join(wide)}), so the limit did not hold."
        for row in record.rows
        if (wide := _wide_kernels(row))
    )


def warnings(record: Record) -> tuple[str, ...]:
    """Return every row's warnings under its name, and what contradicts the record's own claim."""
    return contradictions(record) + tuple(
        f"{title_of(row)}: {plain(warning)}" for row in record.rows for warning in row.warnings[:20]
    )


def _wide_kernels(row: Row) -> list[str]:
    return [
        plain(name, 60) for name in row.kernels or {} if any(wide in name.lower() for wide in WIDE_KERNELS)
    ][:5]


def _against_peers(mine: RowFigures, rows: Sequence[RowFigures]) -> str:
    precision = executed_precision(mine.row)
    peers = [peer for peer in _openvino_peers(rows) if executed_precision(peer.row) == precision]
    best = min(peers, key=lambda peer: step_of(peer) or 0.0, default=None)
    ours_, theirs = step_of(mine), step_of(best) if best else None
    if best is None or not ours_ or not theirs:
        return ""
    share = theirs / ours_ - 1
    way = "ahead of" if share >= 0 else "behind"
    return (
        f"By the step it is {percent(abs(share))} {way} the fastest OpenVINO peer in {plain(precision, 20)}, "
        f"{title_of(best.row)} ({seconds(theirs)})."
    )


def _until_first_step(mine: RowFigures, rows: Sequence[RowFigures]) -> str:
    own = _to_first_step(mine.summary)
    others = [(title_of(peer.row), _to_first_step(peer.summary)) for peer in _openvino_peers(rows)]
    parts = [f"{label} {seconds(time)}" for label, time in others if time is not None]
    if own is None or not parts:
        return ""
    return f"From process start to the end of the first step it takes {seconds(own)}; {', '.join(parts)}."


def _openvino_peers(rows: Sequence[RowFigures]) -> list[RowFigures]:
    return [
        figures
        for figures in rows
        if figures.row.group == "peer"
        and figures.row.driver in OPENVINO_PEERS
        and step_of(figures) is not None
    ]


def _to_first_step(summary: Summary) -> float | None:
    return summary.to_first_step.median if summary.to_first_step else None


def _faster(ratio: float) -> str:
    return f"{digits(ratio)} times faster than" if ratio >= 1 else f"{digits(1 / ratio)} times slower than"
