"""Which rows a run has: one table of the ways to make the picture, and why one of them cannot run here."""

import importlib.util
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.record import Row
from runtime.backends.base import Device
from runtime.errors import InvalidRequest

DEFAULT_PEERS = ("pytorch", "optimum", "genai")
NOT_RECORDED = "no CUDA device here: not yet recorded"
TUNED = {"channels_last": True, "compile": True}


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to make the picture; a row for each of its precisions."""

    peer: str  # the name --peers knows it by; "" for ours, which always runs
    id: str  # of the row, with {precision}
    label: str
    group: str
    driver: str
    precisions: tuple[str, ...] = ("f32", "bf16")
    device: str | None = None  # None: the device that was asked for
    options: Mapping[str, Any] = field(default_factory=dict)
    package: str | None = None  # what must be importable
    ipex: bool = False  # runs in the environment of requirements/ipex.txt


WAYS = (
    Way(peer="", id="lapdraw-{precision}", label="Lapdraw, OpenVINO", group="lapdraw", driver="lapdraw"),
    Way(
        peer="pytorch",
        id="pytorch-{precision}",
        label="PyTorch, diffusers",
        group="pytorch",
        driver="diffusers_plain",
        device="pytorch-cpu",
        package="diffusers",
    ),
    Way(
        peer="pytorch-loop",
        id="pytorch-{precision}-loop",
        label="PyTorch, our loop",
        group="pytorch",
        driver="lapdraw",
        device="pytorch-cpu",
        precisions=("f32",),
        package="diffusers",
    ),
    Way(
        peer="pytorch-tuned",
        id="pytorch-tuned-{precision}",
        label="PyTorch, channels last and compiled",
        group="pytorch",
        driver="diffusers_plain",
        device="pytorch-cpu",
        options=TUNED,
        package="diffusers",
    ),
    Way(
        peer="pytorch-tuned-loop",
        id="pytorch-tuned-{precision}-loop",
        label="PyTorch, channels last and compiled, our loop",
        group="pytorch",
        driver="lapdraw",
        device="pytorch-cpu",
        precisions=("f32",),
        options=TUNED,
        package="diffusers",
    ),
    Way(
        peer="ipex",
        id="ipex-{precision}",
        label="PyTorch with Intel's extension",
        group="pytorch",
        driver="diffusers_plain",
        device="pytorch-cpu",
        options={"ipex": True, "channels_last": True},
        ipex=True,
    ),
    Way(
        peer="ipex-loop",
        id="ipex-{precision}-loop",
        label="PyTorch with Intel's extension, our loop",
        group="pytorch",
        driver="lapdraw",
        device="pytorch-cpu",
        precisions=("f32",),
        options={"ipex": True, "channels_last": True},
        ipex=True,
    ),
    Way(
        peer="cuda",
        id="cuda-{precision}",
        label="PyTorch CUDA, diffusers",
        group="pytorch",
        driver="diffusers_plain",
        device="cuda",
        precisions=("f16", "f32"),
        package="diffusers",
    ),
    Way(
        peer="cuda-loop",
        id="cuda-{precision}-loop",
        label="PyTorch CUDA, our loop",
        group="pytorch",
        driver="lapdraw",
        device="cuda",
        precisions=("f16",),
        package="diffusers",
    ),
    Way(
        peer="optimum",
        id="optimum-{precision}",
        label="optimum-intel, reshaped",
        group="peer",
        driver="optimum",
        options={"reshaped": True},
        package="optimum.intel",
    ),
    Way(
        peer="optimum-dynamic",
        id="optimum-dynamic-{precision}",
        label="optimum-intel, dynamic",
        group="peer",
        driver="optimum",
        options={"reshaped": False},
        package="optimum.intel",
    ),
    Way(
        peer="genai",
        id="genai-{precision}",
        label="openvino-genai",
        group="peer",
        driver="genai",
        package="openvino_genai",
    ),
)
PEERS = tuple(way.peer for way in WAYS if way.peer)


def read_peers(text: str) -> tuple[str, ...]:
    """Read `--peers`: all, none, or names; raises InvalidRequest for a name that is not one."""
    asked = text.strip().lower()
    if asked == "all":
        return PEERS
    if asked in ("none", ""):
        return ()
    names = tuple(name.strip() for name in asked.split(","))
    for name in names:
        if name not in PEERS:
            raise InvalidRequest(f"there is no peer {name!r}: choose all, none or of {', '.join(PEERS)}")
    return names


def plan_rows(
    peers: Sequence[str],
    asked_devices: Sequence[str],
    devices: Iterable[Device],
    *,
    isa: str,
    has_source: bool,
    is_installed: Callable[[str], bool] | None = None,
) -> list[Row]:
    """Return the rows in the order of the table, those that cannot run with the reason and without samples.

    `asked_devices` are texts of --device, each with rows of its own for Lapdraw; peers run on the first.
    """
    present = {device.id: device for device in devices}
    installed = is_installed or _is_installed
    rows = []
    for way in WAYS:
        if way.peer and way.peer not in peers:
            continue
        chosen = (way.device,) if way.device else asked_devices if not way.peer else asked_devices[:1]
        for device in chosen:
            for precision in _precisions(way, present.get(device)):
                reason = _obstacle(way, present, device, precision, isa, has_source, installed)
                rows.append(_row(way, device, precision, reason))
    return rows


def way_of(row: Row) -> Way:
    """Return what a row was made from."""
    return next(way for way in WAYS if row.id == _id(way, row.device, row.precision))


def _row(way: Way, device: str, precision: str, reason: str) -> Row:
    return Row(
        id=_id(way, device, precision),
        label=way.label if way.device or device == "cpu" else f"{way.label} on {device}",
        group=way.group,
        driver=way.driver,
        device=device,
        precision=precision,
        options=way.options,
        status="not run",
        reason=reason,
    )


def _id(way: Way, device: str, precision: str) -> str:
    plain = way.id.format(precision=precision)
    return plain if way.device or device == "cpu" else f"{plain}@{device}"


def _precisions(way: Way, device: Device | None) -> tuple[str, ...]:
    """On a GPU OpenVINO computes in f16; a mix of devices chooses per component, in one row."""
    if way.device is not None or (device is not None and device.id == "cpu"):
        return way.precisions
    return ("f16",) if device is not None and "f16" in device.precisions else ("f32",)


def _obstacle(
    way: Way,
    present: Mapping[str, Device],
    device: str,
    precision: str,
    isa: str,
    has_source: bool,
    installed: Callable[[str], bool],
) -> str:
    """Return why a row cannot run here, or nothing."""
    if device == "cuda" and "cuda" not in present:
        return NOT_RECORDED
    if way.device and not has_source:
        return "the model folder names no source weights, which PyTorch needs"
    if way.package is not None and not installed(way.package):
        return f"{way.package.split('.')[0]} is not installed"
    if precision == "bf16" and isa == "avx2":
        return "the laptop class has no bf16"
    if precision == "bf16" and "bf16" not in present["cpu"].precisions:
        return "this CPU has no native bf16"
    return ""


def _is_installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ImportError:  # the package around it is missing
        return False
