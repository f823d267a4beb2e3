"""What a person sees on a terminal while they wait: the phase, a bar, the time left; elsewhere nothing."""

import sys
import time
from types import TracebackType
from typing import TextIO

WIDTH = 28
STEPPING = "denoising"


class Progress:
    """One line on standard error, rewritten in place and cleared at the end."""

    def __init__(self, *, quiet: bool = False, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._shown = not quiet and self._stream.isatty()
        self._label = ""
        self._bar = ""
        self._spent = 0.0  # seconds in the steps of this picture
        self._resumed = 0.0  # when the step that is running began

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._write("")

    def phase(self, name: str) -> None:
        """Show a named phase; one of a tile ("denoising, tile 3 of 25") goes on with the step and its bar."""
        if name == STEPPING:
            self.resume()
        where = name.removeprefix(f"{STEPPING}, ")
        if where != name and self._bar:
            self._write(f"{self._bar}, {where}")
        else:
            self._write(f"{self._label}{name} ...")

    def resume(self) -> None:
        """Say that the next step begins now: what was done since the last one is no part of it."""
        self._resumed = time.perf_counter()

    def picture(self, number: int, total: int) -> None:
        """Say which picture of several is being made."""
        self._label = f"picture {number}/{total}: " if total > 1 else ""

    def step(self, done: int, total: int) -> None:
        """Show the bar with the time a step takes and what is left, over all passes of a picture."""
        now = time.perf_counter()
        self._spent = (self._spent if done > 1 else 0.0) + now - self._resumed
        self._resumed = now
        per_step = self._spent / done
        filled = WIDTH * done // total
        bar = "#" * filled + "." * (WIDTH - filled)
        left = per_step * (total - done)
        steps = f"{self._label}step {done}/{total} [{bar}] {per_step:.2f} s/step, {left:.0f} s left"
        self._bar = steps if done < total else ""
        self._write(steps)

    def note(self, text: str) -> None:
        """Print a line that stays."""
        self._write("")
        print(text, file=self._stream, flush=True)

    def _write(self, line: str) -> None:
        if self._shown:
            self._stream.write(f"\r\x1b[2K{line}")
            self._stream.flush()
