"""What int8 takes and gains, in one run: memory of making it, bytes of its weights, seconds of a UNet's call.

    python -m benchmarks.int8_figures sd15     (16 GB of memory, 9 GB of disk, an hour on two cores)

The model is a skeleton (benchmarks/skeletons.py), built where it is not there. Its int8 model is left in the
data folder; one that is there already is refused, since its making could not be watched.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.isa import LIMITS
from benchmarks.skeleton_families import FAMILIES
from benchmarks.skeletons import find_or_build
from benchmarks.unet_calls import UNetCalls
from benchmarks.watch import watch
from runtime.errors import ExportError, LapdrawError
from runtime.machine import cpu_features, cpu_name
from runtime.places import CHECKOUT, data_folder
from runtime.quantization import QUANTIZED

REFUSED = 2
_LIMIT_SECONDS = 6 * 3600.0


def measure(family: str, precision: str, data: Path, *, size: int | None, rounds: int) -> dict[str, Any]:
    """Make the int8 model of a skeleton, time it beside that, and return the figures.

    Raises LapdrawError for what cannot be built, made or timed.
    """
    model = find_or_build(family, data / "cache" / "skeletons", _say)
    name = f"{family}-{precision}"
    _say(f"making {name}")
    answer, seconds, peak = _optimize(model, precision, name, data)
    figures = {
        "cpu": cpu_name(),
        "features": cpu_features(),
        "cores": os.cpu_count(),
        "model": name,
        "seconds": round(seconds),
        "peak_bytes": peak,
        "quantization": answer["quantization"],
        "calls": {},
    }
    for isa in LIMITS:
        _say(f"timing the UNets ({isa})")
        figures["calls"][isa] = _timed([str(model), name], data, isa, size, rounds)
    return figures


def _optimize(model: Path, precision: str, name: str, data: Path) -> tuple[dict[str, Any], float, int]:
    """Return what `optimize` answers, its seconds, and the most memory that its processes held at once."""
    words = [str(model), "--precision", precision, "--name", name, "--data-dir", str(data), "--json"]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        done = watch(
            [sys.executable, "launch.py", "optimize", *words],
            folder=CHECKOUT,
            environment=os.environ,
            log=log,
            limit_seconds=_LIMIT_SECONDS,
        )
        if done.status:
            raise ExportError(f"optimize ended with status {done.status}: {done.last_line:.300}")
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return _answer(lines), done.seconds, done.peak_bytes


def _timed(
    models: Sequence[str], data: Path, isa: str, size: int | None, rounds: int
) -> list[dict[str, Any]]:
    """Return the rows of `benchmark unet`, each with its median."""
    words = [*models, "--isa", isa, "--rounds", str(rounds), "--data-dir", str(data), "--json"]
    words += [] if size is None else ["--size", str(size)]
    done = subprocess.run(
        [sys.executable, "launch.py", "benchmark", "unet", *words],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    if done.returncode:
        raise LapdrawError(f"timing the UNets ({isa}) ended with status {done.returncode}")
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def _answer(lines: Sequence[str]) -> dict[str, Any]:
    """Return the object that a command printed among what else it said."""
    for line in reversed(lines):
        if line.startswith("{") and '"quantization"' in line:
            found: dict[str, Any] = json.loads(line)
            return found
    raise ExportError("optimize printed no result: look at what it says by itself")


def table(figures: Mapping[str, Any]) -> str:
    """Return the figures as text; speeds are those beside each precision of the model before."""
    made = figures["quantization"]
    lines = [
        f"{figures['cpu']}, {figures['cores']} cores ({', '.join(figures['features'])})",
        f"{figures['model']}: made in {figures['seconds']} s, peak of its processes "
        f"{figures['peak_bytes'] / 1e9:.2f} GB; error of the UNet {made['unet_error']:.2%}, "
        f"PSNR {made['picture_psnr']:.1f} dB (lowest {made['lowest_psnr']:.1f})",
    ]
    for isa, found in figures["calls"].items():
        rows = [UNetCalls(**row) for row in found]
        before = [row for row in rows if row.weights != "int8"]
        after = [row for row in rows if row.weights == "int8"]
        lines.append(
            f"{isa}: weights {before[0].weight_bytes / 1e6:.1f} MB before, {after[0].weight_bytes / 1e6:.1f} "
            f"after ({after[0].weight_bytes / before[0].weight_bytes:.3f})"
        )
        lines += [f"  {row.precision} of {row.weights} weights: {row.median:.4g} s a call" for row in before]
        for row in after:
            beside = ", ".join(f"{old.median / row.median:.2f} times {old.precision}" for old in before)
            lines.append(f"  int8 in {row.precision}: {row.median:.4g} s a call, {beside}")
        lines += [f"  {remark}" for remark in _remarks(isa, figures["features"], rows)]
    return "\n".join(lines)


def _remarks(isa: str, features: Sequence[str], rows: Sequence[UNetCalls]) -> list[str]:
    """Return what a reader must know of a table: what this CPU cannot show."""
    if isa == "native" and all(row.precision != "bf16" for row in rows):
        return ["bf16 is not native to this CPU: int8 stands beside f32 alone"]
    if isa == "avx2" and "avx_vnni" not in features:
        return ["this CPU has no AVX-VNNI: int8 runs as AVX2 without it, slower than in a laptop"]
    return []


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return 0, or 2 after a sentence."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.int8_figures")
    parser.add_argument("family", choices=FAMILIES, metavar="FAMILY", help="a skeleton: sd15, ...")
    parser.add_argument("--precision", choices=QUANTIZED, default=QUANTIZED[0])
    parser.add_argument("--size", type=int, metavar="N", help="pixels of the timed calls (the model's own)")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="calls of each UNet (5)")
    parser.add_argument("--data-dir", metavar="DIR", help="where models and the cache are")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE.json", help="keeps the figures")
    options = parser.parse_args(arguments)
    data = data_folder(options.data_dir).resolve()
    try:
        figures = measure(options.family, options.precision, data, size=options.size, rounds=options.rounds)
    except LapdrawError as error:
        print(error, file=sys.stderr)
        return REFUSED
    if options.output is not None:
        options.output.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(table(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
