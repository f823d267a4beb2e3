"""`benchmark --quality`: what each way to leave out work gains and costs, from the same seeds as exact.

Each way paints a prompt, or a few, in turn, so that all see the same machine.
"""

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.environment import describe_environment
from benchmarks.likeness import Pixels, psnr, ssim
from benchmarks.quality_prompts import SEED, Prompts
from benchmarks.quality_stats import Estimate, mean, median
from runtime import TextToImage, open_pipeline
from runtime.backends.openvino import SMALL_BYTES
from runtime.errors import InvalidRequest
from runtime.pipeline import Pipeline
from runtime.speed import EXACT, forwards_of
from runtime.timings import Timings
from runtime.whole_file import write_whole

SCHEMA = "lapdraw-quality/1"
SMALL, LARGE = 1, 6  # prompts in turn: a large model is compiled anew whenever the way changes
Say = Callable[[str], None]


@dataclass(kw_only=True)
class Painted:
    """What one way painted, a value for each prompt."""

    seconds: list[float] = field(default_factory=list)  # of text encoder, steps and decoder
    forwards: float = 0.0  # of half a batch, a step
    decibels: list[float] = field(default_factory=list)  # to exact
    likeness: list[float] = field(default_factory=list)
    right: list[Mapping[str, bool]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class QualityRun:
    """What is measured, on what."""

    model: Path
    prompts: Prompts
    ways: Mapping[str, Mapping[str, Any]]
    steps: int
    device: str = "cpu"
    size: int | None = None
    sampler: str | None = None
    data: Path | None = None
    random_weights: bool = False  # then there is a speed and no quality
    limit_seconds: float = math.inf  # no prompt is begun after that


def measure(run: QualityRun, say: Say) -> dict[str, Any]:
    """Paint every prompt every way and return the record; raises what opening and painting raise."""
    painted = {name: Painted() for name in run.ways}
    numbers = iter(range(len(run.prompts.texts)))
    with ExitStack() as stack:
        pipeline = stack.enter_context(open_pipeline(run.model, device=run.device, data_dir=run.data))
        first: Any = None
        is_small = pipeline.model.ir("unet").with_suffix(".bin").stat().st_size <= SMALL_BYTES
        started = time.perf_counter()
        for block in iter(lambda: list(islice(numbers, SMALL if is_small else LARGE)), []):
            if first is not None and time.perf_counter() - started > run.limit_seconds:
                break
            exact: dict[int, Pixels] = {}
            for name, fields in run.ways.items():
                for number in block:
                    result, pixels = _paint(pipeline, run, number, fields)
                    first = first or result
                    exact.setdefault(number, pixels)  # it is the first way
                    _note(painted[name], run, number, result.timings, pixels, exact[number])
                    painted[name].forwards = forwards_of(result.request.plan) * result.request.steps
            say(f"{block[-1] + 1} of {len(run.prompts.texts)} prompts, {len(run.ways)} pictures each")
        return _record(run, painted, pipeline, first)


def _paint(pipeline: Pipeline, run: QualityRun, number: int, fields: Mapping[str, Any]) -> tuple[Any, Pixels]:
    request = TextToImage(
        **{
            "prompt": run.prompts.texts[number],
            "seed": SEED + number,
            "num_inference_steps": run.steps,
            "guidance_scale": run.prompts.guidance_scale,
            "width": run.size,
            "height": run.size,
            "sampler": run.sampler,
            "safety_checker": False,
            **fields,
        }
    )
    result = pipeline.generate(request).result()
    return result, np.asarray(result.images[0])


def _note(
    painted: Painted, run: QualityRun, number: int, timings: Timings, pixels: Pixels, exact: Pixels
) -> None:
    painted.seconds.append(timings.text_encoder + sum(timings.steps) + timings.vae_decoder)
    if run.random_weights:
        return
    painted.decibels.append(psnr(pixels, exact))
    painted.likeness.append(ssim(pixels, exact))
    if run.prompts.judge is not None:
        painted.right.append(run.prompts.judge(number, Image.fromarray(pixels)))


def _record(
    run: QualityRun, painted: Mapping[str, Painted], pipeline: Pipeline, first: Any
) -> dict[str, Any]:
    request, executed = first.request, first.placement["unet"]
    return {
        "schema": SCHEMA,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "model": pipeline.model.name,
        "random_weights": run.random_weights,
        "pictures": len(painted[EXACT].seconds),
        "size": f"{request.width}x{request.height}",
        "num_inference_steps": run.steps,
        "guidance_scale": request.scale,
        "sampler": first.sampler,
        "schedule": first.schedule,
        "first_seed": SEED,
        "device": executed.device,
        "precision": executed.precision,
        "environment": describe_environment(),
        "rows": [_row(name, run.ways[name], found, painted[EXACT]) for name, found in painted.items()],
    }


def _row(name: str, fields: Mapping[str, Any], found: Painted, exact: Painted) -> dict[str, Any]:
    faster = [right / ours for right, ours in zip(exact.seconds, found.seconds, strict=True)]
    row: dict[str, Any] = {
        "name": name,
        "fields": dict(fields),
        "work": exact.forwards / found.forwards,  # of exact for one of this, in forwards
        "seconds": asdict(median(found.seconds)),
        "speed": asdict(median(faster)),
    }
    if found.decibels:
        row |= {
            "psnr": asdict(median(found.decibels)) | {"lowest": min(found.decibels)},
            "ssim": asdict(median(found.likeness)) | {"lowest": min(found.likeness)},
        }
    if found.right:
        row |= {
            "accuracy": asdict(mean(_shares(found.right))),
            "accuracy_change": asdict(_change(found.right, exact.right)),
            "attributes": _attributes(found.right),
        }
    return row


def _shares(right: Sequence[Mapping[str, bool]]) -> list[float]:
    """Return for each picture the share of its attributes that it shows."""
    return [sum(each.values()) / len(each) for each in right]


def _change(ours: Sequence[Mapping[str, bool]], exact: Sequence[Mapping[str, bool]]) -> Estimate:
    return mean([a - b for a, b in zip(_shares(ours), _shares(exact), strict=True)])


def _attributes(right: Sequence[Mapping[str, bool]]) -> dict[str, float]:
    names = dict.fromkeys(name for each in right for name in each)
    return {name: float(np.mean([each[name] for each in right if name in each])) for name in names}


def table(record: Mapping[str, Any]) -> str:
    """Return the record as text: a line for each way."""
    lines = [
        f"{record['model']}: {record['pictures']} pictures of {record['size']}, "
        f"{record['num_inference_steps']} steps, {record['sampler']}, on {record['device']} in "
        f"{record['precision']}; 95 % intervals in brackets",
        f"{'':<28}{'work':>6}{'seconds':>9}{'speed':>20}{'PSNR dB':>24}{'SSIM':>8}"
        f"{'accuracy':>10}{'points':>24}",
    ]
    for row in record["rows"]:
        line = (
            f"{row['name']:<28}{row['work']:>6.2f}{row['seconds']['value']:>9.3g}{_told(row['speed'], 2):>20}"
        )
        if "psnr" not in row:
            lines.append(f"{line}  quality not measured")
            continue
        line += f"{_told(row['psnr'], 1):>24}{row['ssim']['value']:>8.4f}"
        if "accuracy" in row:
            line += f"{row['accuracy']['value']:>10.3f}{_told(row['accuracy_change'], 2, 100):>24}"
        lines.append(line)
    return "\n".join(lines)


def _told(estimate: Mapping[str, float], places: int, scale: float = 1) -> str:
    value, low, high = (scale * estimate[name] for name in ("value", "low", "high"))
    return f"{value:.{places}f} [{low:.{places}f}, {high:.{places}f}]"


def write_record(record: Mapping[str, Any], path: Path) -> None:
    """Write the record whole or not at all."""
    data = (json.dumps(record, indent=1) + "\n").encode()
    write_whole(path, lambda file: file.write(data))


def read_record(path: Path) -> dict[str, Any]:
    """Read a record; raises InvalidRequest for a file that is none."""
    try:
        record = json.loads(path.read_bytes())
        if record["schema"] != SCHEMA:
            raise ValueError(f"schema {record['schema']!r}")
        for row in record["rows"]:
            if not isinstance(row["name"], str) or not math.isfinite(row["speed"]["value"]):
                raise ValueError(f"row {row!r}")
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise InvalidRequest(
            f"{path} is no record of quality ({error}): make one with benchmark --quality"
        ) from error
    return dict(record)
