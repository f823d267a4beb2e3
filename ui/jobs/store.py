"""The store of jobs: what was asked, what became of it, which pictures are there.

Written at every change of state and for every finished picture; every method may be called from any thread.
"""

import json
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ui.jobs.database import VERSION, Database
from ui.jobs.job import CANCELLED, QUEUED, RUNNING, STATES, Job, JobPicture, JobSpec

RESERVED, SAVED, SKIPPED = "reserved", "saved", "skipped"
CANCEL = "it is being cancelled"  # the reason of a running job that is to be
SHEET = 1_000_000  # the number of a grid's sheet among the pictures of its job
# The columns of `_job`.
JOB = "id, kind, title, body, state, reason, report, created, started, finished, interruptions"


@dataclass(frozen=True, kw_only=True)
class StoredPicture:
    """A picture of a job: its place is taken (reserved), or it is there (saved), or it was left out."""

    number: int
    state: str
    path: Path
    seed: int
    label: str
    sha256: str


class Store(Database):
    """The jobs of one data folder; `path` is the database's. Raises sqlite3.Error for what is none."""

    def __init__(self, path: Path, data: Path) -> None:
        self._data = data.absolute()
        super().__init__(path)
        if self.version == VERSION:
            try:
                self.jobs(limit=-1)  # what cannot be read is found now, not when it is asked for
            except BaseException:
                self.close()
                raise

    # Jobs

    def new_id(self) -> str:
        """Return an id that no job has."""
        while True:
            name = secrets.token_hex(4)
            if not self.rows("SELECT 1 FROM jobs WHERE id = ?", (name,)):
                return name

    def add(self, name: str, spec: JobSpec, now: float) -> Job:
        """Put a job at the end of the line."""
        body = json.dumps(dict(spec.body), ensure_ascii=True)
        with self.transaction() as to:
            to.execute(
                "INSERT INTO jobs (id, kind, title, body, state, created) VALUES (?, ?, ?, ?, ?, ?)",
                (name, spec.kind, spec.title, body, QUEUED, now),
            )
        return Job(id=name, spec=spec, state=QUEUED, created=now)

    def get(self, name: str) -> Job | None:
        """Return a job, None for an id that no job has."""
        with self.reading():
            rows = self.rows(f"SELECT {JOB} FROM jobs WHERE id = ?", (name,))
            return self._job(rows[0]) if rows else None

    def jobs(self, limit: int = 50, states: Sequence[str] | None = None) -> list[Job]:
        """Return the newest jobs, those of some states only if they are named, the newest first."""
        where = f"WHERE state IN ({', '.join('?' * len(states))})" if states is not None else ""
        with self.reading():
            rows = self.rows(
                f"SELECT {JOB} FROM jobs {where} ORDER BY number DESC LIMIT ?", (*(states or ()), limit)
            )
            return [self._job(row) for row in rows]

    def ahead(self, name: str) -> int:
        """Return how many unfinished jobs come before a job."""
        question = (
            "SELECT COUNT(*) FROM jobs WHERE state IN (?, ?) AND number < "
            "(SELECT number FROM jobs WHERE id = ?)"
        )
        return int(self.rows(question, (QUEUED, RUNNING, name))[0][0])

    def count_queued(self) -> int:
        """Return how many jobs wait."""
        return int(self.rows("SELECT COUNT(*) FROM jobs WHERE state = ?", (QUEUED,))[0][0])

    def take_next(self, now: float) -> Job | None:
        """Begin the first job in the line, and return it."""
        with self.transaction() as to:
            rows = to.execute(
                "SELECT id FROM jobs WHERE state = ? ORDER BY number LIMIT 1", (QUEUED,)
            ).fetchall()
            if not rows:
                return None
            to.execute("UPDATE jobs SET state = ?, started = ? WHERE id = ?", (RUNNING, now, rows[0][0]))
        return self.get(rows[0][0])

    def cancel_queued(self, name: str, now: float) -> bool:
        """Cancel a job that waits; return whether it did."""
        with self.transaction() as to:
            done = to.execute(
                "UPDATE jobs SET state = ?, reason = '', finished = ? WHERE id = ? AND state = ?",
                (CANCELLED, now, name, QUEUED),
            )
            return done.rowcount > 0

    def note_cancel(self, name: str) -> None:
        """Note that the running job is to be cancelled, should the program end before it is."""
        with self.transaction() as to:
            to.execute("UPDATE jobs SET reason = ? WHERE id = ? AND state = ?", (CANCEL, name, RUNNING))

    def finish(self, name: str, state: str, *, reason: str, report: str, now: float) -> None:
        """End a job; what was reserved and never saved is forgotten."""
        with self.transaction() as to:
            to.execute(
                "UPDATE jobs SET state = ?, reason = ?, report = ?, finished = ? WHERE id = ?",
                (state, reason, report, now, name),
            )

    def requeue(self, name: str, *, reason: str, interrupted: bool) -> None:
        """Put a job back to where it was in the line."""
        with self.transaction() as to:
            to.execute(
                "UPDATE jobs SET state = ?, reason = ?, interruptions = interruptions + ? WHERE id = ?",
                (QUEUED, reason, int(interrupted), name),
            )

    def prune(self, keep: int) -> list[str]:
        """Forget all but the newest finished jobs; return the ids of the forgotten. Pictures stay."""
        with self.transaction() as to:
            rows = to.execute(
                "SELECT id FROM jobs WHERE state NOT IN (?, ?) ORDER BY number DESC LIMIT -1 OFFSET ?",
                (QUEUED, RUNNING, keep),
            ).fetchall()
            to.executemany("DELETE FROM jobs WHERE id = ?", rows)
        return [row[0] for row in rows]

    # Pictures and results of a job

    def pictures(self, name: str) -> list[StoredPicture]:
        """Return what is known of a job's pictures, in their order."""
        question = (
            "SELECT number, state, path, seed, label, sha256 FROM pictures WHERE job = ? ORDER BY number"
        )
        return [
            StoredPicture(
                number=number, state=state, path=self._data / path, seed=seed, label=label, sha256=sha256
            )
            for number, state, path, seed, label, sha256 in self.rows(question, (name,))
        ]

    def reserve(self, name: str, picture: StoredPicture, result: Mapping[str, Any] | None) -> None:
        """Note where a picture is about to be written and what its bytes are, before it is."""
        with self.transaction() as to:
            to.execute(
                "INSERT OR REPLACE INTO pictures (job, number, state, path, seed, label, sha256) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    *(name, picture.number, RESERVED, self._relative(picture.path)),
                    *(picture.seed, picture.label, picture.sha256),
                ),
            )
            self._put_result(to, name, picture.number, result)

    def saved(self, name: str, number: int, result: Mapping[str, Any] | None = None) -> None:
        """Note that a picture is there."""
        with self.transaction() as to:
            to.execute("UPDATE pictures SET state = ? WHERE job = ? AND number = ?", (SAVED, name, number))
            self._put_result(to, name, number, result)

    def release(self, name: str, number: int) -> None:
        """Forget the place of a picture that did not come to be."""
        with self.transaction() as to:
            for table in ("pictures", "results"):
                to.execute(f"DELETE FROM {table} WHERE job = ? AND number = ?", (name, number))

    def skipped(self, name: str, numbers: Sequence[int], result: Mapping[str, Any] | None = None) -> None:
        """Note that pictures are left out, and what is to be told of it."""
        with self.transaction() as to:
            to.executemany(
                "INSERT OR REPLACE INTO pictures (job, number, state) VALUES (?, ?, ?)",
                [(name, number, SKIPPED) for number in numbers],
            )
            self._put_result(to, name, numbers[-1], result)

    def add_result(self, name: str, number: int, result: Mapping[str, Any]) -> None:
        """Note what came of a job, or of its `number`th picture."""
        with self.transaction() as to:
            self._put_result(to, name, number, result)

    def _put_result(
        self, to: sqlite3.Connection, name: str, number: int, result: Mapping[str, Any] | None
    ) -> None:
        if result is not None:
            to.execute(
                "INSERT OR REPLACE INTO results (job, number, value) VALUES (?, ?, ?)",
                (name, number, json.dumps(result)),
            )

    # How fast earlier jobs were

    def speed(self, name: str) -> tuple[float, float] | None:
        """Return seconds per cost of a step, and per picture beside its steps, as last measured."""
        rows = self.rows("SELECT per_cost, per_picture FROM speeds WHERE name = ?", (name,))
        return (float(rows[0][0]), float(rows[0][1])) if rows else None

    def learn_speed(self, name: str, per_cost: float, per_picture: float) -> None:
        """Remember that."""
        with self.transaction() as to:
            to.execute("INSERT OR REPLACE INTO speeds VALUES (?, ?, ?)", (name, per_cost, per_picture))

    def _relative(self, path: Path) -> str:
        """Return the path from the data folder, which may be moved, or the path itself."""
        try:
            return path.absolute().relative_to(self._data).as_posix()
        except ValueError:
            return str(path.absolute())

    def _job(self, row: Sequence[Any]) -> Job:
        name, kind, title, body, state, reason, report, created, started, finished, interruptions = row
        results = self.rows("SELECT value FROM results WHERE job = ? ORDER BY number", (name,))
        try:
            spec = JobSpec(kind=kind, title=title, body=json.loads(body))
            found = tuple(json.loads(result[0]) for result in results)
            if state not in STATES or not isinstance(spec.body, dict):
                raise ValueError(state)
        except (ValueError, TypeError) as error:
            raise sqlite3.DatabaseError(f"the database is damaged: job {name} cannot be read") from error
        return Job(
            id=name,
            spec=spec,
            state=state,
            reason=reason,
            report=report,
            created=created,
            started=started,
            finished=finished,
            interruptions=interruptions,
            pictures=tuple(
                JobPicture(path=picture.path, seed=picture.seed, label=picture.label)
                for picture in self.pictures(name)
                if picture.state == SAVED and picture.number < SHEET
            ),
            results=found,
        )
