"""What a person sees of the setup, on standard error: lines that stay, and on a terminal one that moves."""

from __future__ import annotations

import shutil
import sys


class Progress:
    """Says things on standard error; `moving` overwrites one line on a terminal and is silent elsewhere."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._shown = 0

    def say(self, text: str) -> None:
        """Print a line that stays."""
        self.clear()
        print(text, file=sys.stderr, flush=True)

    def note(self, text: str) -> None:
        """Print a line where there is no moving one to show it."""
        if not self._is_terminal:
            self.say(text)

    def moving(self, text: str) -> None:
        """Show `text` in the moving line."""
        if not self._is_terminal:
            return
        text = text[: shutil.get_terminal_size().columns - 1]
        print("\r" + text.ljust(self._shown), end="", file=sys.stderr, flush=True)
        self._shown = len(text)

    def clear(self) -> None:
        """Take the moving line away."""
        if self._shown:
            print("\r" + " " * self._shown + "\r", end="", file=sys.stderr, flush=True)
            self._shown = 0
