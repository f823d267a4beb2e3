"""Benchmark: the quick one as a job, and the reports of all that were run."""

from datetime import datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from runtime.errors import InvalidRequest, LapdrawError
from runtime.placement import names_pytorch
from ui.benchmark_records import FoundRecord, find_records, quick_seconds, report_of
from ui.installed import brings_cuda, install_bytes, is_setup_unfinished
from ui.jobs import JobSpec
from ui.page.amounts import bare_html, note_html, section_html, size_words, time_words
from ui.page.long_job import QUIET, LongJob, Updates
from ui.page.pickers import Choice, ModelPicker, split_choice

if TYPE_CHECKING:
    from ui.jobs import Job
    from ui.page.page import Page

TAB = "benchmark"
PEERS = "pytorch,optimum,genai"
STORED_BYTES = {"fp32": 4, "fp16": 2, "int8": 1}


class BenchmarkPicker(ModelPicker):
    """Models on OpenVINO's devices: PyTorch is what they are compared with."""

    def choices(self) -> list[Choice]:
        """Return what can be measured now."""
        return [choice for choice in super().choices() if not names_pytorch(choice.device)]


def build(page: "Page") -> None:
    """Draw the tab."""
    say = page.say
    gr.Markdown(say("benchmark.lead"), elem_id=f"{TAB}-lead")
    job = LongJob(
        page,
        TAB,
        "benchmark",
        phase_words=lambda phase: phase,
        done_words=lambda job: say("benchmark.done"),
    )
    with gr.Row(elem_id=f"{TAB}-columns"):
        with gr.Column(min_width=300, elem_id=f"{TAB}-form"):
            picker = BenchmarkPicker(page, TAB, "text-to-image")
            peers = gr.Checkbox(
                value=False, label=say("benchmark.peers"), info=_peers_info(page), elem_id=f"{TAB}-peers"
            )
            takes = bare_html(takes_html(page, picker.component.value, False), f"{TAB}-takes")
            gr.Markdown(say("benchmark.more"), elem_id=f"{TAB}-more")
        with gr.Column(min_width=300, elem_id=f"{TAB}-progress"):
            job.buttons(say("benchmark.start"))
            job.draw()
    shelf = _Reports(page)
    shelf.draw()

    def submit(choice: str | None, with_peers: bool) -> "Job":
        return page.engine.submit(make_spec(page, choice, with_peers))

    def result(done: "Job | None") -> Updates:
        return {} if done is None else dict(zip(shelf.outputs, shelf.show_newest(done), strict=True))

    job.connect([picker.component, peers], submit, shelf.outputs, result)
    asked = [picker.component, peers]
    gr.on(
        [picker.component.change, peers.input],
        lambda choice, with_peers: takes_html(page, choice, with_peers),
        asked,
        takes,
        queue=False,
        **QUIET,
    )
    page.demo.load(lambda: gr.update(info=_peers_info(page)), None, peers, **QUIET)


def make_spec(page: "Page", choice: str | None, with_peers: bool) -> JobSpec:
    """Return the job; raises InvalidRequest without a model."""
    model, device = split_choice(choice)
    if not model:
        raise InvalidRequest(page.say("benchmark.model_none"))
    body: dict[str, Any] = {"quick": True, "model": model, "device": device}
    if with_peers:
        if is_setup_unfinished():
            raise InvalidRequest(page.say("optimize.setup_unfinished"))
        body["peers"] = PEERS
        if brings_cuda(TAB):
            body["cpu_pytorch"] = True
    return JobSpec(kind="benchmark", title=page.say("benchmark.title", name=model), body=body)


def frame_html(page: "Page", report: str) -> str:
    """Return a report in a frame of its own: no script runs in it, nothing is loaded, no form is sent."""
    title = escape(page.say("benchmark.report"))
    return f'<iframe class="ld-report" title="{title}" sandbox="" srcdoc="{escape(report)}"></iframe>'


class _Reports:
    """The reports of the data folder: one is shown."""

    def __init__(self, page: "Page") -> None:
        self.page = page

    def draw(self) -> None:
        say = self.page.say
        bare_html(section_html(say("benchmark.report")))
        found = find_records(self.page.data)
        with gr.Row(elem_id=f"{TAB}-record-row", elem_classes="ld-end"):
            self.record = gr.Dropdown(
                choices=self._choices(found),
                value=found[0].key if found else None,
                label=say("benchmark.records"),
                info=say("benchmark.report_info"),
                scale=3,
                min_width=220,
                elem_id=f"{TAB}-record",
            )
            self.open = gr.Button(say("benchmark.open"), scale=1, min_width=120, elem_id=f"{TAB}-open")
            self.save = gr.DownloadButton(
                say("benchmark.save"), visible=False, scale=1, min_width=160, elem_id=f"{TAB}-save"
            )
        self.frame = bare_html(note_html(say("benchmark.report_none")) if not found else "", f"{TAB}-frame")
        self.open.click(self._open, self.record, [self.frame, self.save], **QUIET)
        self.page.demo.load(self._refresh, self.record, self.record, **QUIET)

    @property
    def outputs(self) -> list[Any]:
        return [self.record, self.frame, self.save]

    def show_newest(self, job: "Job") -> list[Any]:
        """Return the updates that show what a job has measured."""
        key = Path(str(job.results[-1].get("record", ""))).parent.name if job.results else None
        return [self._refresh(key), *self._open(key)]

    def _refresh(self, key: str | None) -> Any:
        found = find_records(self.page.data)
        keys = [record.key for record in found]
        return gr.update(choices=self._choices(found), value=key if key in keys else next(iter(keys), None))

    def _open(self, key: str | None) -> list[Any]:
        hidden = gr.update(visible=False)
        if not key:
            return [note_html(self.page.say("benchmark.report_none")), hidden]
        try:
            report = report_of(key, self.page.data)
        except LapdrawError as error:
            return [note_html(self.page.words(error), "bad"), hidden]
        return [frame_html(self.page, report.text), gr.update(value=str(report.path), visible=True)]

    def _choices(self, found: tuple[FoundRecord, ...]) -> list[tuple[str, str]]:
        return [(self._label(record), record.key) for record in found]

    def _label(self, record: FoundRecord) -> str:
        created = local_time(record.created)
        label = self.page.say(
            "benchmark.record", created=created, model=record.model, size=record.size, steps=record.steps
        )
        return f"{label} · {self.page.say('benchmark.laptop')}" if record.isa == "avx2" else label


def local_time(told: str) -> str:
    """Return when a record was made as the clock here showed it; as it is told where it cannot be read."""
    try:
        return datetime.fromisoformat(told.replace("Z", "+00:00")).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return told


def _peers_info(page: "Page") -> str:
    kept, _ = install_bytes(TAB, cpu_pytorch=True)
    return (
        page.say("benchmark.peers_install", size=size_words(kept))
        if kept
        else page.say("benchmark.peers_info")
    )


def takes_html(page: "Page", choice: str | None, with_peers: bool) -> str:
    """Return how long it will take, nothing where no model is chosen."""
    model = page.shelf.find(split_choice(choice)[0])
    if model is None or model.folder.kind != "openvino":
        return ""
    folder = model.folder
    bytes_each = STORED_BYTES.get(folder.precision, 2)
    weights = folder.ir("unet").with_suffix(".bin").stat().st_size // bytes_each
    factor = folder.vae_scale_factor
    pixels = (folder.default_width // factor) * (folder.default_height // factor)
    seconds = quick_seconds(weights, pixels, with_peers=with_peers)
    return note_html(page.say("benchmark.takes", time=time_words(page, seconds)))
