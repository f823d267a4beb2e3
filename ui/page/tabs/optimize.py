"""Optimize: a folder, a file or a model of the Hub becomes one of this computer; below it the installed."""

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from ui.jobs.command_plan import HUB
from ui.page.amounts import bare_html, table_html
from ui.page.fidelity import component_words, quantization_html, share_words
from ui.page.installed_models import InstalledModels
from ui.page.long_job import QUIET, LongJob, Updates
from ui.page.optimize_source import TAB, SourceForm
from ui.page.remedies import remedy_html
from ui.page.send import Sent

if TYPE_CHECKING:
    from ui.jobs import Job
    from ui.page.page import Page

ERROR_PRECISIONS = ("fp32", "fp16")
# The tab where a new model is used, by the first task that it can do.
TABS_OF_TASKS = {
    "text-to-image": "text-to-image",
    "inpaint": "inpaint",
    "depth-to-image": "depth",
    "upscale": "upscale",
    "unconditional": "unconditional",
}


def build(page: "Page") -> None:
    """Draw the tab."""
    say = page.say
    gr.Markdown(f"{say('optimize.lead')} {say('optimize.how_to')}", elem_id=f"{TAB}-lead")
    form = SourceForm(page)
    job = LongJob(
        page,
        TAB,
        "optimize",
        phase_words=lambda phase: phase_words(page, phase),
        done_words=lambda job: say("optimize.done", name=job.spec.body["name"]),
        cancelled_words=lambda job: _cancelled_words(page, job),
        remedy_html=lambda reason: remedy_html(page, reason),
    )
    with gr.Row(elem_id=f"{TAB}-columns"):
        with gr.Column(min_width=300, elem_id=f"{TAB}-form"):
            form.draw()
        with gr.Column(min_width=300, elem_id=f"{TAB}-progress"):
            form.draw_needs()
            job.buttons(say("optimize.start"))
            job.draw()
            errors = bare_html("", f"{TAB}-errors")
            use = gr.Button(say("optimize.use"), visible=False, variant="primary", elem_id=f"{TAB}-use")
    models = InstalledModels(page)
    models.draw()

    def result(done: "Job | None") -> Updates:
        return {errors: errors_html(page, done), use: gr.update(visible=done is not None)}

    ended = job.connect(form.inputs, form.submit, [errors, use], result)
    for event in ended:
        event.then(models.refresh, models.model, models.outputs, **QUIET)
        page.refresh_models_after(event)
    form.connect(job.start, ended[0])
    page.when_complete(lambda: _connect_use(page, use, job.job))


def _connect_use(page: "Page", use: Any, job: Any) -> None:
    """Let the button choose the new model in the tab of what it can do, and go there."""
    receivers = page.receivers
    components = dict.fromkeys(part for receiver in receivers.values() for part in receiver.components)

    def go(job_id: str) -> dict[Any, Any]:
        name = str(page.engine.get(job_id).spec.body["name"]) if job_id else ""
        model = page.shelf.find(name)
        tab = TABS_OF_TASKS.get(model.folder.tasks[0], "") if model is not None else ""
        if tab not in receivers:
            gr.Warning(page.say("optimize.gone", name=name))
            return {page.tabs: gr.skip()}
        return {page.tabs: gr.Tabs(selected=tab), **receivers[tab].receive(Sent(model=name))}

    use.click(go, job, [page.tabs, *components], queue=False, **QUIET)


def phase_words(page: "Page", phase: str) -> str:
    """Return a phase of `optimize` ("exporting unet") in the page's language; as it is if it is not known."""
    verb, _, what = phase.partition(" ")
    for key, values in ((phase, {}), (verb, {"what": what})):
        if page.texts.knows(f"optimize.phase.{key}"):
            return page.say(f"optimize.phase.{key}", **values)
    return page.words(phase)  # what is said of a download


def _cancelled_words(page: "Page", job: "Job") -> str:
    is_hub = job.spec.body.get("origin") == HUB and job.started is not None
    return page.say("origins.cancelled_hub" if is_hub else "long_job.cancelled")


def errors_html(page: "Page", job: "Job | None") -> str:
    """Return the table of how far each component of the new model is from PyTorch."""
    found = job.results[-1].get("errors", {}) if job is not None and job.results else {}
    if not found:
        return ""
    say = page.say
    precisions = [name for name in ERROR_PRECISIONS if any(name in errors for errors in found.values())]
    rows = [
        (component_words(page, name), *(share_words(errors.get(precision)) for precision in precisions))
        for name, errors in found.items()
    ]
    caption = say("optimize.errors")
    head = (say("optimize.component"), *(name.upper() for name in precisions))
    path = Path(str(job.results[-1].get("path", ""))).name if job is not None else ""
    heading = f'<h3 class="ld-heading">{escape(caption)}: {escape(path)}</h3>'
    hint = f'<p class="ld-hint">{escape(say("optimize.errors_info"))}</p>'
    made = job.results[-1].get("quantization") if job is not None else None
    return heading + hint + table_html(head, rows, caption=caption) + quantization_html(page, made)
