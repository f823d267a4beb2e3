"""How often something that fails is tried again, and how long is waited in between."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from runtime.errors import HubError

Sleep = Callable[[float], None]


@dataclass(frozen=True, kw_only=True)
class Patience:
    """What is put up with: seconds, and how many tries in a row that bring nothing new."""

    tries: int = 5
    first_wait: float = 1.0  # doubled from try to try
    longest_wait: float = 300.0  # a server that asks for more is not waited for
    silence: float = 30.0  # without a byte
    sleep: Sleep = time.sleep


class Passing(Exception):
    """A fault that may be gone at the next try; `wait` is how long the server asked to wait."""

    def __init__(self, reason: str, remedy: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy
        self.wait = wait


class NoSuchPart(Passing):
    """The server's file ends before the byte that was asked for."""


class Tries:
    """Counts failures in a row of one thing, `what`."""

    def __init__(self, patience: Patience, what: str, note: Callable[[str], None]) -> None:
        self._patience = patience
        self._what = what
        self._note = note
        self._failures = 0

    def got_on(self) -> None:
        """Something new came: the next failure is the first again."""
        self._failures = 0

    def failed(self, fault: Passing) -> None:
        """Wait before the next try; raises HubError when it is not worth one."""
        self._failures += 1
        asked = fault.wait
        if asked is not None and asked > self._patience.longest_wait:
            raise HubError(
                f"{self._what}: {fault.reason}, and asks to wait {asked:.0f} s: run the same command again "
                "then, it goes on where it stopped"
            ) from fault
        if self._failures >= self._patience.tries:
            raise HubError(
                f"{self._what}: {fault.reason}, {self._failures} times in a row: {fault.remedy}"
            ) from fault
        wait = asked if asked is not None else self._patience.first_wait * 2 ** (self._failures - 1)
        self._note(f"{self._what}: {fault.reason}; next try in {wait:.0f} s")
        self._patience.sleep(wait)
