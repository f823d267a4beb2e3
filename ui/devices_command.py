"""`devices`: what this machine can compute on, and how fast its CPU is."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from math import inf

from runtime.backends.base import Device, Peak
from runtime.devices import list_devices, pytorch_installed
from runtime.machine import VNNI, lists_every_feature, with_machine_facts
from runtime.measured import Memory
from runtime.placement import COMPONENTS, choose_device
from runtime.places import data_folder
from ui.progress import Progress

CORES = {"CPU": "cores", "CUDA GPU": "multiprocessors", "NPU": "tiles"}  # of any other kind: execution units
INDENT = " " * 13


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", action="store_true", help="print a JSON array")
    parser.add_argument("--measured", action="store_true", help="what --device auto:measured remembers")
    parser.add_argument("--data-dir", metavar="DIR", help="where that is")
    parser.add_argument("--no-peak", action="store_true", help="do not measure the CPU, which takes seconds")


def run(options: argparse.Namespace) -> int:
    """Print the devices, PyTorch's when PyTorch is installed, then the CPU's measured peak."""
    if options.measured:
        return _print_measured(Memory(data_folder(options.data_dir) / "cache" / "measured"), options.json)
    if options.json:
        devices = with_machine_facts(list_devices())
        if not options.no_peak:
            devices = _with_peak(devices, _measure(quiet=True))
        print(json.dumps([asdict(device) for device in devices]))
        return 0
    devices = with_machine_facts(list_devices(pytorch=False))
    _print(devices)
    if pytorch_installed():
        with Progress() as progress:
            progress.phase("asking PyTorch")
            both = list_devices(pytorch=True)
        others = with_machine_facts([device for device in both if device.backend == "pytorch"])
        _print(others)
        devices += others
    print(f"auto is {choose_device(devices)}", flush=True)
    if not options.no_peak:
        print(describe_peak(_measure(quiet=False)))
    return 0


def _print_measured(memory: Memory, as_json: bool) -> int:
    """Print every measurement, the fastest of each component first, what was left out last with its fault."""
    found = list(memory.everything())
    if as_json:
        print(json.dumps([asdict(measured) for measured in found]))
        return 0
    for measured in found:
        print(f"{measured.model}, {measured.width}x{measured.height}, measured {measured.created}")
        order = sorted(
            measured.timings, key=lambda timing: (COMPONENTS.index(timing.component), timing.seconds or inf)
        )
        for timing in order:
            what = f"{timing.component:<15} {timing.device:<7} {timing.precision:<5} {timing.guidance:<11}"
            print(f"  {what} {timing.fault or f'{timing.seconds:.3f} s'}")
    if not found:
        print("nothing was measured yet: make a picture with --device auto:measured")
    return 0


def _print(devices: Sequence[Device]) -> None:
    for device in devices:
        print("\n".join(describe(device)), flush=True)


def describe(device: Device) -> list[str]:
    """The lines that tell of a device: its name, what it is, what it computes in."""
    facts = [device.kind, device.driver]
    if device.cores:
        facts.append(_cores(device))
    if device.memory_bytes:
        facts.append(f"{device.memory_bytes / 2**30:.0f} GiB")
    lines = [
        f"{device.id:<12} {device.name}",
        f"{INDENT}{', '.join(facts)}",
        f"{INDENT}computes in {_precisions(device)}",
    ]
    details = ", ".join(filter(None, (device.architecture, *device.features)))
    return [*lines, f"{INDENT}{details}"] if details else lines


def describe_peak(peak: Peak) -> str:
    """One line: arithmetic in each precision, and the memory."""
    rates = [
        f"{rate:.0f} {'GOPS' if precision == 'int8' else 'GFLOPS'} in {precision}"
        for precision, rate in peak.gflops.items()
    ]
    return f"the CPU was measured at {', '.join(rates)}; memory {peak.gigabytes_per_second:.1f} GB/s"


def _cores(device: Device) -> str:
    text = f"{device.cores} {CORES.get(device.kind, 'execution units')}"
    if device.logical_cores and device.logical_cores != device.cores:
        text += f" ({device.logical_cores} threads)"
    return text


def _precisions(device: Device) -> str:
    """The precisions; int8 of a CPU is worth little without the instructions for it."""
    names = list(device.precisions)
    if device.kind == "CPU" and device.features and "int8" in names:
        if VNNI.intersection(device.features):
            names[names.index("int8")] += " (VNNI)"
        elif lists_every_feature():
            names[names.index("int8")] += " (without VNNI)"
    return ", ".join(names)


def _measure(*, quiet: bool) -> Peak:
    from runtime.backends.openvino_peak import measure_peak

    with Progress(quiet=quiet) as progress:
        return measure_peak(progress.phase)


def _with_peak(devices: Sequence[Device], peak: Peak) -> tuple[Device, ...]:
    return tuple(replace(device, peak=peak) if device.id == "cpu" else device for device in devices)
