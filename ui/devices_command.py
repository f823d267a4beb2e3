"""`devices`: what this machine can compute on."""

import argparse
import json
from dataclasses import asdict

from runtime.devices import list_devices
from runtime.placement import choose_device


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", action="store_true", help="print a JSON array")


def run(options: argparse.Namespace) -> int:
    """Print the devices; PyTorch's are listed when PyTorch is installed."""
    devices = list_devices()
    if options.json:
        print(json.dumps([asdict(device) for device in devices]))
        return 0
    for device in devices:
        memory = f", {device.memory_bytes / 2**30:.0f} GiB" if device.memory_bytes else ""
        print(f"{device.id:<12} {device.name} ({device.kind}, {device.driver}{memory})")
        print(f"{'':<12} computes in {', '.join(device.precisions)}")
    print(f"auto is {choose_device(devices)}")
    return 0
