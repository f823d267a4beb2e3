"""What a person sees on a terminal while they wait: the phase, a bar, the time left; elsewhere nothing."""

import sys
import time
from types import TracebackType

WIDTH = 28


class Progress:
    """One line on standard error, rewritten in place and cleared at the end."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._stream = sys.stderr
        self._shown = not quiet and self._stream.isatty()
        self._label = ""
        self._started = 0.0

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._write("")

    def phase(self, name: str) -> None:
        """Show a named phase: compiling, denoising, decoding."""
        self._started = time.perf_counter()
        self._write(f"{self._label}{name} ...")

    def picture(self, number: int, total: int) -> None:
        """Say which picture of several is being made."""
        self._label = f"picture {number}/{total}: " if total > 1 else ""

    def step(self, done: int, total: int) -> None:
        """Show the bar with the time a step takes and what is left."""
        if not self._shown:
            return
        per_step = (time.perf_counter() - self._started) / done
        filled = WIDTH * done // total
        bar = "#" * filled + "." * (WIDTH - filled)
        left = per_step * (total - done)
        self._write(f"{self._label}step {done}/{total} [{bar}] {per_step:.2f} s/step, {left:.0f} s left")

    def note(self, text: str) -> None:
        """Print a line that stays."""
        self._write("")
        print(text, file=self._stream, flush=True)

    def _write(self, line: str) -> None:
        if self._shown:
            self._stream.write(f"\r\x1b[2K{line}")
            self._stream.flush()
