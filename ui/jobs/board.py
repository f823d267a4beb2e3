"""What watchers see: the running job's progress, held in memory, and everything else from the store."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from runtime.errors import InvalidRequest
from ui.jobs.job import QUEUED, Job, Progress, Snapshot
from ui.jobs.store import Store

SNAPSHOT_SECONDS = 0.2  # at most five a second for each watcher
LOOK_SECONDS = 2.0
REMEMBERED = 16  # jobs


class Board:
    """Wakes whoever watches when something changes; `lock` is held where a job changes hands."""

    def __init__(self, store: Store) -> None:
        self.lock = threading.RLock()
        self.running: str | None = None
        self.closed = False
        self._store = store
        self._changes = threading.Condition(self.lock)
        self._count = 0
        self._progress = Progress()
        self._read: dict[str, tuple[int, Job]] = {}  # jobs as the store had them after so many changes

    def begin(self, job: str) -> None:
        """Say that a job runs now."""
        with self.lock:
            self.running = job
            self.put(Progress(phase="starting"))

    def end(self) -> None:
        """Say that no job runs."""
        with self.lock:
            self.running = None
            self.put(Progress())

    def close(self) -> None:
        """End every watch."""
        with self.lock:
            self.closed = True
            self.tell()

    @property
    def progress(self) -> Progress:
        """That of the running job."""
        return self._progress

    def put(self, progress: Progress) -> None:
        """Show another progress of the running job."""
        with self.lock:
            self._progress = progress
            self.tell()

    def show(self, **changes: Any) -> None:
        """Show what changed of it."""
        self.put(replace(self._progress, **changes))

    def tell(self) -> None:
        """Wake whoever watches."""
        with self.lock:
            self._count += 1
            self._changes.notify_all()

    def job(self, name: str) -> Job:
        """Return a job; raises InvalidRequest for an id that none has."""
        changes = self._store.changes
        seen = self._read.get(name)
        if seen is not None and seen[0] == changes:
            return seen[1]
        job = self._store.get(name)
        if job is None:
            raise InvalidRequest(f"there is no job {name!r}: look for it in the history")
        if len(self._read) >= REMEMBERED:
            self._read.clear()
        self._read[name] = (changes, job)
        return job

    def snapshot(self, name: str) -> Snapshot:
        """Return a job and its progress now."""
        with self.lock:
            job = self.job(name)
            if name == self.running:
                return Snapshot(job=job, progress=self._progress)
        if job.state == QUEUED:
            return Snapshot(job=job, progress=Progress(ahead=self._store.ahead(name)))
        made = len(job.pictures)
        return Snapshot(job=job, progress=Progress(phase=job.state, picture=made, pictures=made))

    def watch(self, name: str) -> Iterator[Snapshot]:
        """Yield on change until the final state, or until the board is closed."""
        last: Snapshot | None = None
        while True:
            with self.lock:
                if self.closed and last is not None:
                    return
                seen = self._count
                now = self.snapshot(name)
            if now != last:
                last = now
                yield now
                if now.job.is_final:
                    return
            time.sleep(SNAPSHOT_SECONDS)
            with self.lock:
                if self._count == seen and not self.closed:
                    self._changes.wait(LOOK_SECONDS)
