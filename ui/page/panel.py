"""The panel of a tab: starts its jobs, follows the newest one, shows what it made."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from runtime.errors import InvalidRequest, LapdrawError
from ui.jobs import JobSpec
from ui.page.panel_html import details_html, error_html, idle_html, live_html
from ui.page.send import Sent, add_sender

if TYPE_CHECKING:
    from ui.jobs import Job, Snapshot
    from ui.page.form import Answer, GenerationForm
    from ui.page.page import Page

FASTEST = 0.25  # seconds from one update to the next
RECENT = 30 * 60  # a job that ended this many seconds ago is shown again when the page is loaded
UNFINISHED = ("queued", "running")
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A job to submit, and the pictures that go with it."""

    spec: JobSpec
    pictures: Mapping[str, Any] = field(default_factory=dict)  # "image", "mask", "depth"


MakeSpec = Callable[..., Asked]  # (Answer, *values of extra_inputs) -> Asked


def pictures_spec(
    page: "Page",
    task: str,
    answer: "Answer",
    *,
    more: Mapping[str, Any] | None = None,
    pictures: Mapping[str, Any] | None = None,
    grid: Sequence[str] = (),
) -> Asked:
    """Return the job for what a form says; `more` are further fields of the request."""
    settings = page.settings.read()
    fields = {**answer.fields, **(more or {})}
    body = {
        "task": task,
        "model": answer.model,
        "device": answer.device,
        "execution_precision": None,
        "fields": fields,
        "grid": list(grid),
        "metadata": settings.metadata,
        "preview_every": settings.preview_interval,
    }
    spec = JobSpec(kind="pictures", title=str(fields.get("prompt", "")) or answer.model, body=body)
    return Asked(spec=spec, pictures=pictures or {})


class RunPanel:
    """Generate, Interrupt, Skip, the live preview, the pictures, their details, and where they can be sent.

    `buttons`, then `results` draw it; `connect` binds it to a form. `tasks` are those whose jobs are this
    tab's, with a grid or without.
    """

    def __init__(self, page: "Page", tab: str, tasks: Sequence[str], *, grid: bool = False) -> None:
        self.page = page
        self.tab = tab
        self.tasks = tuple(tasks)
        self.grid = grid
        self._followed: dict[str, str] = {}  # session -> the job that its panel shows

    # Drawing

    def buttons(self) -> None:
        """Draw Generate, Interrupt and Skip."""
        say, tab = self.page.say, self.tab
        with gr.Row(elem_id=f"{tab}-run"):
            self.generate = gr.Button(
                say("panel.generate"), variant="primary", size="lg", min_width=120, elem_id=f"{tab}-generate"
            )
            self.interrupt = gr.Button(
                say("panel.interrupt"), size="lg", min_width=90, interactive=False, elem_id=f"{tab}-interrupt"
            )
            self.skip = gr.Button(
                say("panel.skip"), size="lg", min_width=70, interactive=False, elem_id=f"{tab}-skip"
            )
        gr.HTML(f'<p class="ld-hint">{say("panel.keys")}</p>', elem_id=f"{tab}-keys", padding=False)

    def results(self) -> None:
        """Draw everything that shows what is going on and what came of it."""
        say, tab = self.page.say, self.tab
        self.live = gr.HTML(idle_html(self.page), elem_id=f"{tab}-live", padding=False)
        self.error = gr.HTML("", elem_id=f"{tab}-error", padding=False)
        with gr.Accordion(
            say("common.error_report"), open=False, visible=False, elem_id=f"{tab}-report-box"
        ) as self.report_box:
            self.report = gr.Textbox(
                label=say("common.error_report"),
                info=say("common.error_report_info"),
                lines=6,
                max_lines=16,
                interactive=False,
                buttons=["copy"],
                elem_id=f"{tab}-report",
            )
        self.gallery = gr.Gallery(
            label=say("panel.pictures"),
            columns=2,
            object_fit="contain",
            height="auto",
            visible=False,
            interactive=False,
            buttons=["download", "fullscreen"],
            elem_id=f"{tab}-gallery",
        )
        with gr.Column(visible=False, elem_id=f"{tab}-after") as self.after:
            gr.HTML(
                f'<h3 class="ld-heading">{say("common.send_to")}</h3>'
                f'<p class="ld-hint">{say("common.send_info")}</p>',
                padding=False,
            )
            self.job = gr.State("")
            self.chosen = gr.State(0)
            add_sender(self.page, tab, [self.job, self.chosen], self._picked)
            with gr.Accordion(say("panel.details"), open=True, elem_id=f"{tab}-details-box"):
                self.details = gr.HTML("", elem_id=f"{tab}-details", padding=False)

    @property
    def outputs(self) -> list[Any]:
        """What following a job changes."""
        return [
            *(self.job, self.live, self.error, self.report_box, self.report, self.gallery, self.after),
            *(self.details, self.interrupt, self.skip, self.chosen),
        ]

    # Binding

    def connect(self, form: "GenerationForm", extra_inputs: Sequence[Any], make_spec: MakeSpec) -> None:
        """Bind the buttons: `make_spec(answer of the form, *values of extra_inputs)` says what is asked."""
        self.start_with(self.generate, form, extra_inputs, make_spec)
        self.page.demo.load(self._resume, None, self.outputs, concurrency_limit=None, **QUIET)
        self.interrupt.click(self._cancel, self.job, None, queue=False, **QUIET)
        self.skip.click(self._skip, self.job, None, queue=False, **QUIET)
        self.gallery.select(_index, None, self.chosen, queue=False, **QUIET)
        if form.seed_reuse is not None:
            seed = form.by_name["seed"]
            form.seed_reuse.click(self._last_seed, [self.job, self.chosen, seed], seed, queue=False, **QUIET)

    def start_with(
        self, button: Any, form: "GenerationForm", extra_inputs: Sequence[Any], make_spec: MakeSpec
    ) -> None:
        """Let another button start a job as well, as `connect` does for Generate."""
        count = len(form.components)

        def start(request: gr.Request, *values: Any) -> Iterator[dict[Any, Any]]:
            try:
                asked = make_spec(form.answer(values[:count]), *values[count:])
                job = self.page.engine.submit(asked.spec, asked.pictures)
            except LapdrawError as error:
                yield self._refused(error)
                return
            yield from self._follow(job.id, request.session_hash or "")

        button.click(
            start,
            [*form.components, *extra_inputs],
            self.outputs,
            trigger_mode="multiple",
            concurrency_limit=None,
            **QUIET,
        )

    # Handlers

    def _cancel(self, job: str) -> None:
        if job:
            self.page.engine.cancel(job)

    def _skip(self, job: str) -> None:
        if job:
            self.page.engine.skip(job)

    def _last_seed(self, job: str, chosen: int, seed: Any) -> Any:
        """Return the seed of the chosen picture, or of the last job here that made one."""
        for candidate in ([self.page.engine.get(job)] if job else []) + self._own():
            if candidate.pictures:
                number = chosen if candidate.id == job and chosen < len(candidate.pictures) else 0
                return candidate.pictures[number].seed
        gr.Warning(self.page.say("form.seed_none"))
        return seed

    def _picked(self, job: str, chosen: int) -> Sent | None:
        """Return the chosen picture with what it was made from."""
        pictures = self.page.engine.get(job).pictures if job else ()
        if not pictures:
            return None
        picture = pictures[chosen if chosen < len(pictures) else 0]
        made = _made(self.page.engine.get(job), picture.path)
        body = self.page.engine.get(job).spec.body
        fields = {**(made.get("request") or body.get("fields", {})), "seed": picture.seed, "count": 1}
        return Sent(
            picture=picture.path, fields=fields, model=f"{body.get('model') or ''}|{body.get('device')}"
        )

    def _resume(self, request: gr.Request) -> Iterator[dict[Any, Any]]:
        """Take up the job of this tab that is not finished, else show what came last."""
        job = self._unfinished() or next(iter(self._own()), None)
        if job is None or (job.state not in UNFINISHED and not _is_recent(job)):
            yield {self.live: idle_html(self.page)}
            return
        yield from self._follow(job.id, request.session_hash or "")

    def _follow(self, job_id: str, session: str) -> Iterator[dict[Any, Any]]:
        """Show a job until it ends or another is followed; then one that still runs here, if there is one."""
        self._followed[session] = job_id
        try:
            while job_id:
                yield from self._watch(job_id, session)
                if self._followed.get(session) != job_id:
                    return
                job = self._unfinished()
                job_id = self._followed[session] = job.id if job is not None else ""
        finally:
            if self._followed.get(session) == job_id:
                del self._followed[session]

    def _watch(self, job_id: str, session: str) -> Iterator[dict[Any, Any]]:
        """Yield what each snapshot changes, until the job ends or another is followed."""
        before: tuple[Any, ...] = ()
        for snapshot in self.page.engine.watch(job_id):
            if self._followed.get(session) != job_id:
                return
            began = time.monotonic()
            job = snapshot.job
            shown = self._progress(snapshot)
            now = (job.state, len(job.pictures), len(job.results))
            if now != before:
                shown |= self._came(job, is_new=not before)
                before = now
            yield shown
            if job.state in UNFINISHED:
                time.sleep(max(0.0, FASTEST - (time.monotonic() - began)))

    # What is shown

    def _own(self, states: Sequence[str] | None = None) -> list["Job"]:
        """Return the jobs of this tab, newest first."""
        return [job for job in self.page.engine.jobs(limit=50, states=states) if self._is_own(job)]

    def _is_own(self, job: "Job") -> bool:
        body = job.spec.body
        is_mine = job.spec.kind == "pictures" and body.get("task") in self.tasks
        return is_mine and bool(body.get("grid")) == self.grid

    def _unfinished(self) -> "Job | None":
        """Return the job of this tab that runs, else the one that waits longest."""
        waiting = self._own(UNFINISHED)
        return next((job for job in waiting if job.state == "running"), waiting[-1] if waiting else None)

    def _progress(self, snapshot: "Snapshot") -> dict[Any, Any]:
        waiting = 0
        if snapshot.job.state in UNFINISHED:
            waiting = sum(job.id != snapshot.job.id for job in self._own(UNFINISHED))
        return {self.live: live_html(self.page, snapshot, waiting)}

    def _came(self, job: "Job", *, is_new: bool) -> dict[Any, Any]:
        """Return what changes only when a job begins, ends, or finishes a picture."""
        failed = job.state == "failed"
        pictures = [
            (str(picture.path), self._alt(job, number)) for number, picture in enumerate(job.pictures)
        ]
        came: dict[Any, Any] = {
            self.error: error_html(self.page, job.reason if failed else ""),
            self.report_box: gr.Accordion(visible=failed and bool(job.report)),
            self.report: job.report if failed else "",
            self.interrupt: gr.Button(interactive=job.state in UNFINISHED),
            self.skip: gr.Button(interactive=job.state == "running"),
            self.gallery: gr.Gallery(value=pictures, visible=bool(pictures)),
            self.after: gr.Column(visible=bool(pictures)),
            self.details: details_html(self.page, job),
        }
        if is_new:
            came |= {self.job: job.id, self.chosen: 0}
        return came

    def _alt(self, job: "Job", number: int) -> str:
        picture = job.pictures[number]
        prompt = str(job.spec.body.get("fields", {}).get("prompt", ""))
        if not prompt:
            return self.page.say("panel.picture_alt_bare", number=number + 1, seed=picture.seed)
        short = prompt if len(prompt) <= 80 else f"{prompt[:79]}…"
        return self.page.say("panel.picture_alt", seed=picture.seed, prompt=short)

    def _refused(self, error: LapdrawError) -> dict[Any, Any]:
        return {
            self.error: error_html(self.page, str(error)),
            self.report_box: gr.Accordion(visible=False),
            self.report: "",
        }


def _made(job: "Job", path: Path) -> Mapping[str, Any]:
    """Return the description of the request that made a picture, an empty one when it is not finished."""
    for result in job.results:
        if "request" in result and str(path) in [image["path"] for image in result.get("images", ())]:
            return result
    return {}


def _index(event: gr.SelectData) -> int:
    return int(event.index)


def _is_recent(job: "Job") -> bool:
    return job.state == "done" and time.time() - (job.finished or 0) < RECENT


__all__ = ["Asked", "InvalidRequest", "MakeSpec", "RunPanel", "pictures_spec"]
