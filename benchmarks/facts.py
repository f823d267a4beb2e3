"""What a record says about its run, in words: the model, the request, the machine."""

import math
import re
from collections.abc import Mapping
from typing import Any

from benchmarks.record import Record, Row
from benchmarks.wording import digits, gibibytes, plain, rate

ISA_TITLES = {
    "avx2": "Laptop class: every row limited to AVX2 and VNNI",
    "native": "Native: every instruction this processor has",
}
ISA_NAMES = {"avx2": "laptop class", "native": "native"}
PARTS = "parts"  # the task of a record whose rows are single calls, timed by pytest-benchmark
SPEED_ONLY = "speed only: random weights"
CPUS = ("cpu", "pytorch-cpu")


def describe_model(record: Record) -> str:
    """Return the model in one line; random weights are named as such."""
    model = record.model
    weights = SPEED_ONLY if has_random_weights(record) else f"{plain(model['weights'])} weights"
    size = number(model.get("bytes"))
    parts = [plain(model["name"]), weights, f"stored in {plain(model['precision'])}"]
    return ", ".join(parts + ([gibibytes(size)] if size else []))


def has_random_weights(record: Record) -> bool:
    """Whether the pictures mean nothing, because nobody trained the model."""
    return plain(record.model["weights"]) == "random"


def describe_request(record: Record) -> str:
    """Return what was asked for in one line."""
    request = record.request
    parts = [
        plain(request["task"]),
        size_of(record),
        f"{steps_of(record)} steps" + (f" (samples of {sample_steps(record)})" if is_shorter(record) else ""),
        f"guidance {request['guidance_scale']:g}",
        plain(request["sampler"]),
    ]
    if request.get("seed") is not None:
        parts.append(f"seed {plain(request['seed'])}")
    return ", ".join(parts)


def size_of(record: Record) -> str:
    """Return width and height: `512x512`."""
    return f"{record.request['width']:g}x{record.request['height']:g}"


def steps_of(record: Record) -> int:
    """Return the number of steps of the picture that was asked for."""
    return max(1, int(record.request["num_inference_steps"]))


def sample_steps(record: Record) -> int:
    """Return how many steps the samples ran; all of the picture's where the record does not say."""
    steps = record.request.get("sample_steps")
    if isinstance(steps, int) and not isinstance(steps, bool) and steps > 0:
        return steps
    return steps_of(record)


def is_shorter(record: Record) -> bool:
    """Whether the samples ran fewer steps than the picture has, so that its time is computed."""
    return sample_steps(record) < steps_of(record)


def is_guided(record: Record) -> bool:
    """Whether a step runs both halves of guidance."""
    return bool(record.request["guidance_scale"] > 1)


def step_name(record: Record) -> str:
    """Return what one step is called: `guided step`, or `step` where there is no guidance."""
    return "guided step" if is_guided(record) else "step"


def facts(record: Record) -> dict[str, str]:
    """Return all about the run that is no figure, by its name in a report; empty where not recorded."""
    asked = {
        "Model": describe_model(record),
        "Request": describe_request(record),
        "Prompt": plain(record.request.get("prompt")),
        "Work": _work(record),
    }
    return (
        (dict.fromkeys(asked, "") if is_parts(record) else asked)
        | _machine(record)
        | {
            "Measured peak": _peak(record),
            "Lapdraw": plain(record.environment.get("lapdraw")),
            "Rounds": _rounds(record),
            "Recorded": plain(record.created),
            "Command": plain(record.command),
            "Note": plain(record.note),
        }
    )


def title_of(row: Row) -> str:
    """Return the row's label with the precision that was asked for."""
    label, precision = plain(row.label, 120) or plain(row.id, 120), plain(row.precision, 20)
    return label if not precision or precision in re.findall(r"\w+", label) else f"{label}, {precision}"


def runs_on(row: Row) -> str:
    """Return device and precision that executed; what was asked for where the driver does not tell."""
    used = {
        name: f"{plain(on.get('device', row.device), 40)} {plain(on.get('precision', row.precision), 20)}"
        for name, on in row.placement.items()
    }
    if len(set(used.values())) == 1:
        return next(iter(used.values()))
    if used:
        return ", ".join(f"{plain(name, 40)} {where}" for name, where in used.items())
    return f"{plain(row.device, 40)} {plain(row.precision, 20)}"


def is_on_cpu(row: Row) -> bool:
    """Whether every component ran on a CPU, so that the machine's memory is all the memory it took."""
    devices = {str(on.get("device", row.device)) for on in row.placement.values()} or {row.device}
    return devices <= set(CPUS)


def at(value: object, *names: str) -> Any:
    """Return what stands under `names` in nested objects, None where there is nothing."""
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def is_parts(record: Record) -> bool:
    """Whether the rows are single calls instead of pictures."""
    return bool(record.request["task"] == PARTS)


def _rounds(record: Record) -> str:
    return (
        "" if is_parts(record) else f"{record.rounds} with a warm cache, {record.cold_rounds} with a cold one"
    )


def _machine(record: Record) -> dict[str, str]:
    environment = record.environment
    load = number(at(environment, "load_before"))
    return {
        "Processor": processor(record),
        "Instructions": _features(record),
        "Memory": gibibytes(number(at(environment, "memory_bytes")))
        if number(at(environment, "memory_bytes"))
        else "",
        "System": plain(at(environment, "os")),
        "Python": plain(at(environment, "python")),
        "Power source": plain(at(environment, "power")),
        "Busy cores before": "" if load is None else digits(load),
        "Energy counters": plain(at(environment, "energy")),
        "Devices": _devices(environment),
    }


def processor(record: Record) -> str:
    """Return the processor with its cores and clock."""
    cpu = at(record.environment, "cpu")
    parts = [plain(at(cpu, "name"))]
    physical, logical = number(at(cpu, "physical_cores")), number(at(cpu, "logical_cores"))
    if physical:
        parts.append(f"{physical:g} {'core' if physical == 1 else 'cores'}")
    if logical and logical != physical:
        parts.append(f"{logical:g} threads")
    clock = number(at(cpu, "mhz"))
    if clock and "GHz" not in parts[0]:
        parts.append(f"{clock / 1000:.2f} GHz")
    return ", ".join(part for part in parts if part)


def _features(record: Record) -> str:
    features = at(record.environment, "cpu", "features")
    shown = features if isinstance(features, list | tuple) else []
    used = "limited to AVX2 and VNNI; it has " if record.isa == "avx2" and shown else ""
    return used + " ".join(plain(feature, 30) for feature in shown[:40])


def _devices(environment: Mapping[str, Any]) -> str:
    devices = environment.get("devices")
    named = [device for device in devices if isinstance(device, Mapping)] if isinstance(devices, list) else []
    return "; ".join(
        f"{plain(device.get('id'), 40)}: {plain(device.get('name'), 80)}"
        + (f" ({plain(device['driver'], 60)})" if device.get("driver") else "")
        for device in named[:16]
    )


def _peak(record: Record) -> str:
    parts = [f"{plain(name, 20)} {rate(value, name)}" for name, value in record.peak.gflops.items()]
    if record.peak.gigabytes_per_second is not None:
        parts.append(f"{digits(record.peak.gigabytes_per_second)} GB/s")
    return ", ".join(parts)


def _work(record: Record) -> str:
    names = {"unet_gflop_per_step": f"GFLOP a {step_name(record)}", "vae_decoder_gflop": "GFLOP to decode"}
    return ", ".join(
        f"{digits(record.work[name])} {text}" for name, text in names.items() if name in record.work
    )


def number(value: object) -> float | None:
    """Return a finite number that a stranger's record holds, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e300:
        return None
    return float(value) if math.isfinite(value) else None
