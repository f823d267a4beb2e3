"""A job that takes minutes, as its tab shows it: phase, bar, log, Cancel, and what came of it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr

from runtime.errors import LapdrawError
from ui.page.amounts import bare_html
from ui.page.following import FASTEST, RECENT, UNFINISHED
from ui.page.panel_html import error_html
from ui.page.phases import Phase, read_phase

if TYPE_CHECKING:
    from ui.jobs import Job, Snapshot
    from ui.page.page import Page

QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
LOG_LINES = 400

Updates = dict[Any, Any]


class LongJob:
    """The newest job of one kind. `draw` puts it into the page, `connect` binds it.

    `phase_words` says a phase in the page's language; `result` returns updates of `outputs` for a job that is
    done, and for None, when there is nothing to show. `cancelled_words` says what a cancelled job has left,
    `remedy_html` what can be done about the reason of a failure.
    """

    def __init__(
        self,
        page: "Page",
        tab: str,
        kind: str,
        *,
        phase_words: Callable[[str], str],
        done_words: Callable[["Job"], str],
        cancelled_words: Callable[["Job"], str] | None = None,
        remedy_html: Callable[[str], str] = lambda reason: "",
    ) -> None:
        self.page, self.tab, self.kind = page, tab, kind
        self._phase_words, self._done_words = phase_words, done_words
        self._cancelled_words = cancelled_words or (lambda job: page.say("long_job.cancelled"))
        self._remedy_html = remedy_html
        self._followed: dict[str, str] = {}  # session -> the job that it shows
        self._outputs: list[Any] = []
        self._result: Callable[[Job | None], Updates] = lambda job: {}

    # Drawing

    def buttons(self, start: str) -> None:
        """Draw the button that starts, and Cancel."""
        with gr.Row(elem_id=f"{self.tab}-run"):
            self.start = gr.Button(start, variant="primary", size="lg", elem_id=f"{self.tab}-start")
            self.cancel = gr.Button(
                self.page.say("long_job.cancel"), size="lg", interactive=False, elem_id=f"{self.tab}-cancel"
            )

    def draw(self) -> None:
        """Draw what shows it."""
        say, tab = self.page.say, self.tab
        self.job = gr.State("")
        self.live = bare_html("", f"{tab}-live")
        self.error = bare_html("", f"{tab}-error")
        self.report = gr.Textbox(
            label=say("common.error_report"),
            info=say("common.error_report_info"),
            lines=4,
            max_lines=12,
            interactive=False,
            visible=False,
            buttons=["copy"],
            elem_id=f"{tab}-report",
        )
        self.log = gr.Textbox(
            label=say("long_job.log"),
            lines=6,
            max_lines=12,
            interactive=False,
            visible=False,
            autoscroll=True,
            buttons=["copy"],
            elem_id=f"{tab}-log",
        )

    # Binding

    def connect(
        self,
        inputs: Sequence[Any],
        submit: Callable[..., "Job"],
        outputs: Sequence[Any],
        result: Callable[["Job | None"], Updates],
    ) -> tuple[Any, Any]:
        """Bind the buttons; return the events that end with a job: of the button, and of a reload.

        `submit` takes the values of `inputs`, and raises LapdrawError.
        """
        self._outputs, self._result = list(outputs), result
        changed = [
            self.job,
            self.live,
            self.error,
            self.report,
            self.log,
            self.cancel,
            *outputs,
        ]

        async def start(request: gr.Request, *values: Any) -> AsyncIterator[Updates]:
            try:
                job = await asyncio.to_thread(submit, *values)
            except LapdrawError as error:
                yield self._refused(error)
                return
            async for updates in self._follow(job.id, request.session_hash or ""):
                yield updates

        clicked = self.start.click(start, list(inputs), changed, concurrency_limit=None, **QUIET)
        resumed = self.page.demo.load(self._resume, None, changed, concurrency_limit=None, **QUIET)
        self.cancel.click(self._cancel, self.job, None, queue=False, **QUIET)
        return clicked, resumed

    def _cancel(self, job: str) -> None:
        if job:
            self.page.engine.cancel(job)

    async def _resume(self, request: gr.Request) -> AsyncIterator[Updates]:
        """Take up a job that is not finished, else show what came last."""
        job = await asyncio.to_thread(self._to_show)
        if job is None:
            yield {self.live: ""}
            return
        async for updates in self._follow(job.id, request.session_hash or ""):
            yield updates

    def _to_show(self) -> "Job | None":
        jobs = [job for job in self.page.engine.jobs(limit=50) if job.spec.kind == self.kind]
        waiting = [job for job in jobs if job.state in UNFINISHED]
        job = waiting[-1] if waiting else next(iter(jobs), None)
        is_recent = job is not None and time.time() - (job.finished or 0) < RECENT
        return job if waiting or is_recent else None

    async def _follow(self, job_id: str, session: str) -> AsyncIterator[Updates]:
        """Yield what changes, until the job ends or this session follows another; no thread waits meanwhile.

        The first look comes twice, since the last word of what was followed before may arrive after it, and
        Gradio repeats what was yielded last: one that was overtaken ends with nothing.
        """
        self._followed[session] = job_id
        before: Any = None
        looks = 0
        try:
            while self._followed.get(session) == job_id:
                snapshot, lines = await asyncio.to_thread(self._look, job_id)
                if (snapshot, lines) != before or looks == 1:
                    before = snapshot, lines
                    yield await asyncio.to_thread(self._shown, snapshot, lines)
                looks += 1
                if snapshot.job.state not in UNFINISHED and looks > 1:
                    return
                await asyncio.sleep(FASTEST)
        except LapdrawError as error:  # the program is ending
            yield self._refused(error)
            return
        finally:
            if self._followed.get(session) == job_id:
                del self._followed[session]
        yield {self.live: gr.skip()}

    def _look(self, job_id: str) -> "tuple[Snapshot, list[str]]":
        return self.page.engine.snapshot(job_id), self.page.engine.log(job_id)

    def _refused(self, error: LapdrawError) -> Updates:
        return {self.error: error_html(self.page, str(error)), self.report: gr.update(visible=False)}

    # What is shown

    def _shown(self, snapshot: "Snapshot", lines: Sequence[str]) -> Updates:
        job = snapshot.job
        failed = job.state == "failed"
        return {
            self.job: job.id,
            self.live: self._live(snapshot),
            self.log: gr.update(value="\n".join(lines[-LOG_LINES:]), visible=bool(lines)),
            self.cancel: gr.update(interactive=job.state in UNFINISHED),
            self.error: error_html(self.page, job.reason) + self._remedy_html(job.reason) if failed else "",
            self.report: gr.update(value=self.page.words(job.report), visible=failed and bool(job.report)),
            **self._result(job if job.state == "done" else None),
        }

    def _live(self, snapshot: "Snapshot") -> str:
        """The bar and a line in words, in the form that the script of the page announces."""
        job, phase = snapshot.job, read_phase(snapshot.progress.phase)
        percent = "" if phase.percent is None or job.state != "running" else str(phase.percent)
        words = self._words(snapshot, phase)
        notify = self._done_words(job) if self.page.settings.read().notify else ""
        told = {
            "data-state": job.state,
            "data-job": job.id,
            "data-words": words,
            "data-percent": percent,
            "data-notify": notify,
        }
        attributes = "".join(f' {name}="{escape(value)}"' for name, value in told.items())
        return (
            f'<div class="ld-run"{attributes}>{self._bar(job, percent)}'
            f'<p class="ld-words">{escape(words)}{escape(self._since(job))}</p></div>'
        )

    def _words(self, snapshot: "Snapshot", phase: Phase) -> str:
        job, say = snapshot.job, self.page.say
        if job.state == "done":
            return self._done_words(job)
        if job.state == "cancelled":
            return self._cancelled_words(job)
        if job.state == "failed":
            return say("common.error")
        if job.state == "queued":
            ahead = snapshot.progress.ahead
            return say("long_job.waiting", ahead=ahead) if ahead else say("long_job.waiting_next")
        words = self._phase_words(phase.text)
        if phase.steps:
            return say("long_job.running", step=phase.step, steps=phase.steps, phase=words)
        if phase.share is not None:
            return say("long_job.share", percent=phase.share, phase=words)
        is_named = phase.text not in ("", "waiting", "starting", self.kind)  # before it has said anything
        return words if is_named else say("long_job.starting")

    def _since(self, job: "Job") -> str:
        if job.state != "running" or job.started is None:
            return ""
        clock = time.strftime("%H:%M", time.localtime(job.started))
        return " · " + self.page.say("long_job.since", time=clock)

    def _bar(self, job: "Job", percent: str) -> str:
        if job.state not in UNFINISHED:
            return ""
        value = f' aria-valuenow="{percent}"' if percent else ""
        return (
            f'<div class="ld-bar" role="progressbar" aria-valuemin="0" aria-valuemax="100"{value} '
            f'aria-label="{escape(self.page.say("panel.progress"))}">'
            f'<span style="width:{percent or 0}%"></span></div>'
        )
