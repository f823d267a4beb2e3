"""The rounds with a driver that answers at once, put in at the seam: order, failures, records, pictures."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import rounds as rounds_module
from benchmarks.record import Peak, Record, Row
from benchmarks.record_file import read_record, write_record
from benchmarks.rounds import Rounds, Subject, difference
from benchmarks.watch import Watched
from runtime.errors import SetupError


class Drivers:
    """Stands for the processes: remembers the jobs, answers with a result, or fails for the rows named."""

    def __init__(self, failing: dict[str, int] | None = None) -> None:
        self.jobs: list[dict] = []
        self.environments: list[dict] = []
        self.failing = failing or {}  # row's driver -> the call from which on it fails

    def __call__(self, command, *, folder, environment, log, limit_seconds) -> Watched:
        job = json.loads(Path(command[-1]).read_text())
        driver = command[2].rsplit(".", 1)[1]
        self.jobs.append(job | {"driver": driver})
        self.environments.append(environment)
        calls = sum(seen["driver"] == driver for seen in self.jobs)
        if calls >= self.failing.get(driver, 1000):
            return Watched(
                status=1, seconds=1.0, peak_bytes=1, energy_joules=None, last_line="no memory left"
            )
        steps = [3.0 + index for index in range(job["steps"])]
        Path(job["result"]).write_text(
            json.dumps(
                {
                    "marks": {"imported": 1.0, "ready": 2.0, "steps": steps, "decoded": steps[-1] + 1},
                    "versions": {"openvino": "2026.4"},
                    "placement": {"unet": {"device": "cpu", "name": "a CPU", "precision": "f32"}},
                    "kernels": {"brgconv_avx2": 7},
                    "warnings": [],
                }
            )
        )
        value = 100 if driver == "diffusers_plain" else 101
        np.save(job["picture"], np.full((8, 8, 3), value, np.uint8))
        return Watched(status=0, seconds=1.0, peak_bytes=5, energy_joules=None, last_line="")


def row(id_: str, driver: str, reason: str = "") -> Row:
    return Row(
        id=id_,
        label=id_,
        group="peer",
        driver=driver,
        device="cpu",
        precision="f32",
        status="not run",
        reason=reason,
    )


@pytest.fixture
def record() -> Record:
    return Record(
        created="2026-11-21T07:00:00Z",
        command="",
        isa="avx2",
        rounds=3,
        cold_rounds=1,
        model={"name": "m", "kind": "model", "weights": "trained", "precision": "fp16"},
        request={
            **{"task": "text-to-image", "sampler": "DDIM", "prompt": "p", "seed": 3},
            **{"width": 64, "height": 64, "num_inference_steps": 4, "guidance_scale": 7.5},
        },
        work={"unet_gflop_per_step": 1.0},
        environment={},
        peak=Peak(gflops={"f32": 100.0}, gigabytes_per_second=10.0),
        rows=(
            row("lapdraw-f32", "lapdraw"),
            row("pytorch-f32", "diffusers_plain"),
            row("genai-f32", "genai"),
            row("cuda-f16", "diffusers_plain", reason="no CUDA device here"),
        ),
    )


def run(record: Record, drivers: Drivers, folder: Path, monkeypatch) -> tuple[Record, list[Record]]:
    monkeypatch.setattr(rounds_module, "watch", drivers)
    kept: list[Record] = []
    rounds = Rounds(
        record,
        Subject(model=folder / "m", source=folder / "s", latent_shape=(1, 4, 8, 8)),
        folder,
        ipex_python=lambda: Path("python"),
        on_progress=lambda text: None,
        on_record=kept.append,
    )
    return rounds.run(), kept


def test_rows_are_interleaved_and_nobody_is_always_first(record, tmp_path, monkeypatch):
    drivers = Drivers()
    finished, kept = run(record, drivers, tmp_path, monkeypatch)
    order = [job["driver"] for job in drivers.jobs]
    assert [order[start] for start in (0, 3, 6, 9)] == ["lapdraw", "diffusers_plain", "genai", "lapdraw"]
    assert all(len(set(order[start : start + 3])) == 3 for start in (0, 3, 6, 9))
    assert [job["steps"] for job in drivers.jobs] == [1] * 3 + [4] * 9  # the cold round is short
    assert all(env["ONEDNN_MAX_CPU_ISA"] == "AVX2_VNNI" for env in drivers.environments)
    assert [sample.cache for sample in finished.row("genai-f32").samples] == ["cold", "warm", "warm", "warm"]
    assert len(kept) == 13  # before the first sample, and after every one


def test_every_row_starts_from_the_same_latents_with_a_cache_of_its_own(record, tmp_path, monkeypatch):
    drivers = Drivers()
    run(record, drivers, tmp_path, monkeypatch)
    assert len({job["latents"] for job in drivers.jobs}) == 1
    assert np.load(drivers.jobs[0]["latents"]).shape == (1, 4, 8, 8)
    assert len({job["cache"] for job in drivers.jobs}) == 3


def test_a_row_that_fails_keeps_its_reason_and_its_samples_and_the_others_go_on(
    record, tmp_path, monkeypatch
):
    drivers = Drivers(failing={"genai": 3})
    finished, _ = run(record, drivers, tmp_path, monkeypatch)
    failed = finished.row("genai-f32")
    assert (failed.status, failed.reason, len(failed.samples)) == ("measured", "no memory left", 2)
    assert len(finished.row("lapdraw-f32").samples) == 4
    assert sum(job["driver"] == "genai" for job in drivers.jobs) == 3  # not tried a fourth time
    assert (finished.row("cuda-f16").status, finished.row("cuda-f16").samples) == ("not run", ())


def test_a_row_that_never_ran_warm_has_failed(record, tmp_path, monkeypatch):
    finished, _ = run(record, Drivers(failing={"genai": 2}), tmp_path, monkeypatch)
    assert (finished.row("genai-f32").status, len(finished.row("genai-f32").samples)) == ("failed", 1)


def test_a_cold_sample_finds_nothing_kept(record, tmp_path, monkeypatch):
    class Keeping(Drivers):
        def __call__(self, command, **more):
            job = json.loads(Path(command[-1]).read_text())
            found.append(Path(job["cache"], "kept").exists())
            Path(job["cache"]).mkdir(parents=True, exist_ok=True)
            Path(job["cache"], "kept").touch()
            return super().__call__(command, **more)

    found: list[bool] = []
    run(replace(record, cold_rounds=2), Keeping(), tmp_path, monkeypatch)
    assert found == [False] * 6 + [True] * 9


def test_an_environment_that_cannot_be_made_costs_its_row_alone(record, tmp_path, monkeypatch):
    def refused(self, row, *arguments):
        if row.id == "genai-f32":
            raise SetupError("the network cannot be reached")
        return whole(self, row, *arguments)

    whole = Rounds._drive
    monkeypatch.setattr(Rounds, "_drive", refused)
    finished, _ = run(record, Drivers(), tmp_path, monkeypatch)
    assert finished.row("genai-f32").reason == "the network cannot be reached"
    assert len(finished.row("lapdraw-f32").samples) == 4


def test_a_sample_may_run_fewer_steps_than_the_picture(record, tmp_path, monkeypatch):
    drivers = Drivers()
    run(replace(record, request={**record.request, "sample_steps": 2}), drivers, tmp_path, monkeypatch)
    assert {job["steps"] for job in drivers.jobs} == {1, 2}


def test_pictures_are_compared_with_plain_pytorch(record, tmp_path, monkeypatch):
    finished, _ = run(record, Drivers(), tmp_path, monkeypatch)
    picture = finished.row("lapdraw-f32").picture
    assert (picture.reference, picture.largest_difference) == ("pytorch-f32", 1)
    assert picture.psnr_db == pytest.approx(48.13, abs=0.01)  # 20 log10(255 / 1)
    assert finished.row("pytorch-f32").picture is None


def test_what_was_measured_survives_the_file(record, tmp_path, monkeypatch):
    finished, _ = run(record, Drivers(), tmp_path / "run", monkeypatch)
    write_record(finished, tmp_path / "record.json")
    assert read_record(tmp_path / "record.json") == finished


def test_identical_and_differently_sized_pictures_are_told_apart():
    flat = np.zeros((4, 4, 3), np.uint8)
    assert difference(flat, flat, "r").identical
    assert difference(flat, np.zeros((2, 2, 3), np.uint8), "r").psnr_db == 0.0


def test_without_a_row_that_can_run_nothing_is_started(record, tmp_path, monkeypatch):
    drivers = Drivers()
    rows = tuple(replace(row, reason="not here") for row in record.rows)
    run(replace(record, rows=rows), drivers, tmp_path, monkeypatch)
    assert drivers.jobs == []
