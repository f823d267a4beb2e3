"""The jobs of a tab, and following one of them for as long as a panel shows it."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ui.jobs import Job, JobEngine, Snapshot

FASTEST = 0.25  # seconds from one update to the next
SETTLED = 1.2  # seconds that an end is shown before the next job is followed: the page looks by then
MOST = 500  # unfinished jobs that are looked through
RECENT = 30 * 60  # a job that ended this many seconds ago is shown again when the page is loaded
UNFINISHED = ("queued", "running")


class OwnJobs:
    """The picture jobs of some tasks, with a grid or without."""

    def __init__(self, engine: "JobEngine", tasks: Sequence[str], *, grid: bool = False) -> None:
        self._engine = engine
        self._tasks = tuple(tasks)
        self._grid = grid
        self._followed: dict[str, object] = {}  # session -> what tells its newest follower

    def newest(self, states: Sequence[str] | None = None) -> "list[Job]":
        """Return them, newest first."""
        limit = MOST if states == UNFINISHED else 50
        return [job for job in self._engine.jobs(limit=limit, states=states) if self._is_own(job)]

    def _is_own(self, job: "Job") -> bool:
        body = job.spec.body
        is_mine = job.spec.kind == "pictures" and body.get("task") in self._tasks
        return is_mine and bool(body.get("grid")) == self._grid

    def unfinished(self) -> "Job | None":
        """Return the one that runs, else the one that has waited longest."""
        waiting = self.newest(UNFINISHED)
        return next((job for job in waiting if job.state == "running"), waiting[-1] if waiting else None)

    def to_show(self) -> "Job | None":
        """Return what a page that was just loaded shows: what is not finished, else what was made last."""
        job = self.unfinished() or next(iter(self.newest()), None)
        return job if job is not None and (job.state in UNFINISHED or _is_recent(job)) else None

    def waiting_beside(self, job_id: str) -> int:
        """Return how many unfinished ones there are besides this."""
        return sum(job.id != job_id for job in self.newest(UNFINISHED))

    async def follow(self, job_id: str, session: str) -> "AsyncIterator[Snapshot]":
        """Yield what changes, at most four times a second, until the job ends or the session follows anew.

        When it ends while another one of the tab is unfinished, that is followed next. Nothing waits in a
        thread meanwhile: any number of pages may follow. The first snapshot comes twice, since the last word
        of what was followed before may arrive after it, and so does the last, for a browser too busy to
        take in everything.
        """
        me = self._followed[session] = object()
        try:
            while job_id:
                last, count = None, 0
                while self._followed.get(session) is me:
                    snapshot = await asyncio.to_thread(self._engine.snapshot, job_id)
                    if snapshot != last or count == 1:
                        last = snapshot
                        yield snapshot
                    count += 1
                    if snapshot.job.state not in UNFINISHED:
                        yield snapshot
                        break
                    await asyncio.sleep(FASTEST)
                if self._followed.get(session) is not me:
                    return
                job = await asyncio.to_thread(self.unfinished)
                job_id = job.id if job is not None else ""
                if job_id:
                    await asyncio.sleep(SETTLED)
        finally:
            if self._followed.get(session) is me:
                del self._followed[session]


def _is_recent(job: "Job") -> bool:
    return job.state in ("done", "failed") and time.time() - (job.finished or 0) < RECENT
