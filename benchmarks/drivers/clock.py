"""When what was done: moments in seconds since the process was started, the same ones for every driver."""

import os
import time

from benchmarks.drivers.job import CannotRun

STARTED = "LAPDRAW_STARTED"  # environment: repr(time.time()) taken just before the process was started


class Clock:
    """Notes each mark once, in order; `time.time` because the moment of the start comes from another process.

    imported: the program's libraries are there. ready: everything is read and compiled, so that a prompt may
    come. Each step: its latents are computed. decoded: the picture is in host memory as 8-bit pixels.
    """

    def __init__(self) -> None:
        """Read the moment of the start; raises CannotRun without it."""
        text = os.environ.get(STARTED, "")
        try:
            self._started = float(text)
        except ValueError as error:
            raise CannotRun(
                f"{STARTED} must hold the time of the start in seconds, got {text!r}: "
                "start drivers through `launch.py benchmark`"
            ) from error
        self._imported: float | None = None
        self._ready: float | None = None
        self._steps: list[float] = []
        self._decoded: float | None = None

    def imported(self) -> None:
        """The libraries are imported."""
        self._imported = self._now()

    def ready(self) -> None:
        """Everything is compiled; the prompt is not encoded yet."""
        self._ready = self._now()

    def step(self) -> None:
        """One more step is finished."""
        self._steps.append(self._now())

    def decoded(self) -> None:
        """The picture is there."""
        self._decoded = self._now()

    def marks(self, steps: int) -> dict[str, float | list[float]]:
        """Return all marks, JSON-ready; raises CannotRun unless all of `steps` steps were noted, in order."""
        noted = [self._imported, self._ready, *self._steps, self._decoded]
        known = [mark for mark in noted if mark is not None]
        if len(known) != steps + 3 or known != sorted(known):
            raise CannotRun(f"the marks of {steps} steps are not complete and ascending: {noted}")
        return {"imported": known[0], "ready": known[1], "steps": known[2:-1], "decoded": known[-1]}

    def _now(self) -> float:
        return time.time() - self._started
