"""Runs one process to its end: how long it took, the most memory its tree held, the energy meanwhile."""

import contextlib
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.energy import EnergyMeter

STARTED = "LAPDRAW_STARTED"  # environment variable: time.time() just before the process was started
MEMORY_SECONDS = 0.03  # between two looks at the memory
TREE_SECONDS = 0.5  # between two looks for children, which cost a hundred times as much
METER_SECONDS = 10.0  # between two readings of the energy counters
TIMED_OUT = 124  # the status of a process that was ended because its time was up

_LAST_BYTES = 8192  # of the log, which its last line is in


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What became of a process; memory is resident bytes of the whole tree, shared pages counted in each."""

    status: int
    seconds: float
    peak_bytes: int
    energy_joules: float | None  # of the machine meanwhile, None where there is no counter
    last_line: str  # of what it said, or that its time was up


def watch(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str], log: Path, limit_seconds: float
) -> Watched:
    """Run a command in `folder` and wait; what it says goes to `log`, and it reads nothing.

    It finds the moment of its start as LAPDRAW_STARTED. After `limit_seconds`, and when this is interrupted,
    it is killed with its children. Raises OSError when it cannot be started.
    """
    meter = EnergyMeter()
    with log.open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            list(command),
            cwd=folder,
            env={**environment, STARTED: repr(time.time())},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        tree = _Tree(process.pid)
        try:
            status = _wait(process, tree, meter, started + limit_seconds)
        finally:
            tree.kill()
            process.wait()
    seconds = time.perf_counter() - started
    timed_out = status is None
    return Watched(
        status=TIMED_OUT if status is None else status,
        seconds=seconds,
        peak_bytes=tree.peak,
        energy_joules=meter.joules(),
        last_line=f"it did not end within {limit_seconds:.0f} s" if timed_out else _last_line(log),
    )


def _wait(process: "subprocess.Popen[bytes]", tree: "_Tree", meter: EnergyMeter, until: float) -> int | None:
    """Return the status of a process, None when its time is up first; note its memory meanwhile."""
    next_reading = time.perf_counter() + METER_SECONDS
    while time.perf_counter() < until:
        tree.look()
        try:
            return process.wait(MEMORY_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        if time.perf_counter() >= next_reading:
            meter.update()
            next_reading += METER_SECONDS
    return None


class _Tree:
    """A process and its children, and the most memory they held at once."""

    def __init__(self, pid: int) -> None:
        self.peak = 0
        self._members: list[psutil.Process] = []
        with contextlib.suppress(psutil.NoSuchProcess):  # it may have ended already
            self._members = [psutil.Process(pid)]
        self._next_search = time.perf_counter() + TREE_SECONDS

    def look(self) -> None:
        """Add up the resident memory now."""
        if time.perf_counter() >= self._next_search:
            self._find_children()
            self._next_search = time.perf_counter() + TREE_SECONDS
        self.peak = max(self.peak, sum(map(_resident, self._members)))

    def kill(self) -> None:
        """Kill what is left of it; the process itself first, so that it starts no more children."""
        self._find_children()
        for member in self._members:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()

    def _find_children(self) -> None:
        """Remember every child ever seen: one whose parent has ended is nobody's child any more."""
        for member in list(self._members):
            with contextlib.suppress(psutil.NoSuchProcess):
                self._members += [
                    child for child in member.children(recursive=True) if child not in self._members
                ]


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:  # it has ended, or it is about to
        return 0


def _last_line(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _LAST_BYTES))
        lines = file.read().decode(errors="replace").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
