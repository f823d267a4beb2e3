"""The record of a run: what was measured, on what, and how (docs/benchmarks.md describes every field)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SCHEMA = "lapdraw-benchmark/1"
GROUPS = ("lapdraw", "pytorch", "peer")
STATUSES = ("measured", "not run", "failed")
ISAS = ("native", "avx2")


@dataclass(frozen=True, kw_only=True)
class Marks:
    """Moments of one process, in seconds since it was started; `steps` are the ends of the steps."""

    imported: float
    ready: float  # everything compiled and loaded, before the prompt is encoded
    steps: tuple[float, ...]
    decoded: float  # the picture is in host memory as 8-bit pixels


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One process, one picture."""

    round: int
    cache: str  # cold: nothing compiled is kept; warm: what the program keeps is there
    marks: Marks
    components: Mapping[str, Mapping[str, float | bool]] = field(default_factory=dict)
    loop_overhead: float | None = None  # seconds of the steps outside the networks
    unet_seconds: float | None = None
    unet_calls: int | None = None
    peak_bytes: int | None = None  # resident memory of the process tree
    energy_joules: float | None = None


@dataclass(frozen=True, kw_only=True)
class PictureDifference:
    """A row's picture against that of the reference row, from the same initial latents."""

    reference: str
    psnr_db: float | None  # None where they are identical, or where a value is not a number
    identical: bool
    largest_difference: int  # of 255


@dataclass(frozen=True, kw_only=True)
class Row:
    """One way to make the picture, with its samples; or the reason why there are none."""

    id: str
    label: str
    group: str
    driver: str
    device: str
    precision: str
    options: Mapping[str, Any] = field(default_factory=dict)
    status: str = "not run"
    reason: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    placement: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    kernels: Mapping[str, int] | None = None
    warnings: tuple[str, ...] = ()
    samples: tuple[Sample, ...] = ()
    picture: PictureDifference | None = None


@dataclass(frozen=True, kw_only=True)
class Peak:
    """What the machine reaches at best: GFLOPS per precision, and memory bandwidth."""

    gflops: Mapping[str, float]
    gigabytes_per_second: float | None


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What a picture costs is worked out from these, where they are given."""

    electricity_per_kwh: float | None = None
    machine_per_hour: float | None = None
    currency: str = "EUR"


@dataclass(frozen=True, kw_only=True)
class Record:
    """A whole run."""

    created: str  # UTC, ISO 8601
    command: str
    isa: str
    rounds: int
    model: Mapping[str, Any]  # name, kind, weights, precision, bytes
    request: Mapping[
        str, Any
    ]  # task, width, height, num_inference_steps, guidance_scale, sampler, seed, prompt
    work: Mapping[str, float]  # unet_gflop_per_step, vae_decoder_gflop
    environment: Mapping[str, Any]
    peak: Peak
    rows: tuple[Row, ...]
    prices: Prices = field(default_factory=Prices)
    cold_rounds: int = 1
    note: str = ""

    def row(self, id_: str) -> Row | None:
        """Return the row of that id, measured or not."""
        return next((row for row in self.rows if row.id == id_), None)
