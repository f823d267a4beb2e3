"""The panel of a tab: starts its jobs, follows the newest one, shows what it made."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from runtime.errors import InvalidRequest, LapdrawError
from ui.page.asking import Asked, MakeSpec, pictures_spec
from ui.page.following import UNFINISHED, OwnJobs
from ui.page.panel_html import details_html, error_html, idle_html, live_html, made_by
from ui.page.pickers import LANCZOS
from ui.page.send import Sent, add_sender

if TYPE_CHECKING:
    from ui.jobs import Job, JobPicture, Snapshot
    from ui.page.form import GenerationForm
    from ui.page.page import Page

__all__ = ["Asked", "InvalidRequest", "MakeSpec", "RunPanel", "pictures_spec"]

QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
Updates = dict[Any, Any]  # component -> what it becomes


class RunPanel:
    """Generate, Interrupt, Skip, the live preview, the pictures, their details, and where they can be sent.

    `buttons`, then `results` draw it; `connect` binds it to a form. `tasks` are those whose jobs are this
    tab's, with a grid or without.
    """

    def __init__(self, page: "Page", tab: str, tasks: Sequence[str], *, grid: bool = False) -> None:
        self.page = page
        self.tab = tab
        self.jobs = OwnJobs(page.engine, tasks, grid=grid)

    # Drawing

    def buttons(self) -> None:
        """Draw Generate, Interrupt and Skip."""
        say, tab = self.page.say, self.tab
        with gr.Row(elem_id=f"{tab}-run"):
            self.generate = gr.Button(
                say("panel.generate"), variant="primary", size="lg", min_width=100, elem_id=f"{tab}-generate"
            )
            self.interrupt = gr.Button(
                say("panel.interrupt"), size="lg", min_width=90, interactive=False, elem_id=f"{tab}-interrupt"
            )
            self.skip = gr.Button(
                say("panel.skip"), size="lg", min_width=60, interactive=False, elem_id=f"{tab}-skip"
            )
        gr.HTML(f'<p class="ld-hint">{say("panel.keys")}</p>', elem_id=f"{tab}-keys", padding=False)

    def results(self) -> None:
        """Draw everything that shows what is going on and what came of it."""
        say, tab = self.page.say, self.tab
        self.live = gr.HTML(idle_html(self.page), elem_id=f"{tab}-live", padding=False)
        self.error = gr.HTML("", visible=False, elem_id=f"{tab}-error", padding=False)
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
            show_label=False,
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
                f'<h2 class="ld-heading">{say("common.send_to")}</h2>'
                f'<p class="ld-hint">{say("common.send_info")}</p>',
                elem_id=f"{tab}-send-title",
                padding=False,
            )
            self.job = gr.State("")  # what Interrupt and Skip mean
            self.shown = gr.State("")  # whose pictures are shown, which stay until the next job has some
            self.chosen = gr.State(0)
            add_sender(self.page, tab, [self.shown, self.chosen], self._picked)
            with gr.Accordion(say("panel.details"), open=True, elem_id=f"{tab}-details-box"):
                self.details = gr.HTML("", elem_id=f"{tab}-details", padding=False)

    @property
    def outputs(self) -> list[Any]:
        """What following a job changes."""
        return [
            *(self.job, self.live, self.error, self.report_box, self.report, self.gallery, self.after),
            *(self.details, self.interrupt, self.skip, self.shown, self.chosen),
        ]

    # Binding

    def connect(self, form: "GenerationForm", extra_inputs: Sequence[Any], make_spec: MakeSpec) -> None:
        """Bind the buttons: `make_spec(answer of the form, *values of extra_inputs)` says what is asked."""
        self.start_with(self.generate, form, extra_inputs, make_spec)
        self.page.demo.load(self._resume, None, self.outputs, concurrency_limit=None, **QUIET)
        self.interrupt.click(self._cancel, self.job, None, queue=False, **QUIET)
        self.skip.click(self._skip, self.job, None, queue=False, **QUIET)
        self.gallery.select(self._choose, self.shown, [self.chosen, self.details], queue=False, **QUIET)
        if form.seed_reuse is not None:
            seed = form.by_name["seed"]
            form.seed_reuse.click(
                self._last_seed, [self.shown, self.chosen, seed], seed, queue=False, **QUIET
            )

    def start_with(
        self, button: Any, form: "GenerationForm", extra_inputs: Sequence[Any], make_spec: MakeSpec
    ) -> None:
        """Let another button start a job as well, as `connect` does for Generate."""
        count = len(form.components)

        async def start(request: gr.Request, *values: Any) -> AsyncIterator[Updates]:
            def submit() -> "Job":
                """Put it in the line, and return the job that is worth looking at: the one that runs."""
                asked = make_spec(form.answer(values[:count]), *values[count:])
                job = self.page.engine.submit(asked.spec, asked.pictures)
                return self.jobs.unfinished() or job

            try:
                job = await asyncio.to_thread(submit)
            except LapdrawError as error:
                yield self._refused(error)
                return
            async for updates in self._follow(job.id, request.session_hash or ""):
                yield updates

        button.click(
            start,
            [*form.components, *extra_inputs],
            self.outputs,
            trigger_mode="multiple",
            concurrency_limit=None,
            **QUIET,
        )

    # Handlers

    def _choose(self, job: str, event: gr.SelectData) -> list[Any]:
        """Show the details of the picture that was clicked."""
        found = self.page.engine.get(job) if job else None
        number = int(event.index)
        return [number, details_html(self.page, found, chosen_of(found, number)) if found else ""]

    def _cancel(self, job: str) -> None:
        if job:
            self.page.engine.cancel(job)

    def _skip(self, job: str) -> None:
        if job:
            self.page.engine.skip(job)

    def _last_seed(self, job: str, chosen: int, seed: Any) -> Any:
        """Return the seed of the chosen picture, or of the last job here that made one."""
        for candidate in ([self.page.engine.get(job)] if job else []) + self.jobs.newest():
            pictures = pictures_of(candidate)
            if pictures and candidate.spec.body.get("model") != LANCZOS:
                number = chosen if candidate.id == job and chosen < len(pictures) else 0
                return pictures[number].seed
        gr.Warning(self.page.say("form.seed_none"))
        return seed

    def _picked(self, job: str, chosen: int) -> Sent | None:
        """Return the chosen picture with what it was made from."""
        found = self.page.engine.get(job) if job else None
        picture = chosen_of(found, chosen)
        if found is None or picture is None:
            return None
        made, body = made_by(found, picture), found.spec.body
        fields = dict(made.get("request") or body.get("fields", {}))
        if body.get("model") != LANCZOS:
            fields |= {"seed": picture.seed, "count": 1}
        return Sent(
            picture=picture.path, fields=fields, model=f"{body.get('model') or ''}|{body.get('device')}"
        )

    async def _resume(self, request: gr.Request) -> AsyncIterator[Updates]:
        """Take up the job of this tab that is not finished, else show what came last."""
        job = await asyncio.to_thread(self.jobs.to_show)
        if job is None:
            yield {self.live: idle_html(self.page)}
            return
        async for updates in self._follow(job.id, request.session_hash or ""):
            yield updates

    async def _follow(self, job_id: str, session: str) -> AsyncIterator[Updates]:
        """Yield what each snapshot changes.

        Gradio repeats what a generator yielded last when it ends, in full: one that was overtaken ends with
        nothing, and any other with the end of its job. Nothing may follow that: while a page is busy, Gradio
        takes out of an update that still waits what the next one does not have.
        """
        before: tuple[Any, ...] = ()
        repeated = False
        try:
            async for snapshot in self.jobs.follow(job_id, session):
                job = snapshot.job
                now = (job.id, job.state, len(job.pictures), len(job.results))
                is_new = before[:1] != now[:1]
                came = now != before or not repeated or job.state not in UNFINISHED
                before, repeated = now, not is_new
                yield await asyncio.to_thread(self._updates, snapshot, came=came, is_new=is_new)
        except LapdrawError as error:  # the program is ending
            yield self._refused(error)
            return
        if not before or before[1] in UNFINISHED:  # overtaken
            yield {self.interrupt: gr.skip()}

    # What is shown

    def _updates(self, snapshot: "Snapshot", *, came: bool, is_new: bool) -> Updates:
        """Return what a snapshot changes; asks the store and the disk, so not for the event loop."""
        updates = self._progress(snapshot)
        return updates | self._came(snapshot.job, is_new=is_new) if came else updates

    def _progress(self, snapshot: "Snapshot") -> Updates:
        is_live = snapshot.job.state in UNFINISHED
        waiting = self.jobs.waiting_beside(snapshot.job.id) if is_live else 0
        return {
            self.live: live_html(self.page, snapshot, waiting),
            # Said each time: a busy browser was seen to lose it where it was said once.
            self.interrupt: gr.Button(interactive=is_live),
            self.skip: gr.Button(interactive=snapshot.job.state == "running"),
        }

    def _came(self, job: "Job", *, is_new: bool) -> Updates:
        """Return what changes only when a job begins, ends, or finishes a picture."""
        failed = job.state == "failed"
        came: Updates = {
            self.error: self._error(job.reason if failed else ""),
            self.report_box: gr.Accordion(visible=failed and bool(job.report)),
            self.report: self.page.words(job.report) if failed else "",
        }
        pictures = [(str(picture.path), self._alt(job, picture)) for picture in pictures_of(job)]
        if pictures or job.state not in UNFINISHED:  # else those of the job before stay in view
            came |= {
                self.gallery: gr.Gallery(
                    value=pictures, visible=bool(pictures), columns=1 if len(pictures) == 1 else 2
                ),
                self.after: gr.Column(visible=bool(pictures)),
                self.details: details_html(self.page, job, chosen_of(job, 0)),
                self.shown: job.id,
            }
        if is_new:
            came |= {self.job: job.id, self.chosen: 0}
        return came

    def _alt(self, job: "Job", picture: "JobPicture") -> str:
        prompt = str(job.spec.body.get("fields", {}).get("prompt", ""))
        if not prompt:
            number = job.pictures.index(picture) + 1
            return self.page.say("panel.picture_alt_bare", number=number, seed=picture.seed)
        short = prompt if len(prompt) <= 80 else f"{prompt[:79]}…"
        return self.page.say("panel.picture_alt", seed=picture.seed, prompt=short)

    def _error(self, reason: str) -> Any:
        return gr.HTML(error_html(self.page, reason), visible=bool(reason))

    def _refused(self, error: LapdrawError) -> Updates:
        return {
            self.error: self._error(str(error)),
            self.report_box: gr.Accordion(visible=False),
            self.report: "",
        }


def pictures_of(job: "Job") -> "tuple[JobPicture, ...]":
    """Return the pictures of a job that are still on the disk."""
    return tuple(picture for picture in job.pictures if picture.path.is_file())


def chosen_of(job: "Job | None", number: int) -> "JobPicture | None":
    """Return the picture of that number in the gallery, the first where there is none; None without any."""
    pictures = pictures_of(job) if job is not None else ()
    return pictures[number if number < len(pictures) else 0] if pictures else None
