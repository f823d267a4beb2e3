"""One run from its options to the record, the report and the table on the terminal."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from benchmarks.environment import describe_environment
from benchmarks.figures import measured_rows
from benchmarks.ipex import ipex_python
from benchmarks.isa import LIMITS
from benchmarks.record import Peak, Prices, Record
from benchmarks.record_file import write_record
from benchmarks.report import write_report
from benchmarks.report_tables import speed_table
from benchmarks.report_text import table_to_text
from benchmarks.rounds import CHECKOUT, Rounds, Subject
from benchmarks.rows import plan_rows, read_peers
from benchmarks.skeletons import find_or_build
from runtime.backends.base import Device
from runtime.devices import list_devices
from runtime.errors import InvalidRequest, LapdrawError
from runtime.latents import latent_shape
from runtime.model_folder import ModelFolder
from runtime.models import find_model
from runtime.pipeline import BUNDLED_MODELS, data_folder
from runtime.place_model import MEASURED
from runtime.placement import names_pytorch, resolve_placement

PROMPT = "a red house on green hills under a night sky with a moon"
RECORD = "record.json"
STEPS = 20
GUIDANCE_SCALE = 7.5
# Models of few steps are used without guidance.
FEW_STEPS = {"sd15-lcm": 4}


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What `benchmark` was asked for."""

    skeleton: str | None
    model: str | None
    devices: tuple[str, ...]
    peers: str
    isa: str
    size: int | None
    steps: int | None
    rounds: int
    sample_steps: int | None
    seed: int
    note: str
    electricity: float | None
    machine_price: float | None
    currency: str
    output: Path | None
    data_dir: Path | None
    command: str


class ProbeFailed(LapdrawError):
    """The process that measures the machine ended without an answer."""


def run_benchmark(options: RunOptions) -> int:
    """Measure, write the record and the report, print the table; status 1 when a row failed."""
    data = data_folder(options.data_dir)
    peers = read_peers(options.peers)
    model = _model(options, data)
    if "text-to-image" not in model.tasks:
        raise InvalidRequest(f"{model.name} makes no picture from a text: benchmark a text-to-image model")
    if model.kind != "openvino":
        raise InvalidRequest(
            f"{model.path} holds source weights: make it an OpenVINO model with `python launch.py optimize "
            f"{model.path}` and benchmark that, which measures PyTorch on the source beside it"
        )
    width, height = (options.size or model.default_width), (options.size or model.default_height)
    if width % model.vae_scale_factor:
        raise InvalidRequest(f"--size must be a multiple of {model.vae_scale_factor}, got {width}")
    steps = options.steps or FEW_STEPS.get(options.skeleton or "", STEPS)
    folder = options.output or data / "outputs" / "benchmarks" / _stamp(model, width, options.isa)
    if (folder / RECORD).exists():
        raise InvalidRequest(f"{folder / RECORD} is there already: choose another folder with -o")
    _openvino_devices(options.devices, list_devices(pytorch=False))  # what is not there is told at once
    environment = describe_environment()  # before anything of ours keeps the machine busy
    _say("measuring the peak of this machine and counting the work")
    is_guided = options.skeleton not in FEW_STEPS
    probe = _probe(model, width, height, options.isa, is_guided=is_guided)
    devices = [_device(value) for value in probe["devices"]]
    rows = plan_rows(
        peers,
        _openvino_devices(options.devices, devices),
        devices,
        isa=options.isa,
        has_source=model.source_path is not None,
        is_guided=is_guided,
    )
    record = Record(
        created=datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        command=options.command,
        note=options.note,
        isa=options.isa,
        rounds=options.rounds,
        model={
            "name": options.skeleton or model.name,
            "kind": "skeleton" if options.skeleton else "model",
            "weights": "random" if options.skeleton else "trained",
            "precision": model.precision,
            "bytes": sum(file.stat().st_size for file in model.path.rglob("*.bin")),
        },
        request={
            "task": "text-to-image",
            "width": width,
            "height": height,
            "num_inference_steps": steps,
            "sample_steps": min(steps, options.sample_steps or steps),
            "guidance_scale": GUIDANCE_SCALE if is_guided else 1.0,
            "sampler": "DDIM",
            "seed": options.seed,
            "prompt": PROMPT,
        },
        work=probe["work"],
        environment=environment | {"devices": probe["devices"]},
        peak=Peak(**probe["peak"]),
        prices=Prices(
            electricity_per_kwh=options.electricity,
            machine_per_hour=options.machine_price,
            currency=options.currency,
        ),
        rows=tuple(rows),
    )
    return _measure(record, model, folder)


def _measure(record: Record, model: ModelFolder, folder: Path) -> int:
    request = record.request
    with tempfile.TemporaryDirectory(prefix="lapdraw-benchmark-") as scratch:
        kept = [record]

        def keep(partly: Record) -> None:
            kept.append(partly)
            write_record(partly, folder / RECORD)

        rounds = Rounds(
            record,
            Subject(
                model=model.path.resolve(),
                source=model.source_path.resolve() if model.source_path is not None else None,
                latent_shape=latent_shape(
                    1, model.latent_channels, request["height"], request["width"], model.vae_scale_factor
                ),
            ),
            Path(scratch),
            ipex_python=lambda: ipex_python(CHECKOUT, _say),
            on_progress=_say,
            on_record=keep,
        )
        try:
            rounds.run()
        finally:  # what was measured before an interruption is reported too
            for path in (folder / RECORD, *write_report([kept[-1]], folder)):
                print(path)
    finished = kept[-1]
    print(table_to_text(speed_table(finished, measured_rows(finished))))
    return 1 if any(row.reason and row.status != "not run" for row in finished.rows) else 0


def _openvino_devices(asked: Sequence[str], present: Sequence[Device]) -> tuple[str, ...]:
    """Return the texts of --device, checked; raises InvalidRequest and DeviceError as `generate` does."""
    openvino = [device for device in present if device.backend == "openvino"]
    names = tuple(dict.fromkeys(name.strip().lower() for name in asked))
    for name in names:
        if names_pytorch(name):
            raise InvalidRequest(f"--device {name} is not one of OpenVINO: rows of PyTorch come from --peers")
        if name != MEASURED:
            resolve_placement(name, openvino)
    return names


def _model(options: RunOptions, data: Path) -> ModelFolder:
    if options.skeleton is not None:
        return ModelFolder(find_or_build(options.skeleton, data / "cache" / "skeletons", _say))
    return find_model(options.model or "", data, BUNDLED_MODELS)


def _probe(model: ModelFolder, width: int, height: int, isa: str, *, is_guided: bool) -> Mapping[str, Any]:
    with tempfile.TemporaryDirectory(prefix="lapdraw-probe-") as scratch:
        job, result = Path(scratch, "job.json"), Path(scratch, "result.json")
        job.write_text(
            json.dumps(
                {
                    "model": str(model.path.resolve()),
                    "width": width,
                    "height": height,
                    "guided": is_guided,
                    "result": str(result),
                }
            ),
            encoding="utf-8",
        )
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.machine", str(job)],
            cwd=CHECKOUT,
            env={**os.environ, **LIMITS[isa]},
            capture_output=True,
            encoding="utf-8",
        )
        if done.returncode or not result.is_file():
            last = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
            raise ProbeFailed(f"the machine could not be measured ({last}): see `python launch.py devices`")
        answer: Mapping[str, Any] = json.loads(result.read_text(encoding="utf-8"))
        return answer


def _device(value: Mapping[str, Any]) -> Device:
    return replace(Device(**value), precisions=tuple(value["precisions"]))


def _stamp(model: ModelFolder, size: int, isa: str) -> str:
    return f"{datetime.now(timezone.utc):%Y-%m-%d-%H%M%S}-{model.name}-{size}-{isa}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
