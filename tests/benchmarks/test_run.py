"""What `benchmark` refuses before anything is measured: one sentence, status 2, nothing written."""

from pathlib import Path

import pytest

from ui.cli import main

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--model", "nothing"), "there is no model 'nothing'"),
        (("--model", "demo-butterflies"), "makes no picture from a text"),
        (("--model", str(ROOT / "demo/sources/demo-scenes")), "holds source weights"),
        (("--model", "demo-scenes", "--size", "100"), "--size must be a multiple of 8, got 100"),
        (("--model", "demo-scenes", "--peers", "comfy"), "there is no peer 'comfy'"),
        (("--model", "demo-scenes", "--skeleton", "sd15"), "two different models"),
        (("--rounds", "0"), "--rounds must be at least 1, got 0"),
        (("--sample-steps", "-3"), "--sample-steps must be at least 1, got -3"),
        (("--electricity", "nan"), "--electricity must be a price from 0"),
        (
            ("--model", "demo-scenes", "--peers", "none", "--device", "cuda"),
            "rows of PyTorch come from --peers",
        ),
        (
            ("--model", "demo-scenes", "--peers", "none", "--device", "gpu.7"),
            "device 'gpu.7' is not available",
        ),
        (("report", "nowhere.json"), "cannot read nowhere.json"),
    ],
)
def test_bad_input_is_one_sentence_and_nothing_is_written(
    arguments: tuple[str, ...], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = () if arguments[0] == "report" else ("-o", str(tmp_path / "out"))
    assert main(["benchmark", *arguments, *place]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert sentence in said[-1]
    assert list(tmp_path.iterdir()) == []


def test_a_record_is_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "record.json").write_text("mine")
    assert main(["benchmark", "--model", "demo-scenes", "--peers", "none", "-o", str(tmp_path)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert (tmp_path / "record.json").read_text() == "mine"


def test_a_run_of_the_demo_model_ends_with_record_report_and_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Real processes, without the peers: the whole way from the command to the page."""
    short = ("--steps", "3", "--rounds", "1", "--peers", "none")
    assert main(["benchmark", "--model", "demo-scenes", *short, "-o", str(tmp_path / "out")]) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"record.json", "report.html", "report.md"}
    assert "Lapdraw, OpenVINO, f32" in capsys.readouterr().out
