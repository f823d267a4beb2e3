"""Records like those of a run, made from a seed: measured rows, one that failed, one not run."""

import random
from dataclasses import replace
from typing import Any

from benchmarks.record import Marks, Peak, PictureDifference, Prices, Record, Row, Sample

# As the rows of a run: label, group, device, precision, then seconds of start, cold load, warm load, first
# step, step and decode, and GiB at the peak.
MEASURED: dict[str, tuple[str, str, str, str, tuple[float, ...]]] = {
    "lapdraw-f32": (
        *("Lapdraw, OpenVINO", "lapdraw", "cpu", "f32"),
        (0.35, 2.9, 2.4, 3.6, 3.45, 2.9, 5.1),
    ),
    "pytorch-f32": (
        *("PyTorch, diffusers", "pytorch", "pytorch-cpu", "f32"),
        (5.2, 4.1, 3.9, 7.4, 7.1, 6.3, 5.9),
    ),
    "optimum-f32": ("optimum-intel, reshaped", "peer", "cpu", "f32", (6.1, 5.0, 4.6, 3.7, 3.5, 3.0, 6.2)),
    "genai-f32": ("openvino-genai", "peer", "cpu", "f32", (0.6, 4.2, 3.4, 3.75, 3.52, 2.95, 5.6)),
    "lapdraw-bf16": (
        *("Lapdraw, OpenVINO", "lapdraw", "cpu", "bf16"),
        (0.35, 2.8, 2.3, 1.2, 1.1, 1.2, 4.2),
    ),
}
PICTURES = {"lapdraw-f32": 78.2, "optimum-f32": 78.9, "genai-f32": 61.0, "lapdraw-bf16": 38.4}


def make_record(
    *, seed: int = 0, isa: str = "avx2", steps: int = 20, run: int = 20, rounds: int = 5
) -> Record:
    """Return a record of `rounds` rounds in which `run` steps of `steps` were run."""
    noise = random.Random(seed)
    faster = 1.0 if isa == "avx2" else 0.55
    rows = [_row(noise, id_, faster, run, rounds) for id_ in MEASURED]
    rows.append(
        _empty("ipex-f32", "pytorch", "failed", "no wheel for this Python: make the environment with 3.11")
    )
    rows.append(_empty("cuda-f16", "pytorch", "not run", ""))
    return Record(
        created="2026-11-21T07:10:03Z",
        command=f"launch.py benchmark --skeleton sd15 --steps {steps} --isa {isa}",
        isa=isa,
        rounds=rounds,
        model={"name": "sd15", "kind": "skeleton", "weights": "random", "precision": "fp16", "bytes": 2**31},
        request={
            **{"task": "text-to-image", "width": 512, "height": 512, "num_inference_steps": steps},
            **{"guidance_scale": 7.5, "sampler": "DDIM", "seed": 1, "prompt": "a red house"},
            **({"sample_steps": run} if run < steps else {}),
        },
        work={"unet_gflop_per_step": 1355.0, "vae_decoder_gflop": 2480.0},
        environment={
            "cpu": {
                **{"name": "Example CPU @ 2.50GHz", "physical_cores": 2, "logical_cores": 4, "mhz": 2500.0},
                "features": ["avx2", "avx512f", "avx512_vnni"],
            },
            **{"memory_bytes": 24 * 2**30, "os": "Linux 6.1", "python": "3.11.7", "power": "mains"},
            **{"load_before": 0.12, "lapdraw": "0.1.0, commit 8de8a50"},
            "devices": [{"id": "cpu", "name": "Example CPU", "driver": "OpenVINO 2026.4.1"}],
        },
        peak=Peak(gflops={"f32": 480.0 / faster, "bf16": 1600.0}, gigabytes_per_second=21.5),
        rows=tuple(rows),
        prices=Prices(electricity_per_kwh=0.3, machine_per_hour=0.08),
    )


def with_row(record: Record, id_: str, **changes: Any) -> Record:
    """Return the record with fields of one row replaced."""
    rows = tuple(replace(row, **changes) if row.id == id_ else row for row in record.rows)
    return replace(record, rows=rows)


def _row(noise: random.Random, id_: str, faster: float, run: int, rounds: int) -> Row:
    label, group, device, precision, stages = MEASURED[id_]
    is_lapdraw, psnr = group == "lapdraw", PICTURES.get(id_)
    samples = [_sample(noise, stages, faster, run, 0, "cold", is_lapdraw)]
    samples += [_sample(noise, stages, faster, run, number, "warm", is_lapdraw) for number in range(rounds)]
    kernel = "brgconv_avx2" if faster == 1.0 else "brgconv_avx512"
    return Row(
        id=id_,
        label=label,
        group=group,
        driver=id_.split("-")[0],
        device=device,
        precision=precision,
        status="measured",
        versions={"openvino": "2026.4.1"} if device == "cpu" else {"torch": "2.9.1", "diffusers": "0.39.0"},
        placement={
            name: {"device": device, "name": "Example CPU", "precision": precision}
            for name in ("text_encoder", "unet", "vae_decoder")
        },
        kernels={f"{kernel}_f32": 98, "jit_gemm_f32": 64, "jit_avx512_f32": 96, "unknown": 107}
        if is_lapdraw
        else None,
        warnings=("the bf16 picture is 38 dB from f32",) if precision == "bf16" else (),
        samples=tuple(samples),
        picture=None
        if psnr is None
        else PictureDifference(reference="pytorch-f32", psnr_db=psnr, identical=False, largest_difference=3),
    )


def _sample(
    noise: random.Random,
    stages: tuple[float, ...],
    faster: float,
    run: int,
    number: int,
    cache: str,
    is_lapdraw: bool,
) -> Sample:
    def about(seconds: float) -> float:
        return seconds * noise.uniform(0.98, 1.04)

    start, cold, warm, first, step, decode, memory = stages
    imported = about(start)
    ready = imported + about(cold if cache == "cold" else warm)
    ends = [ready + about(first * faster)]
    for _ in range(run - 1):
        ends.append(ends[-1] + about(step * faster))
    components: dict[str, dict[str, float | bool]] = {
        "read": {"unet": 0.4, "vae_decoder": 0.1},
        "compile": {"unet": 1.8, "vae_decoder": 0.6},
        "from_cache": {"unet": False, "vae_decoder": cache == "warm"},
    }
    return Sample(
        round=number,
        cache=cache,
        marks=Marks(
            imported=imported, ready=ready, steps=tuple(ends), decoded=ends[-1] + about(decode * faster)
        ),
        components=components if is_lapdraw else {},
        loop_overhead=0.004 * run if is_lapdraw else None,
        unet_calls=run if is_lapdraw else None,
        peak_bytes=int(about(memory) * 2**30),
    )


def _empty(id_: str, group: str, status: str, reason: str) -> Row:
    return Row(
        id=id_,
        label=id_,
        group=group,
        driver="diffusers_plain",
        device="cuda",
        precision="f16",
        status=status,
        reason=reason,
    )
