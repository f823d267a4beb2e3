"""What a person is told of a job that went wrong: one sentence, and a report that can be copied."""

import platform
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from runtime.infotext import VERSION
from ui.jobs.child import name_of_signal
from ui.jobs.job import FAILED, Job

INTERRUPTED, STOPPED = "interrupted", "stopped"  # outcomes that are no final state
LIBRARIES = ("openvino", "numpy", "pillow", "tokenizers", "gradio", "torch")
COPY = "copy the report and send it to whoever can help"
MEMORY = "make a smaller picture, or close other programs"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run of a job ended: a final state, interrupted (it may be tried again), or stopped with us."""

    state: str
    reason: str = ""
    report: str = ""


def failed(job: Job, reason: str, *, placement: str = "", trace: str = "", said: str = "") -> Outcome:
    """Return a failure with its report."""
    return Outcome(
        state=FAILED,
        reason=reason,
        report=make_report(job, reason, placement=placement, trace=trace, said=said),
    )


def interrupted(job: Job, reason: str, *, placement: str = "", said: str = "") -> Outcome:
    """Return an interruption with its report."""
    report = make_report(job, reason, placement=placement, trace="", said=said)
    return Outcome(state=INTERRUPTED, reason=reason, report=report)


def of_exit(status: int) -> str:
    """Say why a worker is gone that said nothing."""
    if status in (-9, 137):
        return f"the worker was ended by the system (SIGKILL), most likely for lack of memory: {MEMORY}"
    if status < 0 or status >= 0xC0000000:  # Windows tells of crashes by such a status
        name = name_of_signal(-status) if status < 0 else f"status {status:#x}"
        return f"the worker crashed ({name}), a fault of a driver or a library: try another device, or {COPY}"
    return f"the worker ended by itself (status {status}): {COPY}"


def of_crash(kind: str) -> str:
    """Say what it means that the worker met an error nobody expected."""
    if kind == "MemoryError":
        return f"there was not enough memory: {MEMORY}"
    return f"the worker met an error that nobody expected ({kind}): {COPY}"


def of_silence(seconds: float) -> str:
    """Say what it means that the worker said nothing for so long."""
    return (
        f"the worker did not answer for {seconds:.0f} seconds and was replaced: "
        "try another device, or a smaller picture"
    )


def twice(reason: str) -> str:
    """Say that a job is given up."""
    return f"the job was interrupted twice and is given up; the last time {reason}"


def make_report(job: Job, reason: str, *, placement: str, trace: str, said: str) -> str:
    """Return a text for whoever helps; it leaves out prompts, and the name of the home folder."""
    body = job.spec.body
    asked = {
        key: value
        for key, value in {**body, **dict(body.get("fields") or {})}.items()
        if key not in ("fields", "prompt", "negative_prompt", "grid", "source", "name", "vae")
    }
    parts = [
        f"{VERSION}, Python {platform.python_version()}, {platform.platform()}, {platform.machine()}",
        ", ".join(f"{name} {version}" for name in LIBRARIES if (version := _version(name))),
        f"job {job.id}, {job.spec.kind}, interrupted {job.interruptions} times",
        f"asked: {asked}",
        f"placement: {placement}" if placement else "",
        f"reason: {reason}",
        trace.strip(),
        f"the last words of the process:\n{said.strip()}" if said.strip() else "",
    ]
    text = "\n".join(part for part in parts if part)
    return text.replace(str(Path.home()), "~").replace(sys.prefix, "<environment>")


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
