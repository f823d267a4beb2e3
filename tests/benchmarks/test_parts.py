"""The parts are no tests of the default suite; here it is checked that they can be timed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import parts_run
from benchmarks.parts_run import PARTS, run_parts
from runtime.errors import SetupError
from runtime.pipeline import CHECKOUT
from runtime.placement import GUIDANCE_MODES
from runtime.schedulers.tables import SAMPLERS


def test_there_is_a_part_for_every_network_sampler_and_mode_of_guidance() -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", str(PARTS), "--collect-only", "-q", "-p", "no:cacheprovider"],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    names = {line.split("::")[1] for line in listed.splitlines() if "::" in line}
    assert {f"test_step[{kind.name}]" for kind in SAMPLERS} <= names
    assert {f"test_guided_unet[{mode}]" for mode in GUIDANCE_MODES} <= names
    assert {"test_text_encoder", "test_plain_unet", "test_vae_decoder"} <= names
    assert {"test_tokenizing", "test_noise", "test_pixels", "test_writing_a_png"} <= names


def test_parts_are_timed_into_a_file_that_names_no_machine(tmp_path: Path) -> None:
    output = tmp_path / "new" / "parts.json"
    quick = ["--benchmark-max-time=0.02", "--benchmark-min-rounds=3", "--benchmark-warmup=off"]
    chosen = "tokenizing or noise or plain_unet or test_step[Euler]"
    assert run_parts(output, [*quick, "-k", chosen]) == 0
    written = json.loads(output.read_text())
    timed = {found["name"]: found for found in written["benchmarks"]}
    assert set(timed) >= {"test_tokenizing", "test_noise", "test_plain_unet", "test_step[Euler]"}
    for found in timed.values():
        assert found["stats"]["rounds"] >= 3
        assert 0 < found["stats"]["min"] <= found["stats"]["median"] < 30
    assert timed["test_plain_unet"]["stats"]["median"] > timed["test_tokenizing"]["stats"]["median"]
    assert written["machine_info"]["node"] == "lapdraw"
    assert written["commit_info"]["project"] == "lapdraw"


def test_without_pytest_benchmark_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts_run, "find_spec", lambda name: None)
    with pytest.raises(SetupError, match=r"requirements/dev\.txt"):
        run_parts(tmp_path / "parts.json")
    assert not (tmp_path / "parts.json").exists()
