"""What a start finds of the program before it: processes that still run, a damaged store, unfinished jobs."""

import re
import sqlite3
import time
from datetime import datetime
from pathlib import Path

from runtime.errors import InvalidRequest
from ui.jobs.beside import WORKER_LOCK
from ui.jobs.child import kill_family
from ui.jobs.database import VERSION
from ui.jobs.failure import twice
from ui.jobs.file_lock import holder_of
from ui.jobs.inputs import forget, forget_pictures
from ui.jobs.job import CANCELLED, FAILED, QUEUED, RUNNING
from ui.jobs.saving import settle
from ui.jobs.store import CANCEL, Store

NAME = "jobs.db"
LOCKS = (WORKER_LOCK, "command.lock")  # of the processes that work for us
BY_ITSELF, BY_FORCE = 5.0, 10.0  # seconds for such a process to end
# What SQLite says of a sound database that it cannot use.
FAULTS_OF_THE_DISK = ("unable to open", "disk I/O error", "disk is full", "readonly", "locked")
JOB_FOLDER = re.compile(r"[0-9a-f]{8}")
ENDED = "the program ended while it ran"


def end_leftovers(folder: Path) -> None:
    """Return once no process of an earlier start works any more: they end with it, unless they hang.

    Raises InvalidRequest when one cannot be ended.
    """
    for lock in LOCKS:
        began = time.monotonic()
        while (pid := holder_of(folder / lock)) is not None:
            waited = time.monotonic() - began
            if waited > BY_FORCE:
                raise InvalidRequest(
                    f"a process of an earlier start hangs (number {pid}): end it, or restart the machine"
                )
            if waited > BY_ITSELF and pid:
                kill_family(pid)  # its lock says that the number is still its own
            time.sleep(0.05)


def open_store(folder: Path, data: Path) -> tuple[Store, tuple[str, ...]]:
    """Open the store, a fresh one where the old cannot be read; return it and what was done, in sentences."""
    path = folder / NAME
    try:
        store, notes = Store(path, data), ()
    except (sqlite3.DatabaseError, ValueError, TypeError) as error:  # also text that is none
        if any(fault in str(error) for fault in FAULTS_OF_THE_DISK):
            raise InvalidRequest(
                f"{path} cannot be opened ({error}): free some space, or check its permissions"
            ) from error
        aside = _set_aside(path)
        note = f"the list of jobs was damaged ({error}): it lies in {aside}, and a new one was begun"
        return Store(path, data), (note,)
    if store.version != VERSION:
        store.close()
        raise InvalidRequest(
            f"{path} was written by a newer Lapdraw (version {store.version} of it): update this one"
        )
    return store, notes


def recover(store: Store, folder: Path, *, keep: int) -> list[str]:
    """Put jobs that were interrupted back into the line, once; return those to be forgotten.

    Pictures that were being written are settled: they are there whole, or made again.
    """
    for job in store.jobs(-1, (RUNNING,)):
        settle(store, job.id)
        if job.reason == CANCEL:
            store.finish(job.id, CANCELLED, reason="", report="", now=time.time())
        elif job.interruptions > 0:
            store.finish(job.id, FAILED, reason=twice(ENDED), report="", now=time.time())
        else:
            store.requeue(job.id, reason=f"it was interrupted and is made again: {ENDED}", interrupted=True)
    unfinished = {job.id for job in store.jobs(-1, (QUEUED,))}
    for path in folder.iterdir():
        if path.is_dir() and JOB_FOLDER.fullmatch(path.name) and path.name not in unfinished:
            if store.get(path.name) is None:
                forget(path)
            else:
                forget_pictures(path)
    return store.prune(keep)


def _set_aside(path: Path) -> Path:
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S-%f")
    aside = path.with_name(f"{path.stem}.damaged-{stamp}{path.suffix}")
    path.rename(aside)
    for suffix in ("-wal", "-shm"):
        beside = path.with_name(path.name + suffix)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + suffix))
    return aside
