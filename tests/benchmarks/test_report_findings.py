"""What a report says of a record beside its figures: findings, doubts, notes, and what columns mean."""

import re
from dataclasses import replace
from typing import Any

import pytest
from records import make_record, with_row

from benchmarks.figures import measured_rows
from benchmarks.findings import contradictions, further, headline, warnings
from benchmarks.record import Prices, Record, Row, Sample
from benchmarks.report import build_report
from benchmarks.report_markdown import to_markdown


def _text(record: Record) -> str:
    charts = ["1.svg", "2.svg", "3.svg"]
    return to_markdown(build_report([record]), charts).replace("\\", "")


def _row(record: Record, id_: str) -> Row:
    row = record.row(id_)
    assert row is not None
    return row


def _with_ends(record: Record, id_: str, *ends: tuple[float, ...]) -> Record:
    """Return the record with warm samples of one row: a round for each, with these ends of its steps."""
    first = _row(record, id_).samples[0]
    samples = tuple(
        replace(
            first,
            round=number,
            cache="warm",
            marks=replace(first.marks, imported=0.1, ready=0.2, steps=steps, decoded=steps[-1] + 1.0),
        )
        for number, steps in enumerate(ends)
    )
    return with_row(record, id_, samples=samples, status="measured")


def _machine_slows_down(peer: float) -> Record:
    """Return a record whose second round is ten times slower for everybody; the peer took `peer` as long."""
    record = make_record()
    mine = ((1.0, 3.0, 4.0), (10.0, 30.0, 40.0), (10.0, 30.0, 40.0))
    record = _with_ends(record, "lapdraw-f32", *mine)
    theirs = tuple(tuple(end * peer for end in ends) for ends in mine[:2])
    record = _with_ends(record, "genai-f32", *theirs)
    return replace(record, rows=tuple(row for row in record.rows if row.id != "optimum-f32"))


@pytest.mark.parametrize(("peer", "said"), [(1.25, "is 25 % ahead of"), (0.8, "takes 25 % longer than")])
def test_peers_are_compared_within_rounds(peer: float, said: str) -> None:
    record = _machine_slows_down(peer)
    told = " ".join(further(record, measured_rows(record)))
    assert f"By the steady step it {said} the fastest OpenVINO peer in f32" in told
    assert f"until the first step Lapdraw {said} it" in told


def test_the_time_to_the_first_step_stands_beside_that_to_the_picture() -> None:
    record = _machine_slows_down(1.25)
    told = further(record, measured_rows(record))
    assert any("takes 10.0 s to the end of the first step and" in text for text in told)


def test_the_second_step_is_no_steady_one() -> None:
    record = _with_ends(make_record(run=4), "lapdraw-f32", (1.0, 9.0, 10.0, 11.0))
    assert "takes 1.00 s a guided step" in headline(record, measured_rows(record))
    picture = next(figures.picture for figures in measured_rows(record) if figures.row.id == "lapdraw-f32")
    assert picture is not None
    assert picture.seconds == pytest.approx(1.0 + 8.0 + 18 * 1.0 + 1.0)


def test_the_headline_says_of_each_ratio_which_way_it_goes() -> None:
    record = _with_ends(make_record(steps=3), "lapdraw-f32", (4.0, 9.0, 10.0))
    record = _with_ends(record, "pytorch-f32", (1.0, 2.0, 2.5))
    said = headline(record, measured_rows(record))
    assert (
        "2.00 times slower than plain PyTorch in f32 by the step and 3.14 times slower by the picture" in said
    )


def test_two_steps_a_sample_are_warned_of() -> None:
    assert any(
        "one steady step a sample; Lapdraw's contains" in text for text in warnings(make_record(run=2))
    )
    assert not any("one steady step" in text for text in warnings(make_record(run=3)))


def test_samples_shorter_than_the_picture_are_said() -> None:
    text = _text(make_record(run=4))
    assert "The samples ran 4 of the 20 steps" in text
    assert "PSNR is that of the picture after 4 steps" in text
    assert "The pictures are those after 4 steps" in text
    assert "20 steps (samples of 4)" in text
    assert "samples" not in headline(make_record(), ())
    assert "The samples ran" not in _text(make_record())


@pytest.mark.parametrize("steps", [None, "4", True, 0, -3, 4.0, 10**400])
def test_a_strange_number_of_sample_steps_is_taken_as_none(steps: Any) -> None:
    record = make_record()
    record = replace(record, request={**record.request, "sample_steps": steps})
    assert "The samples ran" not in _text(record)


def test_only_products_and_convolutions_contradict_a_limit() -> None:
    assert contradictions(make_record()) == ()
    for kernel in ("brgconv_avx512_core_f32", "brgemm_avx512_f32", "gemm_mlas_f32", "jit_avx512_1x1_f32"):
        record = with_row(make_record(), "lapdraw-f32", kernels={kernel: 98, "jit_avx512_f32": 96})
        (said,) = contradictions(record)
        assert "the limit did not hold" in said
        assert kernel in said
        assert "The limit holds" not in _text(record)
        assert contradictions(replace(record, isa="native")) == ()


def test_a_kernel_that_ignores_limits_breaks_none_on_a_cpu_without_wider_instructions() -> None:
    record = with_row(make_record(), "lapdraw-f32", kernels={"gemm_mlas_f32": 98})
    narrow = replace(record, environment={"cpu": {"features": ["avx2", "fma"]}})
    assert contradictions(narrow) == ()
    assert contradictions(replace(record, environment={})) != ()


def test_layers_that_stay_wide_are_counted_and_products_come_first() -> None:
    text = _text(make_record())
    assert "Normalisation and resizing stay AVX-512 in OpenVINO (MVN, Interpolate), 96 layers here" in text
    assert "| brgconv_avx2_f32 98, jit_gemm_f32 64 | unknown 107, jit_avx512_f32 96 |" in text
    assert "The limit holds" not in _text(replace(make_record(), isa="native"))


@pytest.mark.parametrize(("load", "is_busy"), [(0.25, False), (0.26, True), (None, False), ("1", False)])
def test_a_busy_machine_is_warned_of(load: Any, is_busy: bool) -> None:
    record = make_record()
    record = replace(record, environment={**record.environment, "load_before": load})
    assert any("was busy before the run" in text for text in warnings(record)) == is_busy


def test_a_row_that_stopped_on_the_way_says_so() -> None:
    record = with_row(make_record(), "genai-f32", reason="out of memory")
    assert any("it stopped before its last sample: out of memory" in text for text in warnings(record))


def test_a_picture_compared_with_another_row_names_it_and_is_no_point_of_the_chart() -> None:
    record = make_record()
    picture = _row(record, "genai-f32").picture
    assert picture is not None
    other = with_row(record, "genai-f32", picture=replace(picture, reference="lapdraw-f32"))
    assert "| 61.0 dB to lapdraw-f32 |" in _text(other)
    assert re.search(r"dashed line is 40 dB\. .*openvino-genai", _text(record))
    assert not re.search(r"dashed line is 40 dB\. .*openvino-genai", _text(other))


def test_the_reference_is_one_without_a_spread() -> None:
    line = next(line for line in _text(make_record()).splitlines() if "| PyTorch, diffusers" in line)
    assert line.count(" | 1 | ") == 1
    assert " | 1 | 1 | " in line
    assert "Ratios are paired" in _text(make_record())


def test_prices_are_over_the_whole_picture_and_absent_without_one() -> None:
    record = replace(_with_ends(make_record(steps=3), "lapdraw-f32", (4.0, 9.0, 10.0)), prices=Prices())
    assert "Price" not in _text(record).split("## How it was measured")[0]
    priced = replace(record, prices=Prices(machine_per_hour=36.0))
    assert "process start to pixels, machine" in _text(priced)
    assert "pixels, electricity" not in _text(priced)
    figures = next(figures for figures in measured_rows(priced) if figures.row.id == "lapdraw-f32")
    assert figures.price_of_machine == pytest.approx(36.0 * 11.0 / 3600)
    assert figures.pictures_per_hour == pytest.approx(3600 / (3.8 + 2 * 1.0 + 1.0))
    joules = tuple(_with_joules(sample) for sample in figures.row.samples)
    electric = with_row(
        replace(record, prices=Prices(electricity_per_kwh=0.5)), "lapdraw-f32", samples=joules
    )
    found = next(figures for figures in measured_rows(electric) if figures.row.id == "lapdraw-f32")
    assert found.price_of_electricity == pytest.approx(0.5)


def _with_joules(sample: Sample) -> Sample:
    return replace(sample, energy_joules=3.6e6)


def test_without_guidance_no_step_is_called_guided() -> None:
    record = make_record()
    unguided = replace(record, request={**record.request, "guidance_scale": 1.0})
    assert "guided" not in _text(unguided)
    assert "a guided step" in _text(record)


def test_whole_numbers_are_no_floating_point_operations() -> None:
    record = make_record()
    peak = replace(record.peak, gflops={"f32": 480.0, "int8": 1900.0})
    assert "f32 480 GFLOPS, int8 1,900 GOPS" in _text(replace(record, peak=peak))


def test_the_memory_of_a_cuda_row_is_the_hosts() -> None:
    record = with_row(make_record(), "cuda-f16", samples=_row(make_record(), "lapdraw-f32").samples)
    line = next(
        line
        for line in _text(with_row(record, "cuda-f16", status="measured")).splitlines()
        if "| cuda" in line
    )
    assert "GiB (the host's)" in line
