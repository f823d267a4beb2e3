"""An engine without a worker: jobs stand still until the test tells them what to do."""

import queue
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any

from runtime.backends.base import Device
from runtime.errors import InvalidRequest
from ui.jobs import Job, JobPicture, JobSpec, Progress, Snapshot
from ui.page.page import Page

MakePage = Callable[..., Page]

CPU = Device(
    id="cpu",
    backend="openvino",
    native="CPU",
    name="A test CPU",
    kind="CPU",
    driver="",
    precisions=("f32",),
    memory_bytes=None,
)
IGPU = replace(
    CPU, id="igpu", native="GPU", name="A test GPU", kind="integrated GPU", precisions=("f16", "f32")
)
PYTORCH = replace(CPU, id="pytorch-cpu", backend="pytorch", native="cpu")


class FakeEngine:
    """Keeps jobs in memory; `tell` changes one and wakes those who watch it."""

    def __init__(self, *, devices: Sequence[Device] = (CPU,), refuse: str = "") -> None:
        self._devices = tuple(devices)
        self.refuse = refuse
        self._lock = Lock()
        self._snapshots: dict[str, Snapshot] = {}
        self._watchers: dict[str, list[queue.SimpleQueue[Snapshot]]] = {}
        self.pictures: dict[str, Mapping[str, Any]] = {}  # what was given with a job
        self.tokens: dict[str, str] = {}
        self.cancelled: list[str] = []
        self.skipped: list[str] = []

    def submit(self, spec: JobSpec, pictures: Mapping[str, Any] | None = None, *, token: str = "") -> Job:
        """Queue a job, or refuse it with the sentence of `refuse`."""
        if self.refuse:
            raise InvalidRequest(self.refuse)
        with self._lock:
            job = Job(id=f"{len(self._snapshots):08x}", spec=spec, state="queued", created=time.time())
            self._snapshots[job.id] = Snapshot(job=job, progress=Progress())
            self.pictures[job.id], self.tokens[job.id] = dict(pictures or {}), token
        return job

    def tell(self, job_id: str, progress: Progress | None = None, **changes: Any) -> Job:
        """Change the fields of a job, and its progress."""
        with self._lock:
            before = self._snapshots[job_id]
            now = Snapshot(job=replace(before.job, **changes), progress=progress or before.progress)
            self._snapshots[job_id] = now
            watchers = list(self._watchers.get(job_id, ()))
        for watcher in watchers:
            watcher.put(now)
        return now.job

    def finish(self, job_id: str, paths: Sequence[Path], *, seed: int = 1) -> Job:
        """End a job with pictures, described as a real one would be."""
        pictures = tuple(JobPicture(path=path, seed=seed + n, label="") for n, path in enumerate(paths))
        job = self.get(job_id)
        return self.tell(
            job_id,
            state="done",
            started=job.created,
            finished=time.time(),
            pictures=pictures,
            results=(describe(job, pictures),),
        )

    def get(self, job_id: str) -> Job:
        """Return a job."""
        return self._snapshots[job_id].job

    def jobs(self, limit: int = 50, states: Sequence[str] | None = None) -> list[Job]:
        """Return jobs, newest first."""
        found = [snapshot.job for snapshot in reversed(self._snapshots.values())]
        return [job for job in found if states is None or job.state in states][:limit]

    def running(self) -> Job | None:
        """Return the job that runs."""
        return next(iter(self.jobs(states=("running",))), None)

    def snapshot(self, job_id: str) -> Snapshot:
        """Return a job and its progress now."""
        return self._snapshots[job_id]

    def watch(self, job_id: str) -> Iterator[Snapshot]:
        """Yield what is, then every change, until the job ends."""
        told: queue.SimpleQueue[Snapshot] = queue.SimpleQueue()
        self._watchers.setdefault(job_id, []).append(told)
        snapshot = self._snapshots[job_id]
        while True:
            yield snapshot
            if snapshot.job.is_final:
                return
            snapshot = told.get()

    def cancel(self, job_id: str) -> None:
        """Note it, and end the job."""
        self.cancelled.append(job_id)
        self.tell(job_id, state="cancelled")

    def skip(self, job_id: str) -> None:
        """Note it."""
        self.skipped.append(job_id)

    def log(self, job_id: str) -> list[str]:
        """No lines."""
        return []

    def devices(self) -> tuple[Device, ...]:
        """Return the devices it was made with."""
        return self._devices

    def busy(self) -> str:
        """Nothing is going on."""
        return ""


def describe(job: Job, pictures: Sequence[JobPicture]) -> dict[str, Any]:
    """Return what ui.generate_report.describe would say."""
    request = {"prompt": "", "num_inference_steps": 25, "guidance_scale": 7.5, "width": 128, "height": 128}
    request |= job.spec.body.get("fields", {}) | {"sampler": "DDIM", "schedule": "Automatic"}
    where = {"device": "cpu", "name": "A test CPU", "precision": "f32"}
    return {
        "task": job.spec.body.get("task"),
        "images": [{"path": str(picture.path), "seed": picture.seed} for picture in pictures],
        "model": job.spec.body.get("model"),
        "previews": [],
        "request": request,
        "placement": {"text_encoder": where, "unet": where, "vae_decoder": where},
        "timings": {
            "read": {"unet": 0.1},
            "compile": {"unet": 1.0},
            "denoise": 2.0,
            "steps": [0.1] * 20,
            "total": 3.2,
        },
        "warnings": ["a note"],
    }
