"""The index of all pictures in the outputs folder: newest first, a page at a time, found by their prompts.

The folder is the truth. What a picture says is read once and remembered in a small database in the cache,
under the file's name, size and time of change; without that database everything is read again, nothing more.
"""

import sqlite3
import threading
import unicodedata
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

from runtime.errors import InvalidRequest
from runtime.infotext_reader import parameters_of, read_infotext
from ui.gallery_files import PictureFile, is_picture, picture_files
from ui.task_choice import TASKS

LONGEST_PROMPT = 4000  # characters that are searched
PAGE_SIZE = 24
BATCH = 500  # pictures read between two commits
FORMAT = 1  # of the database: another one is thrown away
TABLE = """CREATE TABLE IF NOT EXISTS pictures (name TEXT PRIMARY KEY, size INTEGER NOT NULL,
changed INTEGER NOT NULL, picture INTEGER NOT NULL, day TEXT NOT NULL, task TEXT NOT NULL,
prompt TEXT NOT NULL, words TEXT NOT NULL) WITHOUT ROWID"""
COLUMNS = "name, size, changed, day, task, prompt"  # of an Entry
ORDER = "CREATE INDEX IF NOT EXISTS newest ON pictures (day DESC, changed DESC, name DESC)"
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A picture: its name is its path below the outputs folder, with forward slashes."""

    name: str
    path: Path
    day: str  # YYYY-MM-DD
    task: str  # "" for one that lies elsewhere
    prompt: str
    version: str  # of the file: changes when it is replaced


@dataclass(frozen=True, kw_only=True)
class GalleryPage:
    """Some entries, and where they are among all that were found."""

    entries: tuple[Entry, ...]
    number: int  # from 1
    pages: int  # at least 1
    found: int


class Gallery:
    """Any number of threads may ask; two programs on the same folders do not harm one another."""

    def __init__(self, outputs: Path, cache: Path) -> None:
        self.outputs = outputs
        self._place = cache / "gallery.sqlite"
        self._lock = threading.RLock()
        self._database: sqlite3.Connection | None = None

    def refresh(self) -> int:
        """Take in what was added, changed or removed on disk; return how many pictures that were."""
        with self._lock:
            return self._with_database(self._refresh)

    def page(
        self, *, search: str = "", task: str = "", day: str = "", number: int = 1, size: int = PAGE_SIZE
    ) -> GalleryPage:
        """Return a page of the pictures whose prompt has all words of `search`, in any case and order.

        "" is every task, every day; a number beyond the last page gives the last.
        """
        conditions, values = ["picture"], list[str | int]()
        for word in fold(search).split():
            conditions.append("instr(words, ?)")
            values.append(word)
        for column, value in (("task", task), ("day", day)):
            if value:
                conditions.append(f"{column} = ?")
                values.append(value)
        where = " AND ".join(conditions)

        def ask(database: sqlite3.Connection) -> GalleryPage:
            (found,) = database.execute(f"SELECT COUNT(*) FROM pictures WHERE {where}", values).fetchone()
            pages = max(1, -(-found // size))
            at = min(max(1, number), pages)
            rows = database.execute(
                f"SELECT {COLUMNS} FROM pictures WHERE {where} "
                "ORDER BY day DESC, changed DESC, name DESC LIMIT ? OFFSET ?",
                [*values, size, (at - 1) * size],
            )
            entries = tuple(self._entry(*row) for row in rows)
            return GalleryPage(entries=entries, number=at, pages=pages, found=found)

        with self._lock:
            return self._with_database(ask)

    def days(self) -> list[tuple[str, int]]:
        """Return the days that have pictures, newest first, and how many."""
        question = "SELECT day, COUNT(*) FROM pictures WHERE picture GROUP BY day ORDER BY day DESC"
        with self._lock:
            return self._with_database(lambda database: database.execute(question).fetchall())

    def tasks(self) -> list[tuple[str, int]]:
        """Return the tasks that have pictures, in the order of the program's tasks, and how many."""
        question = "SELECT task, COUNT(*) FROM pictures WHERE picture AND task != '' GROUP BY task"
        with self._lock:
            counts = dict(self._with_database(lambda database: database.execute(question).fetchall()))
        return [(task, counts[task]) for task in TASKS if task in counts]

    def find(self, name: str) -> Entry | None:
        """Return the picture of that name; None when it is not in the index or no longer on disk."""
        question = f"SELECT {COLUMNS} FROM pictures WHERE picture AND name = ?"
        with self._lock:
            row = self._with_database(lambda database: database.execute(question, [name]).fetchone())
        entry = self._entry(*row) if row is not None else None
        return entry if entry is not None and entry.path.is_file() else None

    def delete(self, name: str) -> bool:
        """Delete a picture from disk; return whether there was one.

        Only what the index names can be deleted. Raises InvalidRequest when the system does not let go of it.
        """
        entry = self.find(name)
        if entry is not None:
            try:
                entry.path.unlink(missing_ok=True)
            except OSError as error:
                raise InvalidRequest(
                    f"{entry.path.name} cannot be deleted ({error.strerror or error}): "
                    "close the programs that have it open, and check the permissions of its folder"
                ) from error
        with self._lock:
            self._with_database(lambda database: _forget(database, [name]))
        return entry is not None

    def close(self) -> None:
        """Let go of the database; the next question opens it again."""
        with self._lock:
            if self._database is not None:
                self._database.close()
            self._database = None

    def _entry(self, name: str, size: int, changed: int, day: str, task: str, prompt: str) -> Entry:
        path = self.outputs / name
        return Entry(name=name, path=path, day=day, task=task, prompt=prompt, version=f"{size}-{changed}")

    def _refresh(self, database: sqlite3.Connection) -> int:
        known = set(database.execute("SELECT name, size, changed FROM pictures"))
        there = set(picture_files(self.outputs))  # tuples of the same three
        new = sorted(there - known)
        names = {file.name for file in there}
        gone = [name for name, _, _ in known - there if name not in names]
        _forget(database, gone)
        count = len(gone)
        queue = iter(new)
        while batch := list(islice(queue, BATCH)):
            rows = [self._row(file) for file in batch]
            with database:
                database.executemany("INSERT OR REPLACE INTO pictures VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            count += len(rows)
        return count

    def _row(self, file: PictureFile) -> tuple[str | int, ...]:
        path = self.outputs / file.name
        text = parameters_of(path)
        prompt = "" if text is None else read_infotext(text).prompt.strip()[:LONGEST_PROMPT]
        prompt = prompt.encode("utf-8", errors="replace").decode()  # a lone surrogate cannot be stored
        task = file.folder.removesuffix("-images")
        return (
            *(file.name, file.size, file.changed, text is not None or is_picture(path)),
            *(file.day, task if task in TASKS else "", prompt, fold(prompt)),
        )

    def _with_database(self, ask: Callable[[sqlite3.Connection], T]) -> T:
        """Answer from the database; from a new one when it is damaged, from memory when there is no place."""
        try:
            return ask(self._opened())
        except sqlite3.Error:
            self.close()
            for path in (self._place, self._place.with_name(self._place.name + "-journal")):
                with suppress(OSError):
                    path.unlink(missing_ok=True)
        try:
            return self._read_again(self._opened(), ask)
        except sqlite3.Error:
            self.close()
            self._database = _prepared(sqlite3.connect(":memory:", check_same_thread=False))
            return self._read_again(self._database, ask)

    def _read_again(self, database: sqlite3.Connection, ask: Callable[[sqlite3.Connection], T]) -> T:
        if ask != self._refresh:
            self._refresh(database)
        return ask(database)

    def _opened(self) -> sqlite3.Connection:
        if self._database is None:
            with suppress(OSError):
                self._place.parent.mkdir(parents=True, exist_ok=True)
            database = sqlite3.connect(self._place, timeout=30, check_same_thread=False)
            try:
                self._database = _prepared(database)
            except sqlite3.Error:
                database.close()
                raise
        return self._database


def fold(text: str) -> str:
    """Return what two spellings of a text share: width and case do not count."""
    return unicodedata.normalize("NFKC", text).casefold()


def _prepared(database: sqlite3.Connection) -> sqlite3.Connection:
    (found,) = database.execute("PRAGMA user_version").fetchone()
    if found not in (0, FORMAT):
        raise sqlite3.DatabaseError(f"the index has format {found}")
    with database:
        database.execute(TABLE)
        database.execute(ORDER)
        database.execute(f"PRAGMA user_version = {FORMAT}")
    return database


def _forget(database: sqlite3.Connection, names: Sequence[str]) -> None:
    with database:
        database.executemany("DELETE FROM pictures WHERE name = ?", [(name,) for name in names])
