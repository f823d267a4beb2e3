"""ControlNets on the command line: options in order, requests in files, and what is refused."""

import json
from pathlib import Path

import pytest
from PIL import Image

from ui.cli import main
from ui.generate_options import add_arguments, given_fields
from ui.generate_plan import make_plan


@pytest.fixture
def drawing(tmp_path: Path) -> str:
    Image.new("RGB", (64, 64), "white").save(tmp_path / "drawing.png")
    return str(tmp_path / "drawing.png")


def _options(*words: str) -> object:
    import argparse

    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(["a house", *words])


def test_options_after_a_net_are_its_own(drawing: str) -> None:
    first = [
        "--control",
        "lines",
        "--control-image",
        drawing,
        "--control-kind",
        "canny",
        "--control-low",
        "50",
    ]
    second = [
        "--control",
        "near",
        "--control-weight",
        "0.5",
        "--control-image",
        drawing,
        "--control-end",
        "0.6",
    ]
    assert given_fields(_options(*first, *second))["controls"] == [
        {"net": "lines", "image": drawing, "kind": "canny", "low": 50},
        {"net": "near", "weight": 0.5, "image": drawing, "end": 0.6},
    ]


def test_a_plan_has_the_controls_of_a_command_line_and_of_a_file(drawing: str, tmp_path: Path) -> None:
    plan = make_plan(_options("--control", "lines", "--control-image", drawing))
    assert plan.works[0].request.controls[0].net == "lines"
    lines = tmp_path / "requests.jsonl"
    lines.write_text(
        json.dumps({"prompt": "x", "controls": [{"net": "near", "image": "drawing.png", "kind": "depth"}]})
    )
    options = _options("--prompts", str(lines))
    options.prompt = None
    control = make_plan(options).works[0].request.controls[0]
    assert (control.net, control.kind, control.picture.size) == ("near", "depth", (64, 64))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--control-image", "FILE"], "--control-image comes before any --control"),
        (["--control", "a"], "the ControlNet a has no picture to go by: give --control-image FILE"),
        (["--control", "a", "--control-weight", "much"], "--control-weight must be a number, got 'much'"),
        (["--control", "a", "--control-low", "1.5"], "--control-low must be a whole number, got '1.5'"),
        (
            ["--control", "a", "--control-image", "FILE", "--control-image", "FILE"],
            "--control-image is given twice for the ControlNet a",
        ),
        (["--control", "a", "--control-image", "FILE"] * 3, "3 ControlNets are given, at most 2"),
        (["--control", "a", "--control-image", "none.png"], "none.png"),
        (["--control", "a", "--control-image", "FILE"], "there is no ControlNet 'a': known are"),
        (
            ["--control", "a", "--control-image", "FILE", "--image", "FILE", "--extend", "left=64"],
            "--control does not go with outpaint",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(
    words: list[str],
    sentence: str,
    drawing: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = [drawing if word == "FILE" else word for word in words]
    assert main(["generate", "a house", *asked, "--data-dir", str(tmp_path)]) == 2
    said = capsys.readouterr().err.strip()
    assert sentence in said
    assert "Traceback" not in said
