"""The command `benchmark --quality`: options in, a table, a record and its chart out."""

import argparse
import math
import sys
from pathlib import Path

from benchmarks.frontier import write_frontier
from benchmarks.quality import QualityRun, measure, table, write_record
from benchmarks.quality_prompts import DEMO, prompts_for
from benchmarks.quality_ways import choose_ways
from benchmarks.skeletons import find_or_build
from runtime.errors import InvalidRequest
from runtime.model_folder import ModelFolder
from runtime.models import find_model
from runtime.places import BUNDLED_MODELS, data_folder

PICTURES, STEPS = 24, 20


def run_quality(options: argparse.Namespace) -> int:
    """Measure and print; raises InvalidRequest, ModelFolderError, and what painting raises."""
    data = data_folder(options.data_dir)
    steps = options.steps or STEPS
    ways = choose_ways(options.speed, steps)
    model = _model(options, data)
    given = _prompts(options.prompts) if options.prompts else ()
    record = measure(
        QualityRun(
            model=model.path,
            prompts=prompts_for(model, options.pictures or len(given) or PICTURES, given),
            ways=ways,
            steps=steps,
            device=(options.device or ["cpu"])[0],
            size=options.size,
            sampler=options.sampler,
            data=data,
            random_weights=options.skeleton is not None,
            limit_seconds=math.inf if options.minutes is None else 60 * options.minutes,
        ),
        lambda text: print(text, file=sys.stderr, flush=True),
    )
    folder = Path(options.output) if options.output else data / "outputs" / "benchmarks" / "quality"
    written = [folder / f"{model.name}.json"]
    write_record(record, written[0])
    if not record["random_weights"]:
        written.append(folder / f"{model.name}.svg")
        write_frontier(record, written[1])
    print(table(record))
    for path in written:
        print(path)
    return 0


def _model(options: argparse.Namespace, data: Path) -> ModelFolder:
    if options.skeleton and options.model:
        raise InvalidRequest("--skeleton and --model name two different models: keep one of them")
    if options.skeleton:
        built = find_or_build(options.skeleton, data / "cache" / "skeletons", lambda text: None)
        return ModelFolder(built)
    model = find_model(options.model or DEMO, data, BUNDLED_MODELS)
    if "text-to-image" not in model.tasks:
        raise InvalidRequest(f"{model.name} makes no pictures from a prompt: choose another --model")
    return model


def _prompts(path: str) -> tuple[str, ...]:
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"cannot read {path} ({error}): give a UTF-8 text file") from error
    texts = tuple(line.strip() for line in lines if line.strip())
    if not texts:
        raise InvalidRequest(f"{path} holds no prompt: write one a line")
    return texts
