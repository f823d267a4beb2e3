import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMES_WITH_A_REMEDY = ("give", "save", "copy", "make", "check", "fill")


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What came of each hostile picture, all of them read in one process of their own."""
    folder = tmp_path_factory.mktemp("hostile")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.runtime.hostile_runner", folder],
        cwd=ROOT, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_hostile_picture_is_refused(outcomes: list[dict[str, Any]]) -> None:
    refused = [o for o in outcomes if o["error"] == "InvalidRequest"]
    assert [(o["name"], o["error"], o["text"]) for o in outcomes if o not in refused][1:] == []
    assert len({o["name"] for o in refused}) == len(refused) >= 300


def test_each_refusal_is_one_sentence_with_a_remedy(outcomes: list[dict[str, Any]]) -> None:
    for outcome in outcomes[1:]:
        text = outcome["text"]
        assert text.isprintable(), outcome
        assert len(text) < 500, outcome
        assert text.rpartition(": ")[2].startswith(NAMES_WITH_A_REMEDY), outcome


def test_no_hostile_picture_costs_two_seconds_of_processor(outcomes: list[dict[str, Any]]) -> None:
    assert [(o["name"], o["seconds"]) for o in outcomes if o["seconds"] >= 2] == []


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="peaks are kept by Linux only")
def test_no_hostile_picture_costs_300_megabytes(outcomes: list[dict[str, Any]]) -> None:
    control = outcomes[0]  # a sound picture of 4 megapixels, which Pillow holds in 16 MB
    assert control["error"] == "nothing"
    assert 16e6 < control["growth"] < 300e6
    assert [(o["name"], o["growth"]) for o in outcomes if o["growth"] >= 300e6] == []
