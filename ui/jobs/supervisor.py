"""The thread that does the jobs: one at a time, first in, first out, with a worker that it keeps alive."""

import queue
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import psutil

from runtime.backends.base import Device
from ui.jobs.board import Board
from ui.jobs.child import QUICK, Child, Event
from ui.jobs.failure import COPY, INTERRUPTED, STOPPED, Outcome, failed, twice
from ui.jobs.inputs import forget_pictures
from ui.jobs.job import CANCELLED, FAILED, Job
from ui.jobs.saving import settle
from ui.jobs.store import Store
from ui.jobs.token import forget_token

TICK = 0.25  # seconds between two looks at the clock
RETRY_SECONDS = 1.0  # before a store that could not be written is tried again
LONGEST_PAUSE = 600.0  # seconds before a worker that keeps ending is started again; a job does not wait
END_SECONDS = 2.0  # for a process that was killed
MEMORY_SHARE = 0.75  # of the machine's: a worker that holds more is replaced between jobs
T = TypeVar("T")


class Stopping(Exception):
    """The program ends."""


class Supervisor:
    """Runs until it is stopped; `silence_limit` is how long a worker may say nothing, in seconds."""

    def __init__(self, store: Store, board: Board, data: Path, silence_limit: float) -> None:
        self.store = store
        self.board = board
        self.data = data
        self.silence_limit = silence_limit
        self.events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self.stopping = False
        self.cancelled_at: float | None = None  # when the running job's cancel was asked for
        self.child: Child | None = None  # what does the running job
        self.devices: tuple[Device, ...] = ()
        self.fault = ""  # why nothing goes on
        self._worker: Child | None = None
        self._worker_is_ready = False
        self._worker_began = 0.0
        self._early_ends = 0  # of workers, in a row
        self._silence = 0.0
        self._rss = 0
        self._thread = threading.Thread(target=self._main, name="jobs", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Say that there may be something to do."""
        self.events.put(None)

    def stop(self, seconds: float) -> None:
        """End: the running job goes back to the line, and the worker is gone."""
        self.stopping = True
        self.wake()
        self._thread.join(seconds)

    def cancel(self, job: str) -> None:
        """Ask whoever does the job to stop; the caller holds the board's lock and saw that it runs."""
        self.cancelled_at = self.cancelled_at or time.monotonic()
        child = self.child  # the thread may take it away meanwhile
        if child is not None:
            child.order("cancel", job=job)

    def skip(self, job: str, number: int) -> None:
        """Ask for the next picture, leaving out the one of that number; locked likewise."""
        child = self.child
        if child is not None:
            child.order("skip", job=job, number=number)

    def release(self) -> None:
        """Have the worker give back the memory and the devices of its model."""
        worker = self._worker
        if worker is not None:
            worker.order("release")

    # The thread

    def _main(self) -> None:
        try:
            self.worker()
            while not self.stopping:
                job = self.persist(self._take, even_while_stopping=True)
                if job is None:
                    self._rest()
                else:
                    self._do(job)
        except Stopping:
            pass
        except sqlite3.Error as error:
            self.fault = f"the store of jobs cannot be read any more ({error}): start the program again"
            self.board.close()
        except BaseException as error:
            self.fault = f"the jobs stopped by a fault ({type(error).__name__}): start the program again"
            self.board.close()
            raise
        finally:
            self.end_worker()

    def _take(self) -> Job | None:
        with self.board.lock:
            job = self.store.take_next(time.time())
            if job is not None:
                self.cancelled_at = None
                self.board.begin(job.id)
            return job

    def _do(self, job: Job) -> None:
        from ui.jobs.follow_command import follow_command
        from ui.jobs.follow_pictures import follow_pictures

        outcome = Outcome(state=INTERRUPTED, reason=f"the program met an error that nobody expected: {COPY}")
        try:
            follow = follow_pictures if job.spec.kind == "pictures" else follow_command
            outcome = follow(self, job)
        except Stopping:
            outcome = Outcome(state=STOPPED)
            raise
        except OSError as error:
            outcome = failed(job, f"a file could not be written ({error}): free some space on the disk")
        finally:
            self.child = None
            if self.stopping or sys.exc_info()[0] is not None:
                self.end_worker()  # it may still be writing
            self._conclude(job, outcome)
        if self._rss > MEMORY_SHARE * psutil.virtual_memory().total:
            self.end_worker()
        if not self.stopping:
            self.worker()

    def _conclude(self, job: Job, outcome: Outcome) -> None:
        """Write how it ended; nobody works on it any more."""
        self.persist(lambda: settle(self.store, job.id), even_while_stopping=True)
        is_final = self.persist(lambda: self._write(job, outcome), even_while_stopping=True)
        if is_final:
            forget_pictures(self.data / "jobs" / job.id)

    def _write(self, job: Job, outcome: Outcome) -> bool:
        with self.board.lock:
            if outcome.state in (INTERRUPTED, STOPPED) and self.cancelled_at is not None:
                outcome = Outcome(state=CANCELLED)
            if outcome.state == INTERRUPTED and job.interruptions > 0:
                outcome = replace(outcome, state=FAILED, reason=twice(outcome.reason))
            if outcome.state == INTERRUPTED:
                reason = f"it was interrupted and is made again: {outcome.reason}"
                self.store.requeue(job.id, reason=reason, interrupted=True)
            elif outcome.state == STOPPED:
                self.store.requeue(job.id, reason="", interrupted=False)
            else:
                forget_token(self.data / "jobs" / job.id)
                self.store.finish(
                    job.id, outcome.state, reason=outcome.reason, report=outcome.report, now=time.time()
                )
            self.board.end()
            return outcome.state not in (INTERRUPTED, STOPPED)

    def persist(self, write: Callable[[], T], *, even_while_stopping: bool = False) -> T:
        """Return what `write` returns, trying again while the disk is full or locked; raises Stopping."""
        while True:
            try:
                answer = write()
            except sqlite3.OperationalError as error:
                self.fault = f"the store of jobs cannot be written ({error}): free some space on the disk"
                if self.stopping:
                    raise Stopping from error
                time.sleep(RETRY_SECONDS)
                continue
            self.fault = ""
            if self.stopping and not even_while_stopping:
                raise Stopping
            return answer

    # The worker

    def worker(self) -> Child:
        """Return the worker, started if there is none."""
        if self._worker is None:
            command = [sys.executable, "-m", "ui.jobs.worker", str(self.data)]
            self._worker = Child(command, self.events)
            self._worker_is_ready = False
            self._worker_began = time.monotonic()
            self._silence = 0.0
            self._rss = 0
        return self._worker

    @property
    def is_silent(self) -> bool:
        """Whether the worker said nothing for too long, in our own waking time: sleep does not count."""
        return self._silence > self.silence_limit

    @property
    def worker_is_ready(self) -> bool:
        """Whether it has loaded its libraries."""
        return self._worker_is_ready

    def end_worker(self) -> None:
        """End the worker at once; what it was writing is settled by whoever calls."""
        if self._worker is not None:
            worker, self._worker = self._worker, None
            worker.kill()
            worker.hang_up()
            worker.wait(END_SECONDS)

    def next_event(self) -> Event | None:
        """Return the next event of the running children, None after a tick without one."""
        began = time.monotonic()
        try:
            event = self.events.get(timeout=TICK)
        except queue.Empty:
            event = None
        self._silence += min(time.monotonic() - began, 2 * TICK)
        if event is None or event.child not in (self._worker, self.child):
            return None
        if event.child is self._worker:
            self._silence = 0.0
            self._note(event)
        return event

    def _note(self, event: Event) -> None:
        """Hear what does not belong to a job."""
        values: dict[str, Any] = event.values
        if event.name == "alive":
            self._rss = values["rss"]
        elif event.name == "ready":
            self._worker_is_ready = True
            self.devices = tuple(_device(device) for device in values["devices"])
            self.board.tell()
        elif event.name == "exited":
            self._worker = None
            has_begun = time.monotonic() - self._worker_began > QUICK
            self._early_ends = 0 if has_begun else self._early_ends + 1

    def _rest(self) -> None:
        """Wait for something to do; replace a worker that ended or fell silent meanwhile."""
        self.next_event()
        if self._worker is not None and self.is_silent:
            self.end_worker()
        pause = min(QUICK * 2**self._early_ends, LONGEST_PAUSE) if self._early_ends else 0.0
        if self._worker is None and time.monotonic() - self._worker_began > pause:
            self.worker()


def _device(values: dict[str, Any]) -> Device:
    told = Device(**values)
    return replace(told, precisions=tuple(told.precisions), features=tuple(told.features))
