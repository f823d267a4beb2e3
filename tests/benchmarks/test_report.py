import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import read_page, what_it_loads
from records import MEASURED, make_record, with_row

from benchmarks.record import Record, Sample
from benchmarks.record_file import read_record, write_record
from benchmarks.report import build_report, write_report
from benchmarks.report_html import to_html
from benchmarks.report_markdown import to_markdown
from runtime.errors import InvalidRequest

HOSTILE = (
    "</td></svg></title><script>alert(1)</script><img src=x onerror=alert(1)>\"' & | `b` **c** "
    "[d](javascript:alert(1)) https://example.org www.example.org me@example.org\n# e\n\n"
    "- f \x00\x1b[31m\u202eg \ud800"
)


SHAPES = {"svg", "style", "rect", "text", "line", "circle", "title"}


def _both(*records: Record) -> tuple[str, str]:
    document = build_report(records)
    return to_html(document), to_markdown(document)


def test_a_report_is_one_page_that_loads_nothing_and_one_markdown_file(tmp_path: Path) -> None:
    page, text = write_report([make_record(), make_record(isa="native")], tmp_path / "new", name="first")
    charts = [f"first-{number}.svg" for number in range(1, 7)]
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [*charts, "first.html", "first.md"]
    html = page.read_text(encoding="utf-8")
    assert what_it_loads(html) == []
    assert "default-src 'none'" in html
    markdown = text.read_text(encoding="utf-8")
    assert markdown.startswith("# Lapdraw benchmark: sd15, 512x512, 20 steps\n")
    assert re.findall(r"!\[[^]]+\]\(([^)]+)\)", markdown) == charts
    for name in charts:
        svg = (tmp_path / "new" / name).read_text(encoding="utf-8")
        ElementTree.fromstring(svg)
        assert not re.search(r"<script|<image|href|url\(|@import| on\w+=", svg)


def test_every_row_stage_and_cost_is_in_both_forms() -> None:
    html, markdown = _both(make_record())
    text = read_page(html).text
    columns = (
        *(
            "Process start",
            "Load, cold",
            "Load, warm",
            "First step",
            "Steady step",
            "VAE decode",
            "Peak memory",
        ),
        *("Share of measured peak", "PSNR to PyTorch f32", "Energy a picture", "Pictures an hour"),
        *("process start to pixels, machine", "process start to pixels, electricity"),
        *("Loop outside the networks", "Second step", "process stays open"),
    )
    told = (
        *("Example CPU @ 2.50GHz", "mains", "2026.4.1", "brgconv_avx2_f32 98", "78.2 dB", "not available"),
        *("pytorch-cpu f32", "the bf16 picture is 38 dB from f32", "480 GFLOPS", "seed 1", "DDIM"),
    )
    plain = markdown.replace("\\", "").replace("&#64;", "@")
    for wanted in (*columns, *told, *(label for label, *_ in MEASURED.values())):
        assert wanted in text
        assert wanted in plain


def test_figures_are_medians_with_their_spread() -> None:
    record = make_record(rounds=3)
    row = record.row("lapdraw-f32")
    assert row is not None
    changed = [_with_memory(sample, 4 * 2**30) for sample in row.samples]
    html, _ = _both(with_row(record, "lapdraw-f32", samples=tuple(changed)))
    assert "4.00 GiB" in html
    assert re.search(r"<td>3\.\d\d s<small>3\.\d\d to 3\.\d\d s</small></td>", html)


def test_the_laptop_class_comes_first_whatever_the_order() -> None:
    _, markdown = _both(make_record(isa="native"), make_record())
    assert markdown.index("## Laptop class") < markdown.index("## Native")
    assert markdown.index("**Laptop class: Lapdraw") < markdown.index("\nNative: Lapdraw")


def test_a_picture_whose_steps_were_not_all_run_is_called_computed() -> None:
    computed, measured = _both(make_record(run=4))[1], _both(make_record())[1]
    assert "computed, 4 steps run" in computed
    assert "steps run" not in measured


def test_random_weights_are_speed_only_and_trained_ones_are_not() -> None:
    record = make_record()
    trained = replace(record, model={**record.model, "weights": "trained", "kind": "model"})
    assert read_page(_both(record)[0]).text.count("random weights") >= 5
    assert "random weights" not in _both(trained)[0].lower()


def test_rows_without_figures_say_why_and_share_a_line_where_it_is_the_same() -> None:
    alike = [
        replace(row, id=f"x{row.id}", label=f"x{row.id}") for row in make_record().rows if not row.samples
    ]
    _, shared = _both(replace(make_record(), rows=(*make_record().rows, *alike)))
    assert re.search(r"\| cuda-f16; xcuda-f16 \| not run \| not recorded yet \|", shared)
    _, markdown = _both(make_record())
    assert "| failed | no wheel for this Python: make the environment with 3.11 |" in markdown
    assert re.search(r"\| cuda-f16 \| not run \| not recorded yet \|", markdown)


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    benign = make_record()
    hostile = _hostile(benign)
    html, markdown = _both(hostile)
    ours = read_page(_both(benign)[0])
    theirs = read_page(html)
    assert what_it_loads(html) == []
    assert theirs.elements.keys() == ours.elements.keys()
    assert "<script>alert(1)</script>" in theirs.text
    assert not set(html + markdown) & {"\x00", "\x1b", "\u202e", "\ud800"}
    for line in markdown.splitlines():
        assert "<" not in line
        assert not re.search(r"(?<!\\)\]\(", line)
        assert "://" not in line.replace("&#58;//", "")
    assert "\n# e" not in markdown
    for table in re.findall(r"(?:^\|.*\n)+", markdown, re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1
    write_report([hostile], tmp_path)
    for path in tmp_path.glob("*.svg"):
        assert {shape.tag.split("}")[1] for shape in ElementTree.parse(path).iter()} <= SHAPES


def _hostile(record: Record) -> Record:
    rows = tuple(
        replace(
            row,
            label=HOSTILE,
            reason=HOSTILE,
            precision=HOSTILE,
            device=HOSTILE,
            versions={HOSTILE: HOSTILE},
            placement={HOSTILE: {"device": HOSTILE, "name": HOSTILE, "precision": HOSTILE}},
            kernels={HOSTILE: 3},
            warnings=(HOSTILE,),
        )
        for row in record.rows
    )
    environment = {
        **{"cpu": {"name": HOSTILE, "physical_cores": HOSTILE, "mhz": [HOSTILE], "features": [HOSTILE, 3]}},
        **{"memory_bytes": HOSTILE, "os": {HOSTILE: HOSTILE}, "python": [HOSTILE], "power": HOSTILE},
        **{"load_before": 10**400, "devices": [HOSTILE, {"id": HOSTILE, "driver": 7}], "lapdraw": HOSTILE},
    }
    return replace(
        record,
        rows=rows,
        environment=environment,
        **dict.fromkeys(("created", "command", "note"), HOSTILE),  # type: ignore[arg-type]
        model=dict.fromkeys(("name", "kind", "weights", "precision", "bytes"), HOSTILE),
        request={**record.request, **dict.fromkeys(("task", "sampler", "seed", "prompt"), HOSTILE)},
        prices=replace(record.prices, currency=HOSTILE),
    )


def _with_memory(sample: Sample, size: int) -> Sample:
    return replace(sample, peak_bytes=size)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_valid_record_gives_a_report(data: st.DataObject) -> None:
    record = make_record(
        seed=data.draw(st.integers(0, 99)),
        isa=data.draw(st.sampled_from(["avx2", "native"])),
        steps=data.draw(st.integers(1, 50)),
        run=data.draw(st.integers(1, 5)),
        rounds=data.draw(st.integers(1, 3)),
    )
    kept = data.draw(st.lists(st.sampled_from(record.rows), unique_by=lambda row: row.id))
    absent: dict[str, Any] = {
        "samples": (),
        "picture": None,
        "kernels": None,
        "placement": {},
        "versions": {},
    }
    names = st.sets(st.sampled_from(sorted(absent)))
    rows = [replace(row, **{name: absent[name] for name in data.draw(names)}) for row in kept]
    scale = data.draw(st.sampled_from([0.0, 5e-324, 1e-9, 1.0, 1e6]))
    rows = [replace(row, samples=tuple(_scaled(sample, scale) for sample in row.samples)) for row in rows]
    work = data.draw(st.sampled_from([{}, dict(record.work)]))
    environment = data.draw(st.sampled_from([{}, dict(record.environment)]))
    html, markdown = _both(replace(record, rows=tuple(rows), work=work, environment=environment))
    assert what_it_loads(html) == []
    assert not re.search(r"\b(nan|inf|None)\b", html + markdown)


def _scaled(sample: Sample, scale: float) -> Sample:
    marks = sample.marks
    return replace(
        sample,
        marks=replace(
            marks,
            imported=marks.imported * scale,
            ready=marks.ready * scale,
            steps=tuple(step * scale for step in marks.steps),
            decoded=marks.decoded * scale,
        ),
        energy_joules=scale,
    )


def test_a_report_of_a_written_record_is_that_of_the_record(tmp_path: Path) -> None:
    record = make_record()
    write_record(record, tmp_path / "record.json")
    assert _both(read_record(tmp_path / "record.json")) == _both(record)


def test_no_record_and_no_place_are_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="at least one record"):
        write_report([], tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidRequest, match="cannot write"):
        write_report([make_record()], tmp_path / "file")
