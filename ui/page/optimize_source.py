"""What is to be optimized: which source, at which precision, under which name, and what that takes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from runtime.errors import InvalidRequest, LapdrawError
from runtime.quantization import OFFERED, QUANTIZED
from ui.installed import brings_cuda, install_bytes, is_setup_unfinished
from ui.jobs import Job, JobSpec
from ui.jobs.command_plan import FILE, FOLDER, HUB, TAKEN
from ui.model_store import propose_name, require_model_name
from ui.page.amounts import bare_html, note_html, size_words
from ui.page.long_job import QUIET
from ui.page.optimize_needs import needs_html
from ui.page.origin import Chosen
from ui.page.origin_file import FileOrigin
from ui.page.origin_folder import FolderOrigin
from ui.page.origin_hub import HubOrigin
from ui.page.origin_more import MoreFields

if TYPE_CHECKING:
    from ui.page.page import Page

TAB = "optimize"


class SourceForm:
    """The form. Each origin has its fields in a column of its own, of which one is in view."""

    def __init__(self, page: "Page") -> None:
        self.page = page
        self.folder, self.hub, self.file = FolderOrigin(page), HubOrigin(page), FileOrigin(page)
        self.more = MoreFields(page)

    def draw(self) -> None:
        """Draw the form."""
        say = self.page.say
        self.origin = gr.Radio(
            choices=[(say(f"origins.origin.{name}"), name) for name in TAKEN],
            value=FOLDER,
            label=say("origins.origin"),
            elem_id=f"{TAB}-origin",
        )
        self.columns = []
        for name, fields in ((FOLDER, self.folder), (HUB, self.hub), (FILE, self.file)):
            with gr.Column(visible=name == FOLDER, elem_id=f"{TAB}-origin-{name}") as column:
                fields.draw()
            self.columns.append(column)
        self.more.draw()
        self.precision = gr.Radio(
            choices=[(say(f"optimize.precision.{name}"), name) for name in OFFERED],
            value="fp16",
            label=say("optimize.precision"),
            info=say("optimize.precision_info"),
            elem_id=f"{TAB}-precision",
        )
        first = self.folder.first
        proposed = propose_name(first.name, "fp16", self.page.data) if first is not None else ""
        self.name = gr.Textbox(value=proposed, label=say("optimize.name"), max_lines=1, elem_id=f"{TAB}-name")
        self.proposed = gr.State(proposed)
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
        """What `submit` takes the values of; only there is the token among them."""
        return [self.name, self.hub.token, *self._asked]

    @property
    def _asked(self) -> list[Any]:
        """What `_chosen` takes the values of, after two others."""
        fields = [*self.folder.inputs, *self.hub.inputs, *self.file.inputs, *self.more.inputs]
        return [self.precision, self.cpu_pytorch, self.origin, *fields]

    def connect(self, start: Any, ended: Any) -> None:
        """Bind the parts to each other: `start` is the button, `ended` the event after a job."""
        chosen = [self.name, self.proposed, *self._asked]
        changed = [self.name, self.proposed, self.needs, start, self.cpu_pytorch]
        gr.on(
            [
                *self.folder.changes,
                *self.hub.changes,
                *self.file.changes,
                *self.more.changes,
                *(self.precision.input, self.cpu_pytorch.input, self.page.demo.load),
            ],
            self._look,
            chosen,
            changed,
            trigger_mode="always_last",
            **QUIET,
        )
        files = [self.file.file, self.file.unusable]
        for event in (
            ended,
            self.folder.connect(),
            self.file.again.click(self.file.refresh, self.file.file, files, **QUIET),
            self.origin.input(
                self._switch,
                [self.origin, self.file.file],
                [*self.columns, self.more.box, self.more.prediction, *files],
                **QUIET,
            ),
        ):
            event.then(self._look, chosen, changed, **QUIET)
        self.hub.connect()
        self.more.connect()

    # What is asked

    def submit(self, name: str | None, token: str | None, *asked: Any) -> Job:
        """Put the job in the line; raises InvalidRequest or ModelFolderError for what cannot be optimized."""
        spec = self.spec(name, *asked)
        typed = self.hub.token_of(token) if spec.body.get("origin") == HUB else ""
        return self.page.engine.submit(spec, token=typed)

    def spec(self, name: str | None, precision: str, cpu_pytorch: bool, *fields: Any) -> JobSpec:
        """Return the job; raises likewise."""
        if is_setup_unfinished():
            raise InvalidRequest(self.page.say("optimize.setup_unfinished"))
        chosen = self._chosen(precision, *fields)
        name = require_model_name((name or "").strip())
        if (self.page.data / "models" / name).exists():
            raise InvalidRequest(self.page.say("optimize.name_taken", name=name))
        if precision not in OFFERED:
            raise InvalidRequest(f"precision must be one of {', '.join(OFFERED)}, got {precision!r}")
        body: dict[str, Any] = {**chosen.body, "precision": precision, "name": name}
        if brings_cuda(TAB) and cpu_pytorch:
            body["cpu_pytorch"] = True
        return JobSpec(kind="optimize", title=self.page.say("optimize.title", name=name), body=body)

    def _chosen(self, precision: str, origin: str, *fields: Any) -> Chosen:
        """Return the source; raises LapdrawError where there is none, or one that cannot be."""
        groups = (self.folder.inputs, self.hub.inputs, self.file.inputs, self.more.inputs)
        folder, hub, file, (vae_key, vae_path, prediction) = _split(fields, [len(group) for group in groups])
        if origin == HUB:
            return self.hub.choose(*hub)
        vae = self.more.chosen_vae(vae_key, vae_path)
        if origin == FILE:
            (key, path) = file
            return self.file.choose(key, path, prediction, vae)
        (key, path) = folder
        return self.folder.choose(key, path, precision, vae)

    # Events

    def _switch(self, origin: str, key: str | None) -> list[Any]:
        """Show the fields of one origin, with files looked for now."""
        files = self.file.refresh(key) if origin == FILE else [gr.skip(), gr.skip()]
        columns = [gr.update(visible=name == origin) for name in (FOLDER, HUB, FILE)]
        return [*columns, gr.update(visible=origin != HUB), gr.update(visible=origin == FILE), *files]

    def _look(self, name: str, proposed: str, precision: str, cpu_pytorch: bool, *fields: Any) -> list[Any]:
        """Propose a name and say what it will need."""
        is_hub = fields[0] == HUB
        box = gr.update(visible=brings_cuda(TAB))
        try:
            chosen = self._chosen(precision, *fields)
            if chosen.needs is None:
                shown = self.hub.needs_html(chosen, cpu_pytorch)
            else:
                needs = chosen.needs(precision)
                shown = needs_html(self.page, needs, group=chosen.group, cpu_pytorch=cpu_pytorch)
        except LapdrawError as error:
            start = gr.update(value=self._start_words(is_hub, TAB))
            return [gr.skip(), gr.skip(), note_html(self.page.words(error), "bad"), start, box]
        start = gr.update(value=self._start_words(is_hub, chosen.group))
        is_as_named = chosen.is_as_named and precision not in QUANTIZED  # which makes another model of it
        proposal = propose_name(chosen.name, "" if is_as_named else precision, self.page.data)
        name = proposal if name in ("", None, proposed) else name
        return [name, proposal, shown, start, box]

    def _start_words(self, is_hub: bool, group: str) -> str:
        missing = install_bytes(group, cpu_pytorch=False)[0] > 0
        return self.page.say(
            "origins.start_hub" if is_hub else "optimize.start_install" if missing else "optimize.start"
        )


def _split(values: Sequence[Any], lengths: Sequence[int]) -> list[Sequence[Any]]:
    """Cut the values of all fields into those of each group."""
    groups, begin = [], 0
    for length in lengths:
        groups.append(values[begin : begin + length])
        begin += length
    return groups
