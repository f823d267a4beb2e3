"""The SQLite file under the store: its tables, one connection for all threads, changes that are on the disk.

A change is on the disk before the caller goes on (WAL with synchronous=FULL). sqlite3.Error comes through
when the disk is full or the file cannot be written.
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

VERSION = 1
CACHE_KIB = 256  # of pages in memory: the store is small, and the program's memory stays flat

SCHEMA = """
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    report TEXT NOT NULL DEFAULT '',
    created REAL NOT NULL,
    started REAL,
    finished REAL,
    interruptions INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX jobs_by_state ON jobs (state, number);
CREATE TABLE pictures (
    job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    state TEXT NOT NULL,
    path TEXT NOT NULL DEFAULT '',
    seed INTEGER NOT NULL DEFAULT 0,
    label TEXT NOT NULL DEFAULT '',
    sha256 TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (job, number)
);
CREATE TABLE results (
    job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (job, number)
);
CREATE TABLE speeds (
    name TEXT PRIMARY KEY,
    per_cost REAL NOT NULL,
    per_picture REAL NOT NULL
);
"""


class Database:
    """One open database; raises sqlite3.Error for a file that is none, or is damaged."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
        try:
            self.version = self._open()
        except BaseException:
            self._connection.close()
            raise

    def _open(self) -> int:
        run = self._connection.execute
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        run("PRAGMA foreign_keys = ON")
        run(f"PRAGMA cache_size = -{CACHE_KIB}")
        answer = run("PRAGMA quick_check").fetchone()[0]
        if answer != "ok":
            raise sqlite3.DatabaseError(f"the database is damaged: {answer}")
        version = int(run("PRAGMA user_version").fetchone()[0])
        if version == 0:
            with self.transaction():
                for statement in SCHEMA.split(";\n"):
                    run(statement)
                run(f"PRAGMA user_version = {VERSION}")
            version = VERSION
        return version

    @property
    def changes(self) -> int:
        """How many rows were written since it was opened."""
        return self._connection.total_changes

    def close(self) -> None:
        """Write what is in the database's log into the database itself, and let go of it."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Change all or nothing."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read several times with no change of ours between."""
        with self._lock:
            yield

    def rows(self, question: str, values: Sequence[object] = ()) -> list[Any]:
        """Return the rows that answer a question."""
        with self._lock:
            return self._connection.execute(question, values).fetchall()
