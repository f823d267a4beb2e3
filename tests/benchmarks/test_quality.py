"""What less work costs: the measures, the record, the chart and the command that makes them."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.frontier import frontier, key, main
from benchmarks.likeness import IDENTICAL, psnr, ssim
from benchmarks.quality import QualityRun, measure, read_record, table, write_record
from benchmarks.quality_prompts import EVERYDAY, is_demo, prompts_for
from benchmarks.quality_stats import mean, median
from benchmarks.quality_ways import choose_ways
from runtime.errors import InvalidRequest
from runtime.model_folder import ModelFolder
from runtime.places import CHECKOUT
from tests.models import DEMO_MODEL
from ui.quality_costs import cost_of

RECORD = CHECKOUT / "benchmarks" / "quality" / "demo-scenes.json"
CHART = CHECKOUT / "docs" / "images" / "frontier.svg"


def noise(sigma: float) -> np.ndarray:
    draw = np.random.default_rng(0)
    return np.clip(draw.normal(128, sigma, (40, 48, 3)), 0, 255).astype(np.uint8)


def test_psnr_and_ssim_of_known_pictures() -> None:
    picture = noise(40)
    assert (psnr(picture, picture), ssim(picture, picture)) == (IDENTICAL, pytest.approx(1.0))
    assert psnr(np.zeros((12, 12, 3), np.uint8), np.full((12, 12, 3), 255, np.uint8)) == 0
    assert psnr(picture, picture ^ 1) == pytest.approx(10 * math.log10(255**2))
    # Flat planes: only the means differ, equation 6 of the paper.
    dark, light = (np.full((20, 20, 3), level, np.uint8) for level in (100, 150))
    c1 = (0.01 * 255) ** 2
    assert ssim(dark, light) == pytest.approx((2 * 100 * 150 + c1) / (100**2 + 150**2 + c1))
    assert abs(ssim(picture, np.roll(picture, 7, axis=0))) < 0.15  # unrelated noise


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    draw = np.random.default_rng(0)
    held = sum(
        found.low <= 3 <= found.high for found in (mean(list(draw.normal(3, 1, 40))) for _ in range(120))
    )
    assert 104 <= held <= 120  # 114 expected
    assert median([1.0, 2.0, 9.0]).value == 2.0
    assert (median([4.0] * 5).low, median([4.0] * 5).high) == (4.0, 4.0)


def test_ways_are_chosen_by_name() -> None:
    assert list(choose_ways("presets", 20)) == ["exact", "balanced", "fast"]
    assert list(choose_ways("fast,exact", 20)) == ["exact", "fast"]
    assert choose_ways("reuse 3, guidance 0-0.5;fast", 20)["reuse 3, guidance 0-0.5"]["reuse"] == "3"
    assert choose_ways("all", 20)["half the steps"] == {"num_inference_steps": 10}
    with pytest.raises(InvalidRequest, match="'quick' does not exist"):
        choose_ways("quick", 20)


def test_prompts_follow_from_the_model() -> None:
    model = ModelFolder(DEMO_MODEL)
    assert is_demo(model)
    scenes = prompts_for(model, 3)
    assert scenes.judge is not None
    assert len(set(scenes.texts)) == 3
    given = prompts_for(model, 3, ("a", "b"))
    assert (given.texts, given.judge) == (("a", "b", "a"), None)
    assert len(set(EVERYDAY)) == len(EVERYDAY)


@pytest.mark.parametrize("random_weights", [False, True])
def test_a_run_measures_every_way_from_the_same_seeds(random_weights: bool, tmp_path: Path) -> None:
    run = QualityRun(
        model=DEMO_MODEL,
        prompts=prompts_for(ModelFolder(DEMO_MODEL), 2),
        ways=choose_ways("reuse 2", 6),
        steps=6,
        size=64,
        data=tmp_path,
        random_weights=random_weights,
    )
    record = measure(run, lambda text: None)
    write_record(record, tmp_path / "outputs" / "benchmarks" / "quality" / "mine.json")
    assert read_record(tmp_path / "outputs" / "benchmarks" / "quality" / "mine.json") == json.loads(
        json.dumps(record)
    )
    exact, reused = record["rows"]
    assert exact["speed"]["value"] == exact["work"] == 1
    assert reused["work"] > 1.7
    cost = cost_of(tmp_path, "mine", "reuse 2")
    assert cost is not None
    if random_weights:
        assert "psnr" not in reused
        assert "quality not measured" in table(record)
        assert cost.decibels is None
    else:
        assert (exact["psnr"]["value"], exact["accuracy_change"]["value"]) == (IDENTICAL, 0)
        assert 5 < reused["psnr"]["lowest"] <= reused["psnr"]["value"] < 90
        assert cost.decibels == reused["psnr"]["value"]
    assert cost_of(tmp_path, "mine", "fast") is None


def test_a_file_that_is_no_record_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, content in enumerate(
        (b"", b"[]", b'{"schema": "other"}', b'{"schema": "lapdraw-quality/1"}')
    ):
        path = tmp_path / f"{number}.json"
        path.write_bytes(content)
        with pytest.raises(InvalidRequest, match="no record of quality"):
            read_record(path)
        assert cost_of(tmp_path, "none-such", "fast") is None
    assert main([str(tmp_path / "0.json"), "-o", str(tmp_path / "chart.svg")]) == 2
    assert "no record of quality" in capsys.readouterr().err


def test_the_chart_is_that_of_the_committed_record(tmp_path: Path) -> None:
    assert main([str(RECORD), "-o", str(tmp_path / "chart.svg")]) == 0
    assert (tmp_path / "chart.svg").read_bytes() == CHART.read_bytes()
    record: dict[str, Any] = read_record(RECORD)
    assert frontier(record).kind == "scatter"
    for line in key(record).splitlines():
        assert line in (CHECKOUT / "docs" / "speed.md").read_text(encoding="utf-8")


def test_the_committed_record_holds_what_the_presets_promise() -> None:
    rows = {row["name"]: row for row in read_record(RECORD)["rows"]}
    assert rows["balanced"]["psnr"]["value"] >= 38
    assert abs(rows["balanced"]["accuracy_change"]["value"]) <= 0.005
    assert abs(rows["fast"]["accuracy_change"]["value"]) <= 0.02
    assert rows["fast"]["work"] > rows["balanced"]["work"] > 1.7
