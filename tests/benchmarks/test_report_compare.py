from dataclasses import replace
from pathlib import Path

import pytest
from pages import read_page, what_it_loads
from records import make_record, with_row

from benchmarks.compare import compare, write_comparison
from benchmarks.record import Record
from runtime.errors import InvalidRequest


def _cuda(record: Record) -> Record:
    """Return the record as if it were taken on a machine with a CUDA device."""
    fast = record.row("lapdraw-bf16")
    assert fast is not None
    rows = tuple(
        replace(fast, id="cuda-f16", label="PyTorch CUDA", group="pytorch", device="cuda", placement={})
        if row.id == "cuda-f16"
        else row
        for row in record.rows
    )
    return replace(record, rows=rows, environment={"cpu": {"name": "Server"}})


def _asked(record: Record, **changes: object) -> Record:
    return replace(record, request={**record.request, **changes})


def test_a_laptop_stands_beside_a_cuda_machine(tmp_path: Path) -> None:
    page, text = write_comparison([make_record(), _cuda(make_record(isa="native"))], tmp_path)
    html, markdown = page.read_text(encoding="utf-8"), text.read_text(encoding="utf-8")
    assert what_it_loads(html) == []
    assert "| B (native): PyTorch CUDA, bf16 |" in markdown.replace("\\", "")
    assert "Example CPU @ 2.50GHz" in read_page(html).text
    assert "Server" in read_page(html).text


def test_what_differs_is_said_before_the_figures() -> None:
    second = make_record(isa="native", seed=3)
    second = with_row(second, "lapdraw-f32", versions={"openvino": "2027.1"})
    second = replace(_asked(second, seed=2), model={**second.model, "precision": "int8"})
    said, figures = compare([make_record(), second]).replace("\\", "").split("## Every row", 1)
    assert "- Seed: A (laptop class) 1, B (native) 2" in said
    assert "- Model, precision: A (laptop class) fp16, B (native) int8" in said
    assert "Version of openvino: A (laptop class) 2026.4.1, B (native) 2026.4.1 and 2027.1" in said
    assert "Steps" not in said
    assert "Lapdraw, OpenVINO, f32" in figures


def test_records_of_one_request_differ_in_nothing() -> None:
    assert "Nothing that was asked for" in compare([make_record(), make_record(seed=1)])


def test_ratios_hold_between_the_records() -> None:
    slow = make_record()
    row = slow.row("lapdraw-f32")
    assert row is not None
    halved = tuple(
        replace(sample, marks=replace(sample.marks, steps=tuple(step / 2 for step in sample.marks.steps)))
        for sample in row.samples
    )
    lines = compare([slow, with_row(slow, "lapdraw-f32", samples=halved)]).replace("\\", "").splitlines()
    shared = lines[lines.index("## The same row on each") :]
    ours = next(line for line in shared if line.startswith("| **Lapdraw, OpenVINO, f32"))
    theirs = next(line for line in shared if line.startswith("| PyTorch, diffusers"))
    assert ours.endswith("| 2.00x |")
    assert theirs.endswith("| 1.00x |")


def test_pictures_of_other_lengths_are_worked_out_for_the_first_one() -> None:
    markdown = compare([make_record(), make_record(steps=50, run=50)]).replace("\\", "")
    assert "every picture's time is worked out for 20 steps" in markdown
    assert "Picture of 20 steps" in markdown
    row = next(
        line
        for line in markdown.splitlines()
        if line.startswith("| **B (laptop class): Lapdraw, OpenVINO, f32")
    )
    assert "(computed)" in row
    assert 60 < float(row.split("|")[4].split()[0]) < 90


def test_other_sizes_get_no_ratios() -> None:
    markdown = compare([make_record(), _asked(make_record(), width=768)])
    assert "no ratios are given" in markdown
    assert "x |" not in markdown.replace("512x512", "")


@pytest.mark.parametrize(
    ("other", "fault"),
    [
        (_asked(make_record(), task="inpaint"), "their tasks differ .text-to-image and inpaint."),
        (_asked(make_record(), guidance_scale=1.0), "their kinds of step differ .guided and not guided."),
        (replace(make_record(), model={**make_record().model, "name": "sd21"}), "their models differ"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_sentence(other: Record, fault: str) -> None:
    with pytest.raises(InvalidRequest, match=fault):
        compare([make_record(), other])


def test_one_record_is_no_comparison() -> None:
    with pytest.raises(InvalidRequest, match="two records or more, got 1"):
        compare([make_record()])
