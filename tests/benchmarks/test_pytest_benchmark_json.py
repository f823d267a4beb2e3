import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages import read_page, what_it_loads
from pytest_benchmark.stats import Stats
from records import MEASURED, make_record

from benchmarks.compare import compare
from benchmarks.facts import is_parts
from benchmarks.pytest_benchmark import STAGES, export_json, import_json, stats_of
from benchmarks.record import Record
from benchmarks.record_file import parse_record, read_record, write_record
from benchmarks.report import build_report
from benchmarks.report_html import to_html
from benchmarks.summary import summarize
from runtime.errors import InvalidRequest

CASES = """
import pytest
@pytest.mark.parametrize("size", [10, 1000])
def test_sum(benchmark, size):
    benchmark(sum, range(size))
"""


def _parts(folder: Path, *options: str) -> Path:
    """Run two benchmarks with the real package and return its JSON."""
    (folder / "test_cases.py").write_text(CASES)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--benchmark-max-time=0.01"]
    written = ["--benchmark-json=parts.json", "--rootdir=.", "-c", "/dev/null", *options]
    subprocess.run([*command, *written, "test_cases.py"], cwd=folder, check=True, capture_output=True)
    return folder / "parts.json"


def test_an_exported_record_comes_back_as_it_was(tmp_path: Path) -> None:
    record = make_record()
    export_json(record, tmp_path / "export.json")
    write_record(record, tmp_path / "record.json")
    assert import_json(tmp_path / "export.json") == read_record(tmp_path / "record.json")


def test_pytest_benchmark_compares_what_was_exported(tmp_path: Path) -> None:
    export_json(make_record(), tmp_path / "export.json")
    command = [
        sys.executable,
        "-m",
        "pytest_benchmark",
        "compare",
        "export.json",
        "--group-by=group",
        "--columns=median",
    ]
    answer = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    for stage in STAGES:
        assert f"benchmark '{stage}': {len(MEASURED)} tests" in answer.stdout
    assert "step[lapdraw-f32]" in answer.stdout


@given(st.lists(st.floats(1e-9, 1e6), min_size=1, max_size=23))
def test_statistics_are_those_of_pytest_benchmark(data: list[float]) -> None:
    theirs: Any = Stats()  # type: ignore[no-untyped-call]
    for value in data:
        theirs.update(value)
    ours = stats_of(data)
    for name, value in theirs.as_dict().items():
        if name != "hd15iqr" and "outliers" not in name:  # wrong in its older versions; on the very border
            assert ours[name] == pytest.approx(value), name
    assert set(theirs.as_dict()) <= set(ours)


def test_parts_become_a_record_with_a_report(tmp_path: Path) -> None:
    path = _parts(tmp_path)
    record = import_json(path)
    assert is_parts(record)
    benchmarks = json.loads(path.read_text())["benchmarks"]
    for benchmark, row in zip(benchmarks, record.rows, strict=True):
        assert row.label == benchmark["name"]
        figure = summarize(record, row).step
        assert figure is not None
        assert figure.median == pytest.approx(benchmark["stats"]["median"])
        assert figure.n == len(benchmark["stats"]["data"])
    html = to_html(build_report([record]))
    assert what_it_loads(html) == []
    assert "test_sum[1000]" in read_page(html).text
    assert "µs" in html or "ns" in html
    write_record(record, tmp_path / "record.json")
    assert _rows(read_record(tmp_path / "record.json")) == _rows(record)
    assert "## The same row on each" in compare([record, record])


def _rows(record: Record) -> list[tuple[str, int]]:
    return [(row.id, len(row.samples)) for row in record.rows]


def test_a_file_without_single_timings_gives_its_quartiles(tmp_path: Path) -> None:
    path = _parts(tmp_path)
    value = json.loads(path.read_text())
    for benchmark in value["benchmarks"]:
        del benchmark["stats"]["data"]
    path.write_text(json.dumps(value))
    record = import_json(path)
    assert [len(row.samples) for row in record.rows] == [5, 5]
    assert "no single timings" in to_html(build_report([record]))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{", "is not JSON"),
        ("[]", "must be an object"),
        ("{}", "has no benchmarks"),
        ('{"benchmarks": []}', "holds no benchmark"),
        ('{"benchmarks": [{"name": "a", "fullname": "b", "stats": {}}]}', "stats has no min"),
        ('{"benchmarks": [{"name": "a", "fullname": "b", "stats": {"data": ["1"]}}]}', "list of seconds"),
        ('{"lapdraw_record": {}}', "has no schema"),
    ],
)
def test_other_files_are_refused_in_one_sentence(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "file.json"
    path.write_text(text)
    with pytest.raises(InvalidRequest, match=fault) as caught:
        import_json(path)
    assert "\n" not in str(caught.value)
    with pytest.raises(InvalidRequest, match="cannot read"):
        import_json(tmp_path / "missing.json")


def test_a_record_without_figures_is_not_exported(tmp_path: Path) -> None:
    record = make_record()
    empty = [row for row in record.rows if not row.samples]
    write_record(record, tmp_path / "record.json")
    value = json.loads((tmp_path / "record.json").read_text())
    value["rows"] = [row for row in value["rows"] if row["id"] in {row.id for row in empty}]
    with pytest.raises(InvalidRequest, match="no measured row"):
        export_json(parse_record(value), tmp_path / "export.json")
