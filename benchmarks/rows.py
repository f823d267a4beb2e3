"""Which rows a run has, and why one of them cannot run here."""

import importlib.util
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.record import Row
from benchmarks.ways import PEERS, WAYS, Way
from runtime.backends.base import Device
from runtime.errors import InvalidRequest

DEFAULT_PEERS = ("pytorch", "optimum", "genai")
NOT_RECORDED = "no CUDA device here: not yet recorded"
PYTORCH = ("pytorch-cpu", "cuda")


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
    is_guided: bool = True,
    is_installed: Callable[[str], bool] | None = None,
) -> list[Row]:
    """Return the rows in the order of the table, those that cannot run with the reason and without samples.

    `asked_devices` are texts of --device, each with rows of its own for Lapdraw; peers run on the first.
    """
    present = {device.id: device for device in devices}
    case = _Case(
        present=present,
        isa=isa,
        has_source=has_source,
        is_guided=is_guided,
        installed=is_installed or _is_installed,
    )
    rows = []
    for way in WAYS:
        if way.peer and way.peer not in peers:
            continue
        chosen = (way.device,) if way.device else asked_devices if not way.peer else asked_devices[:1]
        for device in chosen:
            for precision in _precisions(way, present.get(device)):
                reason = _obstacle(way, device, precision, case)
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


@dataclass(frozen=True, kw_only=True)
class _Case:
    """What decides whether a row can run here."""

    present: Mapping[str, Device]
    isa: str
    has_source: bool
    is_guided: bool
    installed: Callable[[str], bool]


def _obstacle(way: Way, device: str, precision: str, case: _Case) -> str:
    """Return why a row cannot run here, or nothing."""
    if device == "cuda" and "cuda" not in case.present:
        return NOT_RECORDED
    if device in PYTORCH and not case.has_source:
        return "the model folder names no source weights, which PyTorch needs"
    if way.package is not None and not case.installed(way.package):
        return f"{way.package.split('.')[0]} is not installed"
    if precision == "bf16" and case.isa == "avx2":
        return "the laptop class has no bf16"
    if precision == "bf16" and "bf16" not in case.present["cpu"].precisions:
        return "this CPU has no native bf16"
    if not case.is_guided and (way.peer == "guidance" or way.id == "optimum-{precision}"):
        return "it is for guidance, and this model is used without"
    return ""


def _is_installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ImportError:  # the package around it is missing
        return False
