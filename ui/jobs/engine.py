"""The job engine: what the page and the APIs speak to. It owns the store, the supervisor and the worker."""

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from runtime.backends.base import Device
from runtime.errors import InvalidRequest
from runtime.placement import names_pytorch, resolve_placement
from ui.jobs.board import Board
from ui.jobs.command_plan import HAS_TOKEN, check_command
from ui.jobs.file_lock import FileLock, Held
from ui.jobs.first_device import the_cpu
from ui.jobs.inputs import LOG, Source, check_names, forget, keep_pictures
from ui.jobs.job import KINDS, RUNNING, STATES, Job, JobSpec, Snapshot
from ui.jobs.picture_plan import check_plan, make_plan
from ui.jobs.plain_picture import check_plain, is_plain
from ui.jobs.recovery import end_leftovers, open_store, recover
from ui.jobs.store import Store
from ui.jobs.supervisor import Supervisor
from ui.jobs.token import forget_tokens, keep_token

SILENCE_SECONDS = 60.0
STOP_SECONDS = 10.0  # more than a command gets to clean up, and the worker to end
KEPT_JOBS = 1000  # finished ones that are remembered
MEASURED = "auto:measured"


class JobEngine:
    """The jobs of one data folder; a context manager, and every method may be called from any thread.

    Raises InvalidRequest on entering when another program has the folder. `worker` False accepts jobs and
    does none. `notes` tells what was found and repaired at the start, a sentence each.
    """

    def __init__(self, data: Path, *, worker: bool = True, silence_limit: float = SILENCE_SECONDS) -> None:
        self.data = Path(data).absolute()
        self.folder = self.data / "jobs"
        self.notes: tuple[str, ...] = ()
        self._has_worker = worker
        self._silence_limit = silence_limit
        self._lock = FileLock(self.folder / "engine.lock")
        self._opened: tuple[Store, Board, Supervisor] | None = None

    def __enter__(self) -> "JobEngine":
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock.take()
        except Held as error:
            raise InvalidRequest(
                f"another Lapdraw works on {self.data}: use that one, or give another --data-dir"
            ) from error
        except OSError as error:
            raise InvalidRequest(
                f"{self.folder} cannot be written ({error.strerror}): give another --data-dir"
            ) from error
        try:
            end_leftovers(self.folder)
            forget_tokens(self.folder)
            store, self.notes = open_store(self.folder, self.data)
            for name in recover(store, self.folder, keep=KEPT_JOBS):
                forget(self.folder / name)
            board = Board(store)
            supervisor = Supervisor(store, board, self.data, self._silence_limit)
        except BaseException:
            self._lock.release()
            raise
        self._opened = (store, board, supervisor)
        if self._has_worker:
            supervisor.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        store, board, supervisor = self._parts
        if self._has_worker:
            supervisor.stop(STOP_SECONDS)
        forget_tokens(self.folder)
        board.close()
        store.close()
        self._opened = None
        self._lock.release()

    @property
    def _parts(self) -> tuple[Store, Board, Supervisor]:
        if self._opened is None:
            raise InvalidRequest("the program is ending: start it again")
        return self._opened

    # What is asked

    def submit(self, spec: JobSpec, pictures: Mapping[str, Source] | None = None, *, token: str = "") -> Job:
        """Check what is asked and put it in the line; `pictures` are "image", "mask" and "depth".

        `token` is that of an account on the Hub: it is kept for the job, and in no list of jobs.

        Raises InvalidRequest, ModelFolderError or DeviceError, and then nothing is stored.
        """
        store, board, supervisor = self._parts
        if supervisor.fault:
            raise InvalidRequest(supervisor.fault)
        spec = self._checked(spec, pictures or {}, token)
        try:
            name = store.new_id()
            try:
                keep_pictures(self.folder / name, pictures or {})
                if token:
                    keep_token(self.folder / name, token)
                job = store.add(name, spec, time.time())
            except BaseException:
                forget(self.folder / name)
                raise
        except sqlite3.Error as error:
            raise InvalidRequest(
                f"the job cannot be stored ({error}): free some space on the disk and ask again"
            ) from error
        board.tell()
        supervisor.wake()
        return job

    def cancel(self, name: str) -> None:
        """Cancel a job that waits, or stop the running one within a step; finished pictures stay."""
        store, board, supervisor = self._parts
        try:
            with board.lock:
                board.job(name)
                if store.cancel_queued(name, time.time()):
                    forget(self.folder / name)
                    board.tell()
                elif board.running == name:
                    supervisor.cancel(name)
                    store.note_cancel(name)
                    board.tell()
        except sqlite3.Error as error:
            raise InvalidRequest(
                f"the job cannot be cancelled now ({error}): free some space on the disk and try again"
            ) from error

    def skip(self, name: str) -> None:
        """Leave out the picture that the job is making; has no effect on one that does not run."""
        _, board, supervisor = self._parts
        with board.lock:
            board.job(name)
            if board.running == name and board.progress.picture:
                supervisor.skip(name, board.progress.picture - 1)

    def release(self) -> None:
        """Have the worker close the model it keeps open, after what it is doing."""
        self._parts[2].release()

    # What there is to see

    def get(self, name: str) -> Job:
        """Return a job; raises InvalidRequest for an id that none has."""
        return self._parts[1].job(name)

    def jobs(self, limit: int = 50, states: Sequence[str] | None = None) -> list[Job]:
        """Return the newest jobs, the newest first, of all states or of some."""
        for state in states or ():
            if state not in STATES:
                raise InvalidRequest(f"there is no state {state!r}: choose of {', '.join(STATES)}")
        return self._parts[0].jobs(limit, states)

    def running(self) -> Job | None:
        """Return the job that is being done."""
        found = self._parts[0].jobs(1, (RUNNING,))
        return found[0] if found else None

    def snapshot(self, name: str) -> Snapshot:
        """Return a job and its progress now."""
        return self._parts[1].snapshot(name)

    def watch(self, name: str) -> Iterator[Snapshot]:
        """Yield a job and its progress on change, at most five times a second, until its final state.

        Ends early when the engine does. Raises InvalidRequest for an id that no job has.
        """
        board = self._parts[1]
        board.job(name)
        return board.watch(name)

    def log(self, name: str) -> list[str]:
        """Return what a job of a command printed, a line each."""
        self.get(name)
        try:
            return (self.folder / name / LOG).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []

    def devices(self) -> tuple[Device, ...]:
        """Return the devices that the worker found; the CPU alone until it has told them."""
        return self._parts[2].devices or (the_cpu(),)

    def busy(self) -> str:
        """Return what is going on in one line, "" for nothing."""
        store, board, supervisor = self._parts
        if supervisor.fault:
            return supervisor.fault
        job = self.running()
        if job is None:
            return ""
        progress, waiting = board.progress, store.count_queued()
        part = f", picture {progress.picture} of {progress.pictures}" if progress.pictures > 1 else ""
        others = f" ({waiting} waiting)" if waiting else ""
        return f"{progress.phase}{part}: {' '.join(job.spec.title.split())[:80]}{others}"

    # Checks

    def _checked(self, spec: JobSpec, pictures: Mapping[str, Source], token: str) -> JobSpec:
        if spec.kind not in KINDS:
            raise InvalidRequest(f"there is no kind of job {spec.kind!r}: choose of {', '.join(KINDS)}")
        try:
            body: dict[str, Any] = json.loads(json.dumps(dict(spec.body), allow_nan=False))
        except (TypeError, ValueError) as error:
            raise InvalidRequest(f"the job cannot be stored ({error}): give text and numbers") from error
        check_names(pictures)
        if spec.kind == "pictures":
            self._check_pictures(body, pictures)
        else:
            body |= {HAS_TOKEN: True} if token else {}
            check_command(spec.kind, body, self.data)
        return replace(spec, body=body)

    def _check_pictures(self, body: dict[str, Any], pictures: Mapping[str, Source]) -> None:
        """Refuse what cannot be made; write into the body the seed that was drawn."""
        if is_plain(body):
            check_plain(body, pictures)
            return
        plan = make_plan(body, pictures, self.data)
        check_plan(plan, body)
        device = str(body.get("device") or "auto").strip().lower()
        told = self._parts[2].devices
        is_known = plan.model.kind == "openvino" and device != MEASURED and not names_pytorch(device)
        if told and is_known:
            resolve_placement(device, told)
        if plan.seed is not None:
            body["fields"] = {**body.get("fields", {}), "seed": plan.seed}
