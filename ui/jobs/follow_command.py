"""A job of a command, followed from the program: its lines are its log, and its last line the result."""

import json
import re
import shutil
import sys
import time
from collections import deque
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from runtime.manifest import MANIFEST_NAME
from runtime.model_folder import ModelFolder
from runtime.places import CHECKOUT
from ui.jobs.child import Child, Event
from ui.jobs.command_plan import DATA, HAS_TOKEN, REPORT, plan_command
from ui.jobs.failure import COPY, STOPPED, Outcome, failed, interrupted, of_exit
from ui.jobs.inputs import LOG
from ui.jobs.job import CANCELLED, DONE, Job
from ui.jobs.token import FORGOTTEN, TYPED, kept_token

if TYPE_CHECKING:
    from ui.jobs.supervisor import Supervisor

LOCK_NAME = "command.lock"
END_SECONDS = 4.0  # for a command to clean up when the program ends
CANCEL_SECONDS = 20.0  # when the job is cancelled
SENTENCE = re.compile(r"^(?:lapdraw|launch\.py): (.+)")
STEP = re.compile(r"^\[(\d+)/(\d+)\]")
SHARE = re.compile(r"^\[\d+%\]")
REPORTED = 100  # lines of a log that a report of a failure quotes
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")


def follow_command(supervisor: "Supervisor", job: Job) -> Outcome:
    """Run the command of a job to its end; nothing half-written is left, however it ends.

    What an interrupted run had finished already is its result.
    """
    if (made := _made_before(supervisor.data, job)) is not None:
        return _done(supervisor, job, made)
    folder = supervisor.data / "jobs" / job.id
    folder.mkdir(parents=True, exist_ok=True)
    token = kept_token(folder)
    if job.spec.body.get(HAS_TOKEN) and token is None:
        return failed(job, FORGOTTEN)
    shutil.rmtree(folder / REPORT, ignore_errors=True)  # of an interrupted run
    supervisor.release()  # the command needs the memory
    plan = plan_command(job.spec.kind, job.spec.body, folder)
    order = {
        "command": [sys.executable, str(CHECKOUT / "launch.py"), *plan.arguments],
        "cwd": str(plan.folder),
        "environment": {DATA: str(supervisor.data)},
        "lock": str(supervisor.data / "jobs" / LOCK_NAME),
    }
    try:
        with (folder / LOG).open("w", encoding="utf-8") as log:
            follower = _Follower(supervisor, job, log, "" if token is None else str(token))
            status = follower.follow([sys.executable, "-m", "ui.jobs.guardian", json.dumps(order)])
        return follower.outcome(status, folder)
    finally:
        shutil.rmtree(folder / REPORT, ignore_errors=True)


class _Follower:
    """One run of one command."""

    def __init__(self, supervisor: "Supervisor", job: Job, log: IO[str], token_file: str) -> None:
        self._supervisor = supervisor
        self._job = job
        self._log = log
        self._token_file = token_file  # whose name says nothing to a person
        self._share = ""  # of a download, as the log has it
        self._lines: deque[str] = deque(maxlen=REPORTED)
        self._answer: dict[str, Any] | None = None
        self._sentence = ""
        self._hung_up = 0.0

    def follow(self, command: list[str]) -> int | None:
        """Hear the command to its end; return its status, None when it had to be killed."""
        supervisor, job = self._supervisor, self._job
        child = Child(command, supervisor.events, plain=True)
        with supervisor.board.lock:
            supervisor.child = child
            if supervisor.cancelled_at is not None:
                child.order("cancel", job=job.id)
        supervisor.board.show(phase=job.spec.kind)
        try:
            return self._hear_out(child)
        finally:
            if child.is_running:
                child.kill_family()
                child.wait(1.0)

    def _hear_out(self, child: Child) -> int | None:
        supervisor = self._supervisor
        while True:
            event = supervisor.next_event()
            if supervisor.stopping and not self._hung_up:
                self._hung_up = time.monotonic()
                child.hang_up()
            asked = supervisor.cancelled_at
            if (self._hung_up and time.monotonic() - self._hung_up > END_SECONDS) or (
                asked is not None and time.monotonic() - asked > CANCEL_SECONDS
            ):
                return None
            if event is None or event.child is not child:
                continue
            if event.name == "exited":
                return int(event.values["status"])
            self._hear(event)

    def outcome(self, status: int | None, folder: Path) -> Outcome:
        """Return how it ended, and note the result."""
        supervisor, job = self._supervisor, self._job
        said = "\n".join(self._lines)
        if supervisor.stopping and status != 0:
            return Outcome(state=STOPPED)
        if supervisor.cancelled_at is not None and status != 0:
            return Outcome(state=CANCELLED)
        if status == 0:
            result = self._answer if job.spec.kind == "optimize" else _publish(folder, supervisor.data, job)
            if result is not None:
                return _done(supervisor, job, result)
        if status is None or status < 0 or 128 < status < 256:
            signal_or_status = -9 if status is None else status if status < 0 else 128 - status
            return interrupted(job, of_exit(signal_or_status), said=said)
        reason = self._sentence or f"the command ended with status {status}: see its log, or {COPY}"
        return failed(job, reason, said=said)

    def _hear(self, event: Event) -> None:
        line = CONTROL.sub("", event.values["line"].rpartition("\r")[2]).rstrip()
        if self._token_file:
            line = line.replace(self._token_file, TYPED)
        message = _object(line)
        if event.name == "output" and message is not None:
            self._answer = message
            return
        if message is not None and "phase" in message:
            line = str(message["phase"])
            self._phase(line)
            if (share := SHARE.match(line)) is not None:  # told each second: the log has each per cent once
                line, self._share = "" if share[0] == self._share else line, share[0]
        elif (sentence := SENTENCE.match(line)) is not None:
            self._sentence = sentence[1]
        elif self._job.spec.kind == "benchmark" and event.name == "line" and line:
            self._phase(line)
        if line:
            self._lines.append(line)
            with suppress(OSError):  # a full disk: a line of the log is not worth the job
                self._log.write(line + "\n")
                self._log.flush()

    def _phase(self, text: str) -> None:
        found = STEP.match(text)
        step, steps = (int(found[1]), int(found[2])) if found else (0, 0)
        self._supervisor.board.show(phase=text, step=step, steps=steps)


def _done(supervisor: "Supervisor", job: Job, result: dict[str, Any]) -> Outcome:
    supervisor.persist(lambda: supervisor.store.add_result(job.id, 0, result), even_while_stopping=True)
    return Outcome(state=DONE)


def _made_before(data: Path, job: Job) -> dict[str, Any] | None:
    """Return the result of a run that ended between its last write and the note of it."""
    if job.spec.kind == "benchmark":
        places = sorted((data / "outputs" / "benchmarks").glob(f"*-{job.id}"))
        return _published(places[0]) if places else None
    path = data / "models" / str(job.spec.body["name"])
    manifest = path / MANIFEST_NAME
    if not manifest.is_file() or manifest.stat().st_mtime < job.created:
        return None
    found = ModelFolder(path).manifest
    return {"path": str(path), "errors": {k: dict(v) for k, v in found.errors.items()}} if found else None


def _object(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _publish(folder: Path, data: Path, job: Job) -> dict[str, Any] | None:
    """Give a finished benchmark its place among the others; None when it wrote nothing."""
    made = folder / REPORT
    if not (made / "record.json").is_file():
        return None
    stamp = datetime.now(timezone.utc).strftime("%Y-%m-%d-%H%M%S")
    name = re.sub(r"[^\w.-]+", "-", str(job.spec.body["model"]).replace("\\", "/").rstrip("/").split("/")[-1])
    place = data / "outputs" / "benchmarks" / f"{stamp}-{name}-{job.id}"
    place.parent.mkdir(parents=True, exist_ok=True)
    made.rename(place)
    return _published(place)


def _published(place: Path) -> dict[str, Any]:
    report = next(iter(sorted(place.glob("*.html"))), place / "record.json")
    return {"record": str(place / "record.json"), "report": str(report)}
