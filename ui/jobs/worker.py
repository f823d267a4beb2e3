"""The process that makes the pictures: `python -m ui.jobs.worker DATA`.

Orders come on standard input, events go out on standard output, one JSON object a line; libraries that print
there find standard error instead. When standard input closes, whoever asked is gone, and the worker ends at
once: what it was writing is then either whole or not there.
"""

import faulthandler
import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from runtime.errors import LapdrawError
from ui.jobs.beside import WORKER_LOCK
from ui.jobs.file_lock import FileLock

if TYPE_CHECKING:
    from ui.jobs.picture_run import PictureRun

HEARTBEAT = 1.0  # seconds
PATIENCE = 20.0  # seconds for a worker before this one to end
RELEASE = None  # the order to give back memory


class Worker:
    """Does one job after the other; a thread of its own hears orders, another beats."""

    def __init__(self, data: Path, channel: IO[str]) -> None:
        self._data = data
        self._channel = channel
        self._speaking = threading.Lock()
        self._orders: queue.SimpleQueue[PictureRun | None] = queue.SimpleQueue()
        self._runs: dict[str, PictureRun] = {}

    def say(self, **message: object) -> None:
        """Send an event."""
        line = json.dumps(message) + "\n"
        with self._speaking:
            self._channel.write(line)
            self._channel.flush()

    def work(self) -> None:
        """Warm up, then follow orders; never returns."""
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()
        with self._crashes_told():
            from ui.jobs.kept_pipeline import KeptPipeline
            from ui.jobs.picture_run import PictureRun

            threading.Thread(target=self._listen, args=(PictureRun,), name="orders", daemon=True).start()
            self._warm_up()
            kept = KeptPipeline(self._data)
            while True:
                run = self._orders.get()
                if run is RELEASE:
                    kept.close()
                else:
                    self._do(run, kept)

    def _warm_up(self) -> None:
        """Load the libraries, and say what there is to compute on."""
        import runtime.generation  # noqa: F401
        from runtime.devices import list_devices, nvidia_driver_present, pytorch_installed
        from runtime.machine import with_machine_facts

        found = with_machine_facts(list_devices(pytorch=nvidia_driver_present() and pytorch_installed()))
        self.say(event="ready", devices=[asdict(device) for device in found])

    def _do(self, run: "PictureRun", kept: Any) -> None:
        from ui.jobs.picture_run import Stopped

        try:
            run.run(kept)
        except Stopped:
            self.say(event="ended", job=run.job, state="cancelled", reason="", kind="", placement="")
        except LapdrawError as error:
            kind = type(error).__name__
            self.say(
                event="ended",
                job=run.job,
                state="failed",
                reason=str(error),
                kind=kind,
                placement=run.placement,
                trace=traceback.format_exc(),
            )
        else:
            self.say(event="ended", job=run.job, state="done", reason="", kind="", placement="")
        del self._runs[run.job]

    @contextmanager
    def _crashes_told(self) -> Iterator[None]:
        """Tell of a fault of ours or a library's before the process ends with it."""
        try:
            yield
        except BaseException as error:
            trace = traceback.format_exc()
            placement = next((run.placement for run in self._runs.values()), "")
            self.say(event="crashed", kind=type(error).__name__, trace=trace, placement=placement)
            raise

    def _beat(self) -> None:
        import psutil

        process = psutil.Process()
        while True:
            self.say(event="alive", rss=process.memory_info().rss)
            time.sleep(HEARTBEAT)

    def _listen(self, kind: "type[PictureRun]") -> None:
        try:
            with self._crashes_told():
                self._hear(kind)
        finally:
            os._exit(0)

    def _hear(self, kind: "type[PictureRun]") -> None:
        for line in sys.stdin:
            order = json.loads(line)
            command = order["command"]
            if command == "run":
                run = self._runs[order["job"]] = kind(order, self._data, self.say)
                self._orders.put(run)
            elif command == "release":
                self._orders.put(RELEASE)
            elif (running := self._runs.get(order["job"])) is not None:
                if command == "cancel":
                    running.cancel()
                elif command == "skip":
                    running.skip(order["number"])
                elif command == "grant":
                    running.grant(order["number"])


def main() -> None:
    """Take the worker's place for the data folder, and work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program, which ends the worker
    faulthandler.enable()
    sys.modules.setdefault("openvino.tools.ovc", None)  # type: ignore[arg-type]  # see ui.cli.entry
    data = Path(sys.argv[1])
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as channel:
        os.dup2(2, 1)
        lock = FileLock(data / "jobs" / WORKER_LOCK)
        lock.take(PATIENCE)
        Worker(data, channel).work()


if __name__ == "__main__":
    main()
