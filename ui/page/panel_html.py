"""The panel of a running job as HTML: what a snapshot looks like, and the details of what was made."""

import base64
import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from ui.jobs.store import CANCEL

if TYPE_CHECKING:
    from ui.jobs import Job, JobPicture, Progress, Snapshot
    from ui.page.page import Page

STAGES = (
    "read",
    "compile",
    "text_encoder",
    "vae_encoder",
    "depth_estimator",
    "denoise",
    "vae_decoder",
    "save",
)
SHOWN_SECONDS = 0.005  # what takes less is left out


def idle_html(page: "Page") -> str:
    """Return what stands where the picture will be."""
    return (
        f'<div class="ld-run" data-state="idle"><p class="ld-idle">{escape(page.say("panel.idle"))}</p></div>'
    )


def live_html(page: "Page", snapshot: "Snapshot", waiting: int = 0) -> str:
    """Return preview, progress bar and a line in words; `waiting` is how many more jobs of the tab there are.

    The script of the page reads the data attributes: for the title, for what is announced, for notifications.
    """
    job, progress = snapshot.job, snapshot.progress
    words = phase_words(page, job, progress)
    share = _share(job, progress)
    parts = [words, *_counts(page, job, progress)]
    if waiting:
        parts.append(page.say("panel.more_waiting", count=waiting))
    percent = "" if share is None else f"{round(share * 100)}"
    attributes = {
        "data-state": job.state,
        "data-job": job.id,
        "data-words": words,
        "data-percent": percent if job.state == "running" else "",
        "data-notify": page.say("panel.notification")
        if page.settings.read().notify and (job.pictures or job.state != "done")
        else "",
    }
    told = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
    return (
        f'<div class="ld-run"{told}>'
        f"{_preview(page, job, progress)}{_bar(page, job, percent)}"
        f'<p class="ld-words">{escape(" · ".join(parts))}</p></div>'
    )


def phase_words(page: "Page", job: "Job", progress: "Progress") -> str:
    """Return what is going on, or what has come of it, in words."""
    if job.state == "done" and not job.pictures and any(made.get("withheld") for made in job.results):
        return page.say("panel.all_withheld")
    if job.state == "done" and not job.pictures:
        return page.say("panel.all_skipped")
    if job.state == "done":
        return page.say("panel.done", seconds=_seconds((job.finished or 0) - (job.started or job.created)))
    if job.state == "cancelled":
        return page.say("panel.cancelled_kept" if job.pictures else "panel.cancelled")
    if job.state == "failed":
        return page.say("panel.failed")
    if job.state == "queued":
        if progress.ahead > 0:
            return page.say("panel.phase.waiting_ahead", ahead=progress.ahead)
        return page.say("panel.phase.waiting_first")
    if job.reason == CANCEL:
        return page.say("panel.interrupting")
    key = f"panel.phase.{progress.phase}"
    return page.say(key) if page.texts.knows(key) else progress.phase


def _counts(page: "Page", job: "Job", progress: "Progress") -> list[str]:
    if job.state != "running":
        return []
    parts = []
    if progress.steps and progress.phase == "denoising":
        parts.append(page.say("panel.step", step=progress.step, steps=progress.steps))
    if progress.pictures > 1:
        parts.append(page.say("panel.picture", picture=progress.picture, pictures=progress.pictures))
    if progress.eta_seconds is not None and job.reason != CANCEL:
        parts.append(_left(page, progress.eta_seconds))
    if job.interruptions:
        parts.append(page.say("panel.interrupted_before"))
    return parts


def _left(page: "Page", seconds: float) -> str:
    if seconds < 90:
        return page.say("panel.left_seconds", seconds=max(1, math.ceil(seconds)))
    if seconds < 90 * 60:
        return page.say("panel.left_minutes", minutes=round(seconds / 60))
    return page.say("panel.left_hours", hours=f"{seconds / 3600:.1f}")


def _share(job: "Job", progress: "Progress") -> float | None:
    """Return how much is done, 0 to 1; None while that cannot be told."""
    if job.state == "done":
        return 1.0
    if job.state != "running" or not progress.steps:
        return None
    finished = max(0, progress.picture - 1) + min(1.0, progress.step / progress.steps)
    return min(1.0, finished / max(1, progress.pictures))


def _bar(page: "Page", job: "Job", percent: str) -> str:
    if job.state not in ("queued", "running"):
        return ""
    value = f' aria-valuenow="{percent}"' if percent else ""
    return (
        f'<div class="ld-bar" role="progressbar" aria-valuemin="0" aria-valuemax="100"{value} '
        f'aria-label="{escape(page.say("panel.progress"))}">'
        f'<span style="width:{percent or 0}%"></span></div>'
    )


def _preview(page: "Page", job: "Job", progress: "Progress") -> str:
    if progress.preview is None or job.state != "running":
        return ""
    data = base64.b64encode(progress.preview).decode("ascii")
    alt = escape(page.say("panel.preview_alt"))
    return f'<img class="ld-preview" alt="{alt}" src="data:image/jpeg;base64,{data}">'


def error_html(page: "Page", reason: str) -> str:
    """Return one sentence that says what went wrong and what to do; empty when nothing did."""
    if not reason:
        return ""
    heading, words = escape(page.say("common.error")), escape(page.words(reason))
    return f'<div class="ld-error" role="alert"><strong>{heading}</strong><p>{words}</p></div>'


def details_html(page: "Page", job: "Job", picture: "JobPicture | None") -> str:
    """Return the table of how a picture was made and what it ran on; empty before its request is finished.

    The notes below it are those of the whole job.
    """
    made = made_by(job, picture)
    if picture is None or not made:
        return ""
    rows = [
        *_request_rows(page, job, picture, made),
        *_placement_rows(page, made),
        *_time_rows(page, job, made),
    ]
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in rows
    )
    notes = dict.fromkeys(note for result in job.results for note in result.get("warnings", ()))
    return f'<table class="ld-details"><tbody>{body}</tbody></table>{_notes(page, tuple(notes))}'


def made_by(job: "Job", picture: "JobPicture | None") -> Mapping[str, Any]:
    """Return the description of the request that made a picture, an empty one when it is not finished."""
    if picture is not None:
        for result in job.results:
            paths = [image["path"] for image in result.get("images", ())]
            if "request" in result and str(picture.path) in paths:
                return result
    return {}


def _notes(page: "Page", notes: Sequence[str]) -> str:
    if not notes:
        return ""
    lines = "".join(f"<li>{escape(page.words(note))}</li>" for note in notes)
    return (
        f'<div class="ld-notes"><strong>{escape(page.say("panel.warnings"))}</strong><ul>{lines}</ul></div>'
    )


def _request_rows(
    page: "Page", job: "Job", picture: "JobPicture", made: Mapping[str, Any]
) -> list[tuple[str, str]]:
    request = made["request"]
    model = (page.say("panel.model"), str(made["model"]))
    size = (page.say("panel.size"), f"{request.get('width')} × {request.get('height')}")
    sizes = [size] if request.get("width") and request.get("height") else []
    if "num_inference_steps" not in request:  # only resampled
        return [model, *sizes]
    seeds = [str(each.seed) for each in job.pictures]
    shown = ", ".join(seeds[:8]) + (", …" if len(seeds) > 8 else "")
    schedule = request.get("schedule")
    sampler = (
        f"{request['sampler']} {schedule}" if schedule not in (None, "Automatic") else request["sampler"]
    )
    rows = [
        (page.say("panel.seed"), str(picture.seed)),
        *([(page.say("panel.seeds"), shown)] if len(set(seeds)) > 1 else []),
        model,
        (page.say("panel.sampler"), str(sampler)),
        (page.say("panel.steps"), str(request["num_inference_steps"])),
    ]
    if made.get("task") != "unconditional":
        rows.append((page.say("panel.guidance"), f"{request['guidance_scale']:g}"))
    return [*rows, *sizes]


def _placement_rows(page: "Page", made: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each component with what it ran on; one row when that is the same for all."""
    ran = {
        component: f"{where['device'].upper()} {where['precision']} ({where['name']})"
        for component, where in made.get("placement", {}).items()
    }
    if len(set(ran.values())) == 1:
        return [(page.say("panel.ran_on"), next(iter(ran.values())))]
    return [(_component(page, component), where) for component, where in ran.items()]


def _component(page: "Page", name: str) -> str:
    key = f"panel.component.{name}"
    return page.say(key) if page.texts.knows(key) else name


def _time_rows(page: "Page", job: "Job", made: Mapping[str, Any]) -> list[tuple[str, str]]:
    timings = made.get("timings")
    if not timings:
        return []
    rows = []
    for stage in STAGES:
        value = timings.get(stage, 0.0)
        # Components are read and compiled side by side.
        seconds = max(value.values(), default=0.0) if isinstance(value, Mapping) else float(value)
        if seconds < SHOWN_SECONDS:
            continue
        text = page.say("panel.seconds", seconds=_seconds(seconds))
        if stage == "denoise" and timings.get("steps"):
            each = seconds / len(timings["steps"])
            text += f" ({page.say('panel.each_step', seconds=f'{each:.2g}')})"
        rows.append(f"{page.say(f'panel.stage.{stage}')} {text}")
    if job.finished is not None and job.started is not None:
        total = page.say("panel.seconds", seconds=_seconds(job.finished - job.started))
        rows.append(f"{page.say('panel.stage.total')} {total}")
    return [(page.say("panel.time"), ", ".join(rows))]


def _seconds(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"
