"""A job of pictures, followed from the program: what the worker tells is noted, and shown."""

import base64
import time
from typing import TYPE_CHECKING, Any

from ui.jobs.child import Child, Event
from ui.jobs.eta import Eta
from ui.jobs.failure import STOPPED, Outcome, failed, interrupted, of_crash, of_exit, of_silence
from ui.jobs.inputs import kept_pictures
from ui.jobs.job import CANCELLED, DONE, FAILED, Job
from ui.jobs.store import SAVED, StoredPicture

if TYPE_CHECKING:
    from pathlib import Path

    from ui.jobs.supervisor import Supervisor

# Seconds that a cancelled job may take to stop before its worker is replaced: while it cannot listen, and
# while a step runs, of which it may take two.
UNHEARD, STEPPING = 3.0, 10.0


def follow_pictures(supervisor: "Supervisor", job: Job) -> Outcome:
    """Have the worker make what is missing of a job; return how it ended."""
    follower = _Follower(supervisor, job)
    outcome = follower.follow()
    if follower.is_over:
        supervisor.end_worker()
    return outcome


class _Follower:
    """One run of one job; `is_over` tells that the worker cannot be used any more."""

    def __init__(self, supervisor: "Supervisor", job: Job) -> None:
        self.is_over = False
        self._supervisor = supervisor
        self._store = supervisor.store
        self._board = supervisor.board
        self._job = job
        self._worker: Child = supervisor.worker()
        self._eta = Eta((), None)
        self._speed = ""
        self._placement = ""

    def follow(self) -> Outcome:
        supervisor, job = self._supervisor, self._job
        self._begin()
        while True:
            event = supervisor.next_event()
            if supervisor.stopping:
                return self._give_up(Outcome(state=STOPPED))
            if self._is_overdue():
                return self._give_up(Outcome(state=CANCELLED))
            if supervisor.is_silent:
                reason = of_silence(supervisor.silence_limit)
                return self._give_up(interrupted(job, reason, said=self._worker.last_words))
            if event is None or event.child is not self._worker:
                continue
            outcome = self._hear(event)
            if outcome is not None:
                return outcome

    def _begin(self) -> None:
        settled: dict[str, str | None] = {
            str(picture.number): str(picture.path) if picture.state == SAVED else None
            for picture in self._store.pictures(self._job.id)
        }
        if self._supervisor.worker_is_ready:
            self._board.show(phase="loading")
        with self._board.lock:
            self._supervisor.child = self._worker
            self._worker.order(
                "run",
                job=self._job.id,
                body=dict(self._job.spec.body),
                pictures=kept_pictures(self._supervisor.data / "jobs" / self._job.id),
                settled=settled,
            )
            if self._supervisor.cancelled_at is not None:
                self._worker.order("cancel", job=self._job.id)

    def _give_up(self, outcome: Outcome) -> Outcome:
        self.is_over = True
        self._supervisor.end_worker()
        return outcome

    def _is_overdue(self) -> bool:
        asked = self._supervisor.cancelled_at
        if asked is None:
            return False
        progress = self._board.progress
        patience = UNHEARD
        if progress.phase.startswith(("denoising", "decoding", "saving")):
            patience = max(STEPPING, 2 * (progress.seconds_per_step or 0.0))
        return time.monotonic() - asked > patience

    def _hear(self, event: Event) -> Outcome | None:
        """Note what the worker says; return the outcome once there is one."""
        values = event.values
        if event.name == "exited":
            reason = of_exit(values["status"])
            return interrupted(self._job, reason, placement=self._placement, said=self._worker.last_words)
        if event.name == "crashed":
            self.is_over = True
            reason = of_crash(values["kind"])
            said = self._worker.last_words
            return failed(self._job, reason, placement=values["placement"], trace=values["trace"], said=said)
        if event.name == "ended" and values["job"] == self._job.id:
            return self._ended(values)
        listener = getattr(self, f"_on_{event.name}", None)
        if listener is not None:
            listener(**values)
        return None

    def _ended(self, values: dict[str, Any]) -> Outcome:
        if values["state"] == FAILED:
            self.is_over = values["kind"] == "DeviceError"  # a device that failed may hang from now on
            return failed(self._job, values["reason"], placement=values["placement"], trace=values["trace"])
        return Outcome(state=DONE if values["state"] == DONE else CANCELLED)

    # What the worker says on the way

    def _on_ready(self, **values: object) -> None:
        self._board.show(phase="loading")

    def _on_phase(self, name: str) -> None:
        if name != self._board.progress.phase:
            self._board.show(phase=name)

    def _on_plan(self, pictures: int, units: list[tuple[int, int, int, float]], speed: str) -> None:
        self._speed = speed
        self._eta = Eta(units, self._store.speed(speed))
        self._board.show(
            pictures=pictures,
            picture=units[0][0] + 1,
            steps=units[0][2],
            eta_seconds=self._eta.seconds_left,
            seconds_per_step=self._eta.seconds_per_step,
        )

    def _on_unit(self, first: int) -> None:
        self._eta.begin(first)
        self._board.show(picture=first + 1, step=0, eta_seconds=self._eta.seconds_left)

    def _on_step(self, first: int, step: int, steps: int, seconds: float) -> None:
        self._eta.step(first, step, steps, seconds)
        self._board.show(
            phase="denoising",
            step=step,
            steps=steps,
            eta_seconds=self._eta.seconds_left,
            seconds_per_step=self._eta.seconds_per_step,
        )

    def _on_preview(self, jpeg: str) -> None:
        number = self._board.progress.preview_number + 1
        self._board.show(preview=base64.b64decode(jpeg), preview_number=number)

    def _on_reserve(
        self, number: int, path: str, seed: int, label: str, sha256: str, result: dict[str, Any] | None
    ) -> None:
        picture = StoredPicture(
            number=number, state="", path=_path(path), seed=seed, label=label, sha256=sha256
        )
        self._supervisor.persist(lambda: self._store.reserve(self._job.id, picture, result))
        self._worker.order("grant", job=self._job.id, number=number)

    def _on_saved(self, number: int) -> None:
        self._supervisor.persist(lambda: self._store.saved(self._job.id, number))
        self._board.tell()

    def _on_skipped(self, numbers: list[int], result: dict[str, Any] | None = None) -> None:
        self._supervisor.persist(lambda: self._store.skipped(self._job.id, numbers, result))
        self._board.tell()

    def _on_made(self, first: int, beside: float) -> None:
        self._eta.made(first, beside)
        self._board.show(eta_seconds=self._eta.seconds_left)
        if (measured := self._eta.measured) is not None:
            self._supervisor.persist(lambda: self._store.learn_speed(self._speed, *measured))


def _path(text: str) -> "Path":
    from pathlib import Path

    return Path(text)
