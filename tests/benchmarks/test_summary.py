import pytest

from benchmarks.record import Marks, Peak, Record, Row, Sample
from benchmarks.summary import ratio, steady_step, summarize


def sample(number: int, *ends: float, cache: str = "warm", ready: float = 2.0, **more) -> Sample:
    marks = Marks(imported=0.5, ready=ready, steps=ends, decoded=ends[-1] + 3.0)
    return Sample(round=number, cache=cache, marks=marks, **more)


def row(*samples: Sample, device: str = "cpu") -> Row:
    return Row(
        id="x", label="x", group="lapdraw", driver="lapdraw", device=device, precision="f32", samples=samples
    )


RECORD = Record(
    created="",
    command="",
    isa="native",
    rounds=3,
    model={},
    request={},
    work={"unet_gflop_per_step": 100.0},
    environment={},
    peak=Peak(gflops={"f32": 200.0}, gigabytes_per_second=None),
    rows=(),
)


def test_a_steady_step_is_the_median_of_those_after_the_second():
    assert steady_step(sample(1, 4.0, 9.0, 10.0, 12.0, 13.0)) == 1.0
    assert steady_step(sample(1, 4.0, 9.0, 11.0)) == 2.0


def test_of_two_steps_the_second_is_the_steady_one():
    assert steady_step(sample(1, 4.0, 9.0)) == 5.0
    assert steady_step(sample(1, 4.0)) is None


def test_the_summary_is_the_median_over_warm_samples():
    summary = summarize(
        RECORD,
        row(
            sample(0, 9.0, cache="cold", ready=8.0),
            sample(1, 4.0, 5.0, peak_bytes=10),
            sample(2, 5.0, 7.0, peak_bytes=30),
            sample(3, 4.0, 8.0, peak_bytes=20, loop_overhead=0.11),
        ),
    )
    assert (summary.step.median, summary.step.low, summary.step.high, summary.step.n) == (2.0, 1.0, 4.0, 3)
    assert (summary.load_cold.median, summary.load_warm.median) == (7.5, 1.5)
    assert (summary.first_step.median, summary.vae_decoder.median, summary.peak_bytes.median) == (
        2.0,
        3.0,
        20,
    )
    assert (summary.gflops, summary.share_of_peak) == (50.0, 0.25)
    assert summary.loop_share == pytest.approx(0.01)
    assert summary.computed_end_to_end(20) == 0.5 + 1.5 + 2.0 + 19 * 2.0 + 3.0


def test_a_computed_picture_holds_what_ran_beside_the_second_step():
    summary = summarize(RECORD, row(sample(1, 4.0, 9.0, 10.0, 11.0), sample(2, 4.0, 11.0, 12.0, 13.0)))
    assert (summary.second_step.median, summary.step.median) == (6.0, 1.0)
    assert summary.computed_end_to_end(20) == 0.5 + 1.5 + 2.0 + 6.0 + 18 * 1.0 + 3.0
    assert summary.computed_end_to_end(2) == 0.5 + 1.5 + 2.0 + 6.0 + 3.0
    assert summary.computed_end_to_end(1) == 0.5 + 1.5 + 2.0 + 3.0


def test_a_row_of_single_steps_gives_no_longer_picture():
    summary = summarize(RECORD, row(sample(1, 4.0)))
    assert (summary.second_step, summary.step, summary.computed_end_to_end(2)) == (None, None, None)
    assert summary.computed_end_to_end(1) == 0.5 + 1.5 + 2.0 + 3.0


def test_a_row_without_samples_has_no_figures():
    summary = summarize(RECORD, row())
    assert summary.step is None
    assert summary.computed_end_to_end(20) is None


def test_a_share_of_the_cpus_peak_is_not_worked_out_for_a_gpu():
    assert summarize(RECORD, row(sample(1, 4.0, 5.0), device="igpu")).share_of_peak is None


def test_ratios_are_paired_by_round():
    fast = row(sample(1, 4.0, 5.0), sample(2, 4.0, 14.0))
    slow = row(sample(1, 4.0, 6.0), sample(2, 4.0, 24.0), sample(3, 4.0, 99.0))
    figure = ratio(fast, slow, steady_step)
    assert (figure.low, figure.high, figure.n) == (
        2.0,
        2.0,
        2,
    )  # though the machine was ten times slower later
