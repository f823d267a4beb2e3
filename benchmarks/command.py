"""`benchmark`: measure Lapdraw beside plain PyTorch and its peers, and make reports of it."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.isa import LIMITS
from benchmarks.rows import DEFAULT_PEERS
from benchmarks.run import RunOptions, run_benchmark
from benchmarks.skeletons import NAMES
from benchmarks.ways import PEERS
from runtime.errors import InvalidRequest
from runtime.places import data_folder

if TYPE_CHECKING:
    from benchmarks.record import Record

# Half the side of SD 1.5 is a quarter of the work; the ratios are close to those of the full size.
QUICK = {"size": 256, "steps": 4, "rounds": 3}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    what = parser.add_argument_group("what is measured")
    what.add_argument("--skeleton", choices=NAMES, help="full-size architecture, random weights (sd15)")
    what.add_argument("--model", metavar="NAME", help="a model of yours, by name or folder")
    what.add_argument("--device", action="append", metavar="D", help="as in generate (cpu); may be repeated")
    what.add_argument("--peers", default=",".join(DEFAULT_PEERS), help=f"all, none, or of {', '.join(PEERS)}")
    what.add_argument("--isa", choices=tuple(LIMITS), default="native", help="avx2: what laptops have")
    what.add_argument("--size", type=int, metavar="N", help="width and height in pixels (the model's own)")
    what.add_argument(
        "--steps", type=int, metavar="N", help="steps a picture (20; sd15-lcm: 4, without guidance)"
    )
    what.add_argument("--rounds", type=int, metavar="N", help="samples of each row (5)")
    what.add_argument(
        "--sample-steps", type=int, metavar="N", help="steps that each sample runs, where all take too long"
    )
    what.add_argument("--seed", type=int, default=1, metavar="N", help="of the initial latents")
    what.add_argument(
        "--quick", action="store_true", help=f"{QUICK['size']}x{QUICK['size']}, 4 steps, 3 rounds: minutes"
    )
    quality = parser.add_argument_group("what less work costs, instead of a comparison with others")
    quality.add_argument("--quality", action="store_true", help="measure --speed against exact pictures")
    quality.add_argument(
        "--speed", default="presets", metavar="NAMES", help="all, presets, or names with semicolons (presets)"
    )
    quality.add_argument("--pictures", type=int, metavar="N", help="of each (24)")
    quality.add_argument("--minutes", type=float, metavar="N", help="begin no prompt after that long")
    quality.add_argument("--prompts", metavar="FILE", help="a prompt a line (scenes, or everyday prompts)")
    quality.add_argument("--sampler", metavar="NAME", help="as in generate (the model's own)")
    about = parser.add_argument_group("what is noted")
    about.add_argument("--note", default="", help="a sentence for the report")
    about.add_argument("--electricity", type=float, metavar="PRICE", help="per kWh, to price a picture")
    about.add_argument("--machine-price", type=float, metavar="PRICE", help="per hour, to price a picture")
    about.add_argument("--currency", default="EUR", help="of the prices")
    about.add_argument("-o", "--output", metavar="DIR", help="where record and report go")
    about.add_argument("--data-dir", metavar="DIR", help="where models, outputs and the cache live")
    actions = parser.add_subparsers(
        dest="action", metavar="report | compare | import | export | parts | unet"
    )
    _add_actions(actions)


def run(options: argparse.Namespace) -> int:
    """Run what was asked for and return the exit status."""
    if options.action == "report":
        from benchmarks.report import write_report

        for path in write_report([_read(path) for path in options.records], Path(options.output)):
            print(path)
        return 0
    if options.action == "compare":
        from benchmarks.compare import compare, write_comparison

        records = [_read(path) for path in options.records]
        print(compare(records))
        if options.output is not None:
            for path in write_comparison(records, Path(options.output)):
                print(path)
        return 0
    if options.action == "import":
        from benchmarks.pytest_benchmark import import_json
        from benchmarks.record_file import write_record

        write_record(import_json(Path(options.file)), Path(options.output))
        return 0
    if options.action == "export":
        from benchmarks.pytest_benchmark import export_json

        export_json(_read(options.record), Path(options.output))
        return 0
    if options.action == "parts":
        from benchmarks.parts_run import run_parts

        return run_parts(Path(options.output))
    if options.action == "unet":
        from benchmarks.unet_calls import run_unet_calls

        _check_numbers(options, (("size", 64), ("rounds", 1)))
        return run_unet_calls(
            options.models,
            data_folder(options.data_dir),
            size=options.size,
            rounds=options.rounds or 5,
            isa=options.isa,
            as_json=options.json,
        )
    if options.quality:
        from benchmarks.quality_run import run_quality

        _check_numbers(options, (("size", 64), ("steps", 1), ("pictures", 1)))
        return run_quality(options)
    return run_benchmark(_run_options(options))


def _add_actions(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    report = actions.add_parser("report", help="make a page and a Markdown file of records")
    report.add_argument("records", nargs="+", metavar="RECORD.json")
    report.add_argument("-o", "--output", default=".", metavar="DIR")
    compare = actions.add_parser("compare", help="put records of several machines side by side")
    compare.add_argument("records", nargs="+", metavar="RECORD.json")
    compare.add_argument("-o", "--output", metavar="DIR", help="where a page of it goes")
    imported = actions.add_parser("import", help="make a record of pytest-benchmark JSON")
    imported.add_argument("file", metavar="PYTEST-BENCHMARK.json")
    imported.add_argument("-o", "--output", required=True, metavar="RECORD.json")
    export = actions.add_parser("export", help="make pytest-benchmark JSON of a record")
    export.add_argument("record", metavar="RECORD.json")
    export.add_argument("-o", "--output", required=True, metavar="FILE")
    parts = actions.add_parser("parts", help="time the components one by one, on the demo model")
    parts.add_argument("-o", "--output", default="parts.json", metavar="PYTEST-BENCHMARK.json")
    unet = actions.add_parser("unet", help="time the UNets of models against each other: fp16, int8, ...")
    unet.add_argument("models", nargs="+", metavar="NAME|DIR")
    unet.add_argument("--isa", choices=tuple(LIMITS), default="native", help="avx2: what laptops have")
    unet.add_argument("--size", type=int, metavar="N", help="width and height in pixels (the model's own)")
    unet.add_argument("--rounds", type=int, metavar="N", help="calls of each (5)")
    unet.add_argument("--json", action="store_true", help="print JSON")
    unet.add_argument("--data-dir", metavar="DIR", help="where models are")


def _check_numbers(options: argparse.Namespace, least: Sequence[tuple[str, int]]) -> None:
    for name, smallest in least:
        value = getattr(options, name)
        if value is not None and value < smallest:
            raise InvalidRequest(f"--{name.replace('_', '-')} must be at least {smallest}, got {value}")


def _read(path: str) -> "Record":
    from benchmarks.record_file import read_record

    return read_record(Path(path))


def _run_options(options: argparse.Namespace) -> RunOptions:
    """Check the numbers here, where the options have their names."""
    _check_numbers(options, (("size", 64), ("steps", 1), ("rounds", 1), ("sample_steps", 1), ("seed", 0)))
    for name in ("electricity", "machine_price"):
        value = getattr(options, name)
        if value is not None and not 0 <= value < 1e6:
            raise InvalidRequest(f"--{name.replace('_', '-')} must be a price from 0, got {value}")
    if options.skeleton and options.model:
        raise InvalidRequest("--skeleton and --model name two different models: keep one of them")
    quick = QUICK if options.quick else {}
    return RunOptions(
        skeleton=None if options.model else options.skeleton or NAMES[0],
        model=options.model,
        devices=tuple(options.device or ("cpu",)),
        peers=options.peers,
        isa=options.isa,
        size=options.size or (quick.get("size") if not options.model else None),
        steps=options.steps or quick.get("steps"),
        rounds=options.rounds or quick.get("rounds", 5),
        sample_steps=options.sample_steps,
        seed=options.seed,
        note=options.note,
        electricity=options.electricity,
        machine_price=options.machine_price,
        currency=options.currency,
        output=Path(options.output) if options.output else None,
        data_dir=Path(options.data_dir) if options.data_dir else None,
        command=" ".join(["launch.py", *sys.argv[1:]]),
    )
