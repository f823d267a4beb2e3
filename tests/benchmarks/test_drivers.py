"""Every driver as the benchmark starts it: a real process on the demo model, from the same latents."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.fields import Fields
from benchmarks.record_file import parse_sample
from runtime.noise import NoiseSource
from tests.measures import psnr
from tests.models import DEMO_MODEL, DEMO_SOURCE

ROOT = Path(__file__).resolve().parents[2]
STEPS = 3
SEED = 7
COMPONENTS = {"text_encoder", "unet", "vae_decoder"}


@dataclass(frozen=True)
class Made:
    """What a driver left behind."""

    result: Mapping[str, Any]
    picture: np.ndarray


def write_job(folder: Path, **changes: object) -> Path:
    np.save(folder / "latents.npy", NoiseSource(SEED).standard_normal((1, 4, 16, 16)))
    job: dict[str, object] = {
        "model": str(DEMO_MODEL),
        "source": str(DEMO_SOURCE),
        "width": 128,
        "height": 128,
        "steps": STEPS,
        "guidance_scale": 6,
        "seed": SEED,
        "prompt": "a yellow tower on the right by the sea at dawn",
        "negative_prompt": "night",
        "device": "cpu",
        "precision": "f32",
        "options": {},
        "latents": str(folder / "latents.npy"),
        "cache": str(folder / "cache"),
        "result": str(folder / "result.json"),
        "picture": str(folder / "picture.npy"),
    }
    path = folder / "job.json"
    path.write_text(json.dumps(job | changes), encoding="utf-8")
    return path


def start(driver: str, job: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = os.environ | {"LAPDRAW_STARTED": repr(time.time()), "HF_HUB_OFFLINE": "1"} | environment
    command = [sys.executable, "-m", f"benchmarks.drivers.{driver}", str(job)]
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True)


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Made]:
    """Run a driver once for all tests."""

    @cache
    def run(driver: str) -> Made:
        folder = tmp_path_factory.mktemp(driver)
        done = start(driver, write_job(folder))
        assert done.returncode == 0, done.stderr[-2000:]
        result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        return Made(result, np.load(folder / "picture.npy"))

    return run


# Of the demo, in f32 against diffusers in f32; openvino-genai cuts decimals off where the others round.
DRIVERS = {"diffusers_plain": 100.0, "lapdraw": 60.0, "optimum": 60.0, "genai": 50.0}


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_driver_makes_the_same_picture_from_the_same_latents(
    driver: str, make: Callable[[str], Made]
) -> None:
    reference, picture = make("diffusers_plain").picture, make(driver).picture
    assert psnr(reference, picture) >= DRIVERS[driver]
    assert picture.std() > 20  # a picture, not a flat one


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_driver_notes_every_moment_in_order(driver: str, make: Callable[[str], Made]) -> None:
    result = make(driver).result
    sample = parse_sample(Fields({**result, "round": 0, "cache": "cold"}, driver))  # what the record reads
    marks = [sample.marks.imported, sample.marks.ready, *sample.marks.steps, sample.marks.decoded]
    assert len(sample.marks.steps) == STEPS
    assert marks == sorted(marks)
    assert marks[0] > 0
    assert marks[-1] < 120


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_driver_says_what_executed(driver: str, make: Callable[[str], Made]) -> None:
    result = make(driver).result
    assert set(result["placement"]) == COMPONENTS
    assert {place["precision"] for place in result["placement"].values()} == {"f32"}
    assert all(result["versions"].values())
    library = {"diffusers_plain": "diffusers", "optimum": "optimum-intel", "genai": "openvino-genai"}
    assert library.get(driver, "openvino") in result["versions"]


def test_the_kernels_of_the_unet_are_counted_where_the_library_shows_its_graph(
    make: Callable[[str], Made],
) -> None:
    for driver in ("lapdraw", "optimum"):
        kernels = make(driver).result["kernels"]
        assert sum(count for name, count in kernels.items() if name.startswith(("brgconv", "jit"))) > 50
    assert make("genai").result["kernels"] is None


def test_our_runtime_and_genai_tell_the_loop_from_the_network(make: Callable[[str], Made]) -> None:
    for driver in ("lapdraw", "genai"):
        result = make(driver).result
        assert result["unet_calls"] == STEPS
        steps = result["marks"]["steps"][-1] - result["marks"]["ready"]
        assert 0 < result["unet_seconds"] < steps
        assert 0 <= result["loop_overhead"] < steps - result["unet_seconds"] + 0.001


def test_in_a_laptop_class_process_convolutions_and_matrix_products_use_avx2(tmp_path: Path) -> None:
    done = start("lapdraw", write_job(tmp_path, steps=1), ONEDNN_MAX_CPU_ISA="AVX2_VNNI")
    assert done.returncode == 0, done.stderr[-2000:]
    kernels = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))["kernels"]
    # Norms and resizing keep AVX-512 under the switch where the machine has it; they are next to no work.
    heavy = [name for name in kernels if name.startswith(("brgconv", "brgemm"))]
    assert heavy
    assert all("avx2" in name for name in heavy)


@pytest.mark.parametrize(
    ("driver", "changes", "sentence"),
    [
        ("lapdraw", {"options": {"reshaped": True}}, "this driver has no option 'reshaped'"),
        ("lapdraw", {"seed": 8}, "is not the noise of seed 8"),
        ("lapdraw", {"device": "npu.7"}, "device 'npu.7' is not available here"),
        ("genai", {"precision": "f64"}, "precision must be one of f32, bf16, f16, got 'f64'"),
        ("genai", {"steps": "3"}, "steps must be int, got '3'"),
        ("diffusers_plain", {"source": None}, "diffusers needs the source weights"),
        ("optimum", {"extra": 1}, "these differ: extra"),
    ],
)
def test_a_job_that_cannot_run_ends_with_one_sentence_and_no_result(
    tmp_path: Path, driver: str, changes: dict[str, object], sentence: str
) -> None:
    done = start(driver, write_job(tmp_path, **changes))
    assert done.returncode == 1
    assert sentence in done.stderr.strip().splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "result.json").exists()
    assert not (tmp_path / "picture.npy").exists()


def test_a_driver_needs_the_time_of_its_start(tmp_path: Path) -> None:
    done = start("genai", write_job(tmp_path), LAPDRAW_STARTED="soon")
    assert done.returncode == 1
    assert "LAPDRAW_STARTED must hold the time of the start in seconds, got 'soon'" in done.stderr
