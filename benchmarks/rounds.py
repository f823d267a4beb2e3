"""Runs the rows: every sample a process of its own, the rows interleaved round after round."""

import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.fields import Fields
from benchmarks.figures import REFERENCE
from benchmarks.isa import LIMITS
from benchmarks.record import PictureDifference, Record, Row
from benchmarks.record_file import kernels_of, parse_sample
from benchmarks.rows import way_of
from benchmarks.watch import Watched, watch
from runtime.arrays import AnyArray
from runtime.errors import LapdrawError
from runtime.noise import NoiseSource

CHECKOUT = Path(__file__).resolve().parent.parent
LIMIT_SECONDS = 3600.0  # of one sample
READ_BYTES = 16 * 2**20
COLD_STEPS = 1  # a cold sample only shows how long loading takes
OnProgress = Callable[[str], None]
OnRecord = Callable[[Record], None]


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What every row makes: the model in both forms, and the shape of its latents."""

    model: Path
    source: Path | None
    latent_shape: tuple[int, int, int, int]
    negative_prompt: str = ""


class SampleFailed(LapdrawError):
    """A driver ended without a result; the text is the last thing that it said."""


class Rounds:
    """Takes the samples of a run; `ipex_python` makes, when it is needed, the interpreter of its rows."""

    def __init__(
        self,
        record: Record,
        subject: Subject,
        folder: Path,
        *,
        ipex_python: Callable[[], Path],
        on_progress: OnProgress,
        on_record: OnRecord,
    ) -> None:
        self._record = record
        self._subject = subject
        self._folder = folder
        self._ipex_python = ipex_python
        self._on_progress = on_progress
        self._on_record = on_record
        self._rows = {row.id: row for row in record.rows}
        self._pictures: dict[str, AnyArray] = {}
        self._started = time.monotonic()

    def run(self) -> Record:
        """Return the record with every sample; `on_record` gets it after each one, so that none is lost.

        The cold rounds come first, with nothing kept from before. A row that fails keeps the reason and the
        samples it has, and is not tried again.
        """
        folder = self._folder
        folder.mkdir(parents=True, exist_ok=True)
        shape = self._subject.latent_shape
        np.save(folder / "latents.npy", NoiseSource(int(self._record.request["seed"])).standard_normal(shape))
        self._on_record(self._finished())
        self._say("reading the model's files once, so that every row finds them in memory")
        for path in (self._subject.model, self._subject.source):
            _read_through(path)
        total = self._record.cold_rounds + self._record.rounds
        for number in range(total):
            ids = [id_ for id_, row in self._rows.items() if not row.reason]
            ids = ids[number % len(ids) :] + ids[: number % len(ids)] if ids else []  # nobody is always first
            for position, id_ in enumerate(ids):
                self._say(f"round {number + 1} of {total}, row {position + 1} of {len(ids)}: {id_}")
                self._rows[id_] = self._sample(self._rows[id_], number)
                self._on_record(self._finished())
        return self._finished()

    def _sample(self, row: Row, number: int) -> Row:
        try:
            return self._taken(row, number)
        except (LapdrawError, OSError, ValueError) as error:  # a driver that fails, an environment, the disk
            self._say(f"{row.id} failed: {error}")
            return replace(row, status="measured" if _is_warm(row) else "failed", reason=str(error))

    def _taken(self, row: Row, number: int) -> Row:
        """Return the row with one more sample; raises LapdrawError, OSError or ValueError without one."""
        cold = number < self._record.cold_rounds
        cache = self._folder / "cache" / re.sub(r"[^\w.-]", "-", row.id)
        if cold:
            shutil.rmtree(cache, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=self._folder) as scratch:
            watched, result = self._drive(row, COLD_STEPS if cold else self._steps, cache, Path(scratch))
            picture = np.load(Path(scratch) / "picture.npy")
        if not cold:
            self._pictures[row.id] = picture
        sample = {
            **result,
            "round": number,
            "cache": "cold" if cold else "warm",
            "peak_bytes": watched.peak_bytes,
            "energy_joules": watched.energy_joules,
        }
        taken = Fields(result, row.id)
        placement = taken.sub("placement", default={})
        return replace(
            row,
            status="measured",
            samples=(*row.samples, parse_sample(Fields(sample, row.id))),
            versions=taken.texts("versions"),
            placement={name: placement.texts(name) for name in placement},
            kernels=kernels_of(taken),
            warnings=taken.text_list("warnings"),
        )

    @property
    def _steps(self) -> int:
        return int(self._record.request.get("sample_steps", self._record.request["num_inference_steps"]))

    def _drive(
        self, row: Row, steps: int, cache: Path, scratch: Path
    ) -> tuple[Watched, Mapping[str, object]]:
        """Run one driver; raises SampleFailed with its last words when it leaves no result."""
        request, subject = self._record.request, self._subject
        job = {
            "model": str(subject.model),
            "source": str(subject.source) if subject.source is not None else None,
            **{name: request[name] for name in ("width", "height", "guidance_scale", "seed", "prompt")},
            "negative_prompt": subject.negative_prompt,
            "steps": steps,
            "device": row.device,
            "precision": row.precision,
            "options": dict(row.options),
            "latents": str(self._folder / "latents.npy"),
            "cache": str(cache),
            "result": str(scratch / "result.json"),
            "picture": str(scratch / "picture.npy"),
        }
        (scratch / "job.json").write_text(json.dumps(job), encoding="utf-8")
        python = self._ipex_python() if way_of(row).ipex else Path(sys.executable)
        watched = watch(
            [str(python), "-m", f"benchmarks.drivers.{row.driver}", str(scratch / "job.json")],
            folder=CHECKOUT,
            environment={**os.environ, **LIMITS[self._record.isa]},
            log=scratch / "log.txt",
            limit_seconds=LIMIT_SECONDS,
        )
        if watched.status != 0 or not (scratch / "result.json").is_file():
            raise SampleFailed(watched.last_line or f"it ended with status {watched.status}")
        return watched, json.loads((scratch / "result.json").read_text(encoding="utf-8"))

    def _finished(self) -> Record:
        reference = next((id_ for id_ in (REFERENCE, "lapdraw-f32") if id_ in self._pictures), None)
        rows = [
            replace(row, picture=difference(self._pictures[row.id], self._pictures[reference], reference))
            if reference is not None and row.id in self._pictures and row.id != reference
            else row
            for row in self._rows.values()
        ]
        return replace(self._record, rows=tuple(rows))

    def _say(self, text: str) -> None:
        self._on_progress(f"{(time.monotonic() - self._started) / 60:5.1f} min  {text}")


def _read_through(folder: Path | None) -> None:
    for path in sorted(folder.rglob("*")) if folder is not None else ():
        if path.is_file():
            with path.open("rb", buffering=0) as file:
                while file.read(READ_BYTES):
                    pass


def _is_warm(row: Row) -> bool:
    return any(sample.cache == "warm" for sample in row.samples)


def difference(picture: AnyArray, other: AnyArray, reference: str) -> PictureDifference:
    """Return how far two 8-bit pictures (H, W, 3) are apart: PSNR in dB against 255, and the largest step."""
    if picture.shape != other.shape:
        return PictureDifference(reference=reference, psnr_db=0.0, identical=False, largest_difference=255)
    apart = picture.astype(np.float64) - other.astype(np.float64)
    error = float(np.mean(apart**2))
    return PictureDifference(
        reference=reference,
        psnr_db=10 * float(np.log10(255**2 / error)) if error else None,
        identical=error == 0,
        largest_difference=int(np.abs(apart).max()),
    )
