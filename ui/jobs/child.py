"""A process of ours, seen from the program: orders in, events out, its last words kept, ended when told.

Nothing here waits for the process: one thread writes to it, one reads its events, one its standard error.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Any

import psutil

from runtime.places import CHECKOUT

LAST_LINES = 120  # of standard error, kept for a report
QUICK = 10.0  # seconds: one that lives no longer has not begun


@dataclass(frozen=True)
class Event:
    """What a child said; `name` "exited" (with its status) comes once, and last."""

    child: "Child"
    name: str
    values: dict[str, Any] = field(default_factory=dict)


class Child:
    """A running process. Its events, JSON lines of its output or plain lines of all it says, are queued."""

    def __init__(
        self, command: Sequence[str], events: "queue.SimpleQueue[Any]", *, plain: bool = False
    ) -> None:
        self._events = events
        self._plain = plain
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        self._orders: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        paths = [str(CHECKOUT), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"},
            text=True,
            encoding="utf-8",
            errors="replace",
            cwd=CHECKOUT,  # else whatever lies where the person started comes before the standard library
            **_apart(),
        )
        self._readers = [
            threading.Thread(target=self._read_events, name="events", daemon=True),
            threading.Thread(target=self._read_errors, name="standard error", daemon=True),
        ]
        for thread in (
            *self._readers,
            threading.Thread(target=self._write_orders, name="orders", daemon=True),
        ):
            thread.start()
        threading.Thread(target=self._wait, name="end of a child", daemon=True).start()

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    @property
    def last_words(self) -> str:
        """What it printed last on standard error."""
        return "\n".join(self._last)

    def order(self, command: str, **values: object) -> None:
        """Send an order; one to a child that is gone is lost, and its end is an event."""
        self._orders.put(json.dumps({"command": command, **values}) + "\n")

    def hang_up(self) -> None:
        """Close its standard input, which ends it."""
        self._orders.put(None)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def kill_family(self) -> None:
        """End it at once, with everything it started."""
        kill_family(self.pid)

    def wait(self, seconds: float) -> bool:
        """Wait for its end; return whether it has ended."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return not self.is_running

    def _write_orders(self) -> None:
        file = self._pipe(self._process.stdin)
        with suppress(OSError):  # it is gone, which its end tells
            while (line := self._orders.get()) is not None:
                file.write(line)
                file.flush()
        with suppress(OSError):
            file.close()

    def _read_events(self) -> None:
        with self._pipe(self._process.stdout) as file:
            for line in file:
                if self._plain:
                    self._events.put(Event(self, "output", {"line": line.rstrip("\n")}))
                    continue
                with suppress(ValueError):  # cut off by its end
                    message = json.loads(line)
                    self._events.put(Event(self, message.pop("event"), message))

    def _read_errors(self) -> None:
        with self._pipe(self._process.stderr) as file:
            for line in file:
                self._last.append(line.rstrip("\n"))
                if self._plain:
                    self._events.put(Event(self, "line", {"line": line.rstrip("\n")}))

    def _wait(self) -> None:
        status = self._process.wait()
        for thread in self._readers:
            thread.join(5)  # a grandchild may hold the pipes open
        self._orders.put(None)
        self._events.put(Event(self, "exited", {"status": status}))

    @staticmethod
    def _pipe(file: IO[str] | None) -> IO[str]:
        if file is None:
            raise RuntimeError("a child was started without pipes")
        return file


def kill_family(pid: int) -> None:
    """End a process and what it started."""
    with suppress(psutil.NoSuchProcess):
        found = psutil.Process(pid)
        for process in (*found.children(recursive=True), found):
            with suppress(psutil.NoSuchProcess):
                process.kill()


def name_of_signal(number: int) -> str:
    """Return the name of a signal, or its number."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _apart() -> dict[str, Any]:
    """So that Ctrl-C in the terminal goes to the program alone."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}
