"""What follows from a row's samples: medians with their spread, rates and ratios."""

import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.record import Record, Row, Sample


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A median over `n` samples, with the lowest and the highest of them."""

    median: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The figures of a row; None where nothing was measured. Seconds unless said otherwise.

    Only warm samples count, except for `load_cold`; each sample gives one value, for `step` the one of
    steady_step.
    """

    process_start: Figure | None  # until the libraries are imported
    load_cold: Figure | None  # from there until what step 1 needs is compiled, with nothing kept from before
    load_warm: Figure | None  # the same with what the program keeps between starts
    first_step: Figure | None  # with the encoding of the prompt
    second_step: Figure | None  # on a CPU Lapdraw compiles its decoder beside it
    step: Figure | None  # steady
    vae_decoder: Figure | None
    end_to_end: Figure | None  # process start to pixels in memory, with the steps that were run
    to_first_step: Figure | None  # process start to the end of the first step
    peak_bytes: Figure | None
    energy_joules: Figure | None
    gflops: float | None  # of a steady step
    share_of_peak: float | None  # of the measured peak in the precision that executed
    loop_share: float | None  # of the end to end time: our loop outside the networks

    def computed_end_to_end(self, steps: int) -> float | None:
        """Return what a picture of `steps` steps takes by its parts: start, load, steps, decode."""
        parts = (self.process_start, self.load_warm, self.first_step, self.vae_decoder)
        rest = self.after_first(steps)
        if any(part is None for part in parts) or rest is None:
            return None
        return sum(part.median for part in parts if part is not None) + rest

    def after_first(self, steps: int) -> float | None:
        """Return what the steps after the first take: the second at its own time, the others steady."""
        if steps <= 1:
            return 0.0
        if self.second_step is None or self.step is None:
            return None
        return self.second_step.median + (steps - 2) * self.step.median


def summarize(record: Record, row: Row) -> Summary:
    """Return the figures of one row of a record."""
    warm = [sample for sample in row.samples if sample.cache == "warm"]
    cold = [sample for sample in row.samples if sample.cache == "cold"]
    step = _figure(steady_step(sample) for sample in warm)
    work = record.work.get("unet_gflop_per_step")
    gflops = work / step.median if work and step is not None and step.median > 0 else None
    peak = record.peak.gflops.get(executed_precision(row)) if row.device in ("cpu", "pytorch-cpu") else None
    return Summary(
        process_start=_over(warm, lambda sample: sample.marks.imported),
        load_cold=_over(cold, lambda sample: sample.marks.ready - sample.marks.imported),
        load_warm=_over(warm, lambda sample: sample.marks.ready - sample.marks.imported),
        first_step=_over(warm, lambda sample: sample.marks.steps[0] - sample.marks.ready),
        second_step=_over(warm, _second_step),
        step=step,
        vae_decoder=_over(warm, lambda sample: sample.marks.decoded - sample.marks.steps[-1]),
        end_to_end=_over(warm, lambda sample: sample.marks.decoded),
        to_first_step=_over(warm, lambda sample: sample.marks.steps[0]),
        peak_bytes=_over(warm, lambda sample: sample.peak_bytes),
        energy_joules=_over(warm, lambda sample: sample.energy_joules),
        gflops=gflops,
        share_of_peak=gflops / peak if gflops and peak else None,
        loop_share=_loop_share(warm),
    )


def steady_step(sample: Sample) -> float | None:
    """Return the median of the steps after the second, the second where only two were run, else None."""
    durations = [later - earlier for earlier, later in pairwise(sample.marks.steps)]
    return statistics.median(durations[1:] or durations) if durations else None


def executed_precision(row: Row) -> str:
    """Return what the UNet really computed in, or what was asked for where the library does not tell."""
    return str(row.placement.get("unet", {}).get("precision", row.precision))


def ratio(row: Row, other: Row, take: Callable[[Sample], float | None]) -> Figure | None:
    """Return how many times longer `other` takes than `row`, paired by round, since machines drift."""
    mine = {sample.round: take(sample) for sample in row.samples if sample.cache == "warm"}
    theirs = {sample.round: take(sample) for sample in other.samples if sample.cache == "warm"}
    pairs = ((theirs[number], value) for number, value in mine.items() if number in theirs)
    return _figure(b / a for b, a in pairs if a and b)


def _second_step(sample: Sample) -> float | None:
    ends = sample.marks.steps
    return ends[1] - ends[0] if len(ends) > 1 else None


def _loop_share(warm: list[Sample]) -> float | None:
    shares = [
        sample.loop_overhead / sample.marks.decoded
        for sample in warm
        if sample.loop_overhead is not None and sample.marks.decoded > 0
    ]
    return statistics.median(shares) if shares else None


def _over(samples: list[Sample], take: Callable[[Sample], float | None]) -> Figure | None:
    return _figure(take(sample) for sample in samples)


def _figure(values: Iterable[float | None]) -> Figure | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return Figure(median=statistics.median(known), low=min(known), high=max(known), n=len(known))
