from dataclasses import replace
from pathlib import Path

import pytest
from records import make_record, with_row

from benchmarks.readme_table import BEGIN, END, NOTHING, ROOT, main, newest_records, update_readme
from benchmarks.record import Record
from benchmarks.record_file import write_record
from runtime.errors import InvalidRequest

TEXT = f"# Title\n\nBefore.\n\n{BEGIN}\nold\n{END}\n\nAfter.\n"


@pytest.fixture
def readme(tmp_path: Path) -> Path:
    path = tmp_path / "README.md"
    path.write_text(TEXT, encoding="utf-8")
    return path


def _write(folder: Path, **records: Record) -> Path:
    for name, record in records.items():
        write_record(record, folder / f"{name}.json")
    return folder


def _with_cuda(record: Record) -> Record:
    row = record.row("lapdraw-bf16")
    assert row is not None
    return with_row(record, "cuda-f16", status="measured", samples=row.samples, label="PyTorch CUDA")


def test_the_table_of_this_checkout_is_that_of_its_records() -> None:
    if BEGIN not in (ROOT / "README.md").read_text(encoding="utf-8"):
        assert not newest_records(ROOT / "benchmarks" / "reports")
        return
    assert update_readme(ROOT / "README.md", ROOT / "benchmarks" / "reports", check=True)


def test_the_laptop_class_leads_and_cuda_is_not_yet_recorded(readme: Path, tmp_path: Path) -> None:
    reports = _write(tmp_path / "reports", native=make_record(isa="native"), laptop=make_record())
    assert not update_readme(readme, reports)
    text = readme.read_text(encoding="utf-8")
    assert text.index("Laptop class") < text.index("Native")
    assert text.count("not yet recorded") == 1
    assert text.startswith("# Title\n\nBefore.\n\n")
    assert text.endswith("\n\nAfter.\n")
    assert "random weights, so speed only" in text
    assert "| **Lapdraw, OpenVINO, f32** | 3." in text


def test_the_line_above_says_what_is_paired_and_what_is_computed(readme: Path, tmp_path: Path) -> None:
    whole, shorter = make_record(), make_record(isa="native", run=3)
    whole = replace(whole, request={**whole.request, "guidance_scale": 1.0})
    update_readme(readme, _write(tmp_path / "reports", whole=whole, shorter=shorter))
    laptop, native = readme.read_text(encoding="utf-8").split("Native")
    assert "20 steps, a picture from process start, median of 5, ratios paired by round" in laptop
    assert "computed" not in laptop
    assert "20 guided steps, a picture from process start, computed from samples of 3 steps, " in native
    assert "whose pictures the PSNR is of" in native
    assert "| PyTorch, diffusers, f32 | 3.9" in native
    assert native.count(" | 1 | ") == 1


def test_a_cuda_rows_memory_is_the_hosts(readme: Path, tmp_path: Path) -> None:
    record = with_row(_with_cuda(make_record()), "lapdraw-f32", placement={"unet": {"device": "igpu"}})
    update_readme(readme, _write(tmp_path / "reports", one=record))
    text = readme.read_text(encoding="utf-8")
    assert [line.split(",")[0] for line in text.splitlines() if "GiB (the host's)" in line] == [
        "| **Lapdraw",
        "| PyTorch CUDA",
    ]


def test_a_cuda_record_takes_the_place_of_its_absence(readme: Path, tmp_path: Path) -> None:
    taken_elsewhere = replace(_with_cuda(make_record(isa="native")), created="2027-01-01T00:00:00Z")
    reports = _write(tmp_path / "reports", here=make_record(isa="native"), there=taken_elsewhere)
    update_readme(readme, reports)
    text = readme.read_text(encoding="utf-8")
    assert "not yet recorded" not in text
    assert "PyTorch CUDA, f16" in text
    assert text.count("Native") == 2


def test_the_newest_record_counts(tmp_path: Path) -> None:
    newer = replace(make_record(seed=1), created="2026-12-01T00:00:00Z")
    reports = _write(tmp_path, b=make_record(), a=newer)
    assert [record.created for record in newest_records(reports)] == [newer.created]


def test_a_stale_table_is_told_and_written_once(
    readme: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = [f"--readme={readme}", f"--reports={_write(tmp_path / 'reports', one=make_record())}"]
    assert main(["--check", *options]) == 1
    assert "is stale: run python -m benchmarks.readme_table" in capsys.readouterr().err
    assert readme.read_text(encoding="utf-8") == TEXT
    assert main(options) == 0
    assert main(["--check", *options]) == 0


def test_without_a_record_it_says_so(readme: Path, tmp_path: Path) -> None:
    update_readme(readme, tmp_path / "missing")
    assert f"{BEGIN}\n{NOTHING}\n{END}" in readme.read_text(encoding="utf-8")


def test_a_readme_without_markers_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "README.md").write_text("nothing")
    with pytest.raises(InvalidRequest, match="has no speed table"):
        update_readme(tmp_path / "README.md", tmp_path)
    assert main([f"--readme={tmp_path / 'README.md'}", f"--reports={tmp_path}"]) == 2
    assert "has no speed table" in capsys.readouterr().err


def test_a_damaged_record_is_named(readme: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "broken.json").write_text("{")
    assert main([f"--readme={readme}", f"--reports={tmp_path}"]) == 2
    assert "broken.json is not JSON" in capsys.readouterr().err
    assert readme.read_text(encoding="utf-8") == TEXT
