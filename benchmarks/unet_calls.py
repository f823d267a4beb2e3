"""`benchmark unet`: one call of each model's UNet, in every precision that the CPU has, in turn.

For models that differ in their weights only (fp16 and int8 of the same): all are compiled in one process, and
timed round after round, so that they see the same machine. Random inputs: what a call costs does not depend
on them.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.isa import LIMITS
from runtime.arrays import Array
from runtime.backends.base import Conditioning, Shape
from runtime.backends.openvino import OpenVinoBackend
from runtime.conditions import condition_counts
from runtime.devices import list_devices
from runtime.errors import InvalidRequest, LapdrawError
from runtime.model_folder import ModelFolder
from runtime.models import find_model
from runtime.placement import resolve_placement
from runtime.places import BUNDLED_MODELS, CHECKOUT

PRECISIONS = ("f32", "bf16")
REFUSED = 2  # the status of a fault that was said in a sentence


@dataclass(frozen=True, kw_only=True)
class UNetCalls:
    """One model's UNet in one precision: both halves of guidance in a call."""

    model: str
    weights: str  # how they are stored: fp32, fp16, int8
    weight_bytes: int
    precision: str  # that executes around int8 products, or everything
    kernels: Mapping[str, int]
    seconds: tuple[float, ...]  # of each round

    @property
    def median(self) -> float:
        """Return the median seconds of a call."""
        return median(self.seconds)


def run_unet_calls(
    models: Sequence[str], data: Path, *, size: int | None, rounds: int, isa: str, as_json: bool
) -> int:
    """Time the models in a process whose instruction set is limited, and print the table.

    Raises InvalidRequest, ModelFolderError; LapdrawError when the process ends without an answer.
    """
    paths = [str(find_model(name, data, BUNDLED_MODELS).path.resolve()) for name in models]
    job = json.dumps({"models": paths, "size": size, "rounds": rounds})
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.unet_calls", job],
        cwd=CHECKOUT,
        env={**os.environ, **LIMITS[isa]},
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    if done.returncode == REFUSED:
        return REFUSED
    if done.returncode:
        raise LapdrawError(f"timing the UNets ended with status {done.returncode}: close other programs")
    timed = [UNetCalls(**row) for row in json.loads(done.stdout)]
    print(done.stdout.strip() if as_json else table(timed, isa))
    return 0


def time_in_turn(folders: Sequence[ModelFolder], size: int | None, rounds: int) -> list[UNetCalls]:
    """Return what each UNet took, in the order of the folders, f32 before bf16 where the CPU has that.

    Raises InvalidRequest for models that do not make pictures from a prompt, or when memory is short.
    """
    devices = list_devices(pytorch=False)
    cpu = next(device for device in devices if device.id == "cpu")
    placement = resolve_placement("cpu", devices)
    with ExitStack() as stack:
        timed: list[tuple[ModelFolder, str, OpenVinoBackend, Callable[[], Array], list[float]]] = []
        for folder in folders:
            if "text-to-image" not in folder.tasks or folder.kind != "openvino":
                raise InvalidRequest(f"{folder.path} is no OpenVINO model of pictures from a prompt")
            for precision in PRECISIONS:
                if precision in cpu.precisions:
                    backend = OpenVinoBackend(folder, placement, execution_precision=precision)
                    stack.enter_context(backend)
                    timed.append((folder, precision, backend, _call(folder, backend, size), []))
        for number in range(rounds + 1):
            for _, _, _, call, seconds in timed:
                started = time.perf_counter()
                call()
                if number:  # the first compiles
                    seconds.append(time.perf_counter() - started)
        return [
            UNetCalls(
                model=folder.name,
                weights=folder.precision,
                weight_bytes=folder.ir("unet").with_suffix(".bin").stat().st_size,
                precision=precision,
                kernels=backend.kernels("unet"),
                seconds=tuple(seconds),
            )
            for folder, precision, backend, _, seconds in timed
        ]


def _call(folder: ModelFolder, backend: OpenVinoBackend, size: int | None) -> Callable[[], Array]:
    """Return one call at the model's own size, or `size` pixels, of a batch of both halves."""
    height, width = (size, size) if size else (folder.default_height, folder.default_width)
    components = backend.load(Shape(batch=1, height=height, width=width), ("unet",))
    draw, factor = np.random.default_rng(0), folder.vae_scale_factor
    shape = (2, folder.unet_in_channels, height // factor, width // factor)
    sample = draw.standard_normal(shape, dtype=np.float32)
    hidden = (2, 77, int(folder.config("unet")["cross_attention_dim"]))
    conditioning = Conditioning(
        encoder_hidden_states=draw.standard_normal(hidden, dtype=np.float32),
        extra={
            name: draw.standard_normal((2, count), dtype=np.float32)
            for name, count in condition_counts(folder.config("unet")).items()
        },
    )
    return lambda: components.unet(sample, 501.0, conditioning)


def table(timed: Sequence[UNetCalls], isa: str) -> str:
    """Return the rows as text, each with its speed beside the first row's."""
    first = timed[0].median
    lines = [f"{'model':<28}{'weights':<10}{'MB':>8}{'executes':>10}{'seconds':>10}{'speed':>8}   ({isa})"]
    for row in timed:
        lines.append(
            f"{row.model:<28}{row.weights:<10}{row.weight_bytes / 1e6:>8.0f}{row.precision:>10}"
            f"{row.median:>10.4g}{first / row.median:>8.2f}"
        )
    return "\n".join(lines)


def main() -> int:
    """Time what the command line's one argument says, and print it as JSON."""
    job = json.loads(sys.argv[1])
    try:
        timed = time_in_turn([ModelFolder(path) for path in job["models"]], job["size"], job["rounds"])
    except LapdrawError as error:
        print(error, file=sys.stderr)
        return REFUSED
    print(json.dumps([asdict(row) for row in timed]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
