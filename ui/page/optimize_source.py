"""What is to be optimized: which source, at which precision, under which name, and what that takes."""

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from runtime.errors import InvalidRequest, LapdrawError, ModelFolderError
from runtime.model_folder import ModelFolder
from ui.installed import brings_cuda, install_bytes, is_setup_unfinished
from ui.jobs import JobSpec
from ui.model_sources import FoundSource, find_sources, open_source_folder, source_of
from ui.model_store import propose_name, require_model_name
from ui.optimize_command import PRECISIONS
from ui.optimize_forecast import Forecast, forecast
from ui.page.amounts import bare_html, note_html, size_words, table_html, time_words
from ui.page.long_job import QUIET

if TYPE_CHECKING:
    from ui.jobs import Job
    from ui.page.page import Page

TAB = "optimize"


class SourceForm:
    """The form. A further origin (a Hub id with its token, a single file) is a component more in the column
    of origins, and a branch more of `_chosen`.
    """

    def __init__(self, page: "Page") -> None:
        self.page = page

    def draw(self) -> None:
        """Draw the form."""
        say = self.page.say
        found = find_sources(self.page.data)
        with gr.Column(elem_id=f"{TAB}-origins"):
            with gr.Row(elem_id=f"{TAB}-source-row", elem_classes="ld-end"):
                self.source = gr.Dropdown(
                    choices=self._choices(found),
                    value=_first(found),
                    label=say("optimize.source"),
                    info=say("optimize.source_info" if _first(found) else "optimize.source_none"),
                    scale=4,
                    min_width=200,
                    elem_id=f"{TAB}-source",
                )
                self.refresh = gr.Button(
                    say("optimize.refresh"), scale=1, min_width=90, elem_id=f"{TAB}-refresh"
                )
            self.folder = gr.Textbox(
                label=say("optimize.folder"),
                info=say("optimize.folder_info"),
                visible=self.page.may_name_folders,
                max_lines=1,
                elem_id=f"{TAB}-folder",
            )
            self.unusable = bare_html(self._unusable(found), f"{TAB}-unusable")
        self.precision = gr.Radio(
            choices=[(say(f"optimize.precision.{name}"), name) for name in PRECISIONS],
            value="fp16",
            label=say("optimize.precision"),
            info=say("optimize.precision_info"),
            elem_id=f"{TAB}-precision",
        )
        self.name = gr.Textbox(
            value=self._proposal(found, "fp16"),
            label=say("optimize.name"),
            max_lines=1,
            elem_id=f"{TAB}-name",
        )
        self.proposed = gr.State(self._proposal(found, "fp16"))
        saved = install_bytes(TAB, cpu_pytorch=False)[0] - install_bytes(TAB, cpu_pytorch=True)[0]
        self.cpu_pytorch = gr.Checkbox(
            value=True,
            label=say("optimize.cpu_pytorch"),
            info=say("optimize.cpu_pytorch_info", size=size_words(saved)),
            visible=brings_cuda(TAB),
            elem_id=f"{TAB}-cpu-pytorch",
        )

    def draw_needs(self) -> None:
        """Draw what it will need."""
        self.needs = bare_html("", f"{TAB}-needs")

    @property
    def inputs(self) -> list[Any]:
        """What `spec` takes the values of."""
        return [self.source, self.folder, self.precision, self.name, self.cpu_pytorch]

    def connect(self, start: Any, ended: Any) -> None:
        """Bind the parts to each other: `start` is the button, `ended` the event after a job."""
        chosen = [self.source, self.folder, self.precision, self.name, self.proposed, self.cpu_pytorch]
        changed = [self.name, self.proposed, self.needs, start, self.cpu_pytorch]
        gr.on(
            [
                *(self.source.input, self.folder.blur, self.folder.submit),
                *(self.precision.input, self.cpu_pytorch.input, self.page.demo.load),
            ],
            self._look,
            chosen,
            changed,
            trigger_mode="always_last",
            **QUIET,
        )
        ended.then(self._look, chosen, changed, **QUIET)
        self.refresh.click(self._refresh, self.source, [self.source, self.unusable], **QUIET).then(
            self._look, chosen, changed, **QUIET
        )

    # What is asked

    def spec(
        self, key: str | None, folder: str | None, precision: str, name: str | None, cpu_pytorch: bool
    ) -> JobSpec:
        """Return the job; raises InvalidRequest or ModelFolderError for what cannot be optimized."""
        if is_setup_unfinished():
            raise InvalidRequest(self.page.say("optimize.setup_unfinished"))
        _, path = self._chosen(key, folder)
        open_source_folder(path, precision)
        name = require_model_name((name or "").strip())
        if (self.page.data / "models" / name).exists():
            raise InvalidRequest(self.page.say("optimize.name_taken", name=name))
        if precision not in PRECISIONS:
            raise InvalidRequest(f"precision must be one of {', '.join(PRECISIONS)}, got {precision!r}")
        body: dict[str, Any] = {"source": str(path.resolve()), "precision": precision, "name": name}
        if brings_cuda(TAB) and cpu_pytorch:
            body["cpu_pytorch"] = True
        return JobSpec(kind="optimize", title=self.page.say("optimize.title", name=name), body=body)

    def _chosen(self, key: str | None, folder: str | None) -> tuple[str, Path]:
        """Return the name and the folder of the source; a folder only from whoever may name one."""
        folder = (folder or "").strip()
        if self.page.may_name_folders and folder:
            path = Path(folder).expanduser()
            return path.resolve().name, path
        if not key:
            raise InvalidRequest(self.page.say("optimize.no_source"))
        found = source_of(key, self.page.data)
        return found.name, found.path

    # Events

    def _refresh(self, key: str | None) -> tuple[Any, str]:
        found = find_sources(self.page.data)
        keys = [source.key for source in found if not source.error]
        choice = key if key in keys else _first(found)
        info = self.page.say("optimize.source_info" if choice else "optimize.source_none")
        return gr.update(choices=self._choices(found), value=choice, info=info), self._unusable(found)

    def _look(
        self, key: str | None, folder: str, precision: str, name: str, proposed: str, cpu_pytorch: bool
    ) -> list[Any]:
        """Propose a name and say what it will need."""
        missing = install_bytes(TAB, cpu_pytorch=False)[0] > 0
        start = gr.update(value=self.page.say("optimize.start_install" if missing else "optimize.start"))
        box = gr.update(visible=brings_cuda(TAB))
        try:
            source, path = self._chosen(key, folder)
            model = open_source_folder(path, precision)
            expected = self._forecast(model, precision, cpu_pytorch)
        except LapdrawError as error:
            return [gr.skip(), gr.skip(), note_html(self.page.words(error), "bad"), start, box]
        proposal = propose_name(source, precision, self.page.data)
        name = proposal if name in ("", None, proposed) else name
        return [name, proposal, self.needs_html(expected), start, box]

    def _forecast(self, model: ModelFolder, precision: str, cpu_pytorch: bool) -> Forecast:
        jobs = self.page.engine.jobs(limit=200, states=("done",))
        earlier = [measured for job in jobs if (measured := _measured(job)) is not None]
        return forecast(model, precision, self.page.data, earlier=earlier[:5], cpu_pytorch=cpu_pytorch)

    # What is shown

    def needs_html(self, expected: Forecast) -> str:
        """Return the table of what it will need, and in red what does not fit."""
        say = self.page.say
        needs = expected.needs
        free_memory = expected.memory_free
        known = say("optimize.needs.free", size=size_words(free_memory or 0))
        by = say("optimize.needs.here" if expected.is_measured_here else "optimize.needs.elsewhere")
        rows = [
            (
                say("optimize.needs.disk"),
                size_words(expected.disk_needed),
                say("optimize.needs.free", size=size_words(expected.disk_free)),
            ),
            (say("optimize.needs.kept"), size_words(needs.model_bytes), ""),
            (
                say("optimize.needs.memory"),
                size_words(needs.memory_bytes),
                known if free_memory is not None else say("optimize.needs.unknown"),
            ),
            (say("optimize.needs.time"), time_words(self.page, expected.seconds), by),
        ]
        if expected.install_bytes:
            size = size_words(expected.install_bytes)
            rows.append((say("optimize.needs.install"), size, say("optimize.needs.pytorch")))
        faults = ""
        if expected.lacks_disk:
            needed, free = size_words(expected.disk_needed), size_words(expected.disk_free)
            faults += note_html(say("optimize.lacks_disk", needed=needed, free=free), "bad")
        if expected.lacks_memory:
            needed, free = size_words(needs.memory_bytes), size_words(free_memory or 0)
            faults += note_html(say("optimize.lacks_memory", needed=needed, free=free), "bad")
        caption = say("optimize.needs")
        heading = f'<h3 class="ld-heading">{escape(caption)}</h3>'
        return heading + table_html(("", "", ""), rows, caption=caption) + faults

    def _choices(self, found: tuple[FoundSource, ...]) -> list[tuple[str, str]]:
        return [
            (f"{source.name} ({self.page.say(f'optimize.place.{source.place}')})", source.key)
            for source in found
            if not source.error
        ]

    def _unusable(self, found: tuple[FoundSource, ...]) -> str:
        rows = "".join(
            f"<li>{escape(source.name)}: {escape(source.error)}</li>" for source in found if source.error
        )
        if not rows:
            return ""
        heading = escape(self.page.say("optimize.unusable"))
        return f'<details class="ld-unusable"><summary>{heading}</summary><ul>{rows}</ul></details>'

    def _proposal(self, found: tuple[FoundSource, ...], precision: str) -> str:
        first = next((source for source in found if not source.error), None)
        return propose_name(first.name, precision, self.page.data) if first else ""


def _first(found: tuple[FoundSource, ...]) -> str | None:
    return next((source.key for source in found if not source.error), None)


def _measured(job: "Job") -> tuple[int, float] | None:
    """Return the weights and the seconds of an optimization that was done here, while its source is there."""
    from runtime.export_needs import source_numbers

    seconds = job.results[-1].get("seconds") if job.results else None
    if job.spec.kind != "optimize" or not isinstance(seconds, float | int):
        return None
    try:
        source = ModelFolder(Path(job.spec.body["source"]))
        return sum(source_numbers(source).values()), float(seconds)
    except ModelFolderError:  # it was moved or deleted since
        return None
