"""Grid: a picture for every pair of values of two axes, and the sheet that shows them side by side."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from runtime.errors import InvalidRequest, LapdrawError
from ui.estimate import measured_pace
from ui.grid import read_grid
from ui.page.amounts import bare_html
from ui.page.form import Answer, GenerationForm
from ui.page.grid_axes import ChosenAxes, GridAxes
from ui.page.layout import draw_areas
from ui.page.panel import Asked, RunPanel, pictures_of, pictures_spec
from ui.page.send import Sent
from ui.task_choice import TASKS

if TYPE_CHECKING:
    from ui.jobs import Job
    from ui.page.page import Page

TAB, TASK = "grid", "text-to-image"
MOST_COLUMNS = 8  # of the gallery; the sheet has them all
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "queue": False}


def build(page: "Page") -> None:
    """Draw the tab."""
    form, panel = GenerationForm(page, TAB, TASK), GridPanel(page, TAB, [TASK], grid=True)
    areas = draw_areas(TAB)
    with areas.ask:
        bare_html(f'<p class="ld-hint">{escape(page.say("grid.lead"))}</p>')
        form.prompts()
        axes = GridAxes(page, TAB, TASK)
        count = bare_html("", f"{TAB}-cells")
        panel.buttons()
    with areas.settings:
        form.settings()
    with areas.result:
        panel.draw_sheet()
        panel.results()
    # A grid has one picture for each combination.
    form.by_name["count"].visible = False

    def make(answer: Answer, *values: Any) -> Asked:
        chosen = axes.read(answer.model, values)
        return pictures_spec(page, TASK, base(answer, chosen), grid=chosen.texts)

    def tell(*values: Any) -> str:
        here = len(axes.components)
        try:
            answer = form.answer(values[here:])
            return cells_html(page, answer, axes.read(answer.model, values[:here]))
        except LapdrawError as fault:
            return f'<p class="ld-hint" role="status">{escape(page.words(fault))}</p>'

    def receive(sent: Sent) -> dict[Any, Any]:
        return form.receive(sent.fields, sent.model)

    panel.connect(form, axes.components, make)
    inputs = [*axes.components, *form.components]
    told = [
        form.by_name[name] for name in ("model", "num_inference_steps", "guidance_scale", "width", "height")
    ]
    gr.on(
        [page.tab.select, *(part.change for part in [*axes.components, *told])],
        tell,
        inputs,
        count,
        trigger_mode="always_last",
        **QUIET,
    )
    page.add_receiver(TAB, form.outputs, receive)


def base(answer: Answer, chosen: ChosenAxes) -> Answer:
    """Return what the form says, less what the axes vary."""
    varied = {*chosen.fields, "count"}
    fields = {name: value for name, value in answer.fields.items() if name not in varied}
    return Answer(model=answer.model, device=answer.device, fields=fields)


def cells_html(page: "Page", answer: Answer, chosen: ChosenAxes) -> str:
    """Return how many pictures there will be, and about how long they take where that is known."""
    one = chosen.count == 1
    words = page.say("grid.count_one") if one else page.say("grid.count", count=chosen.count)
    seconds = estimated_seconds(page, answer, chosen)
    if seconds is not None:
        unit, number = _spoken(seconds)
        words = page.say(f"grid.count_{unit}", pictures=words, **{unit: number})
    return f'<p class="ld-hint" role="status">{escape(words)}</p>'


def estimated_seconds(page: "Page", answer: Answer, chosen: ChosenAxes) -> float | None:
    """Return how long the grid takes by what was measured before; None where nothing was."""
    model = page.shelf.find(answer.model)
    pace = measured_pace(page.engine.jobs(limit=100, states=["done"]), answer.model, answer.device)
    if model is None or pace is None:
        return None
    grid = read_grid(chosen.texts, {})
    try:
        first = TASKS[TASK].kind(**{**base(answer, chosen).fields, **grid.cells[0].fields})
        return pace.seconds(grid.requests(first), model.own_size)
    except InvalidRequest:  # it is said when the grid is asked for
        return None


def _spoken(seconds: float) -> tuple[str, str]:
    if seconds < 90:
        return "seconds", f"{max(1, round(seconds))}"
    if seconds < 5400:
        return "minutes", f"{round(seconds / 60)}"
    return "hours", f"{seconds / 3600:.1f}"


class GridPanel(RunPanel):
    """The panel with the sheet above the cells; each cell is labelled with its values."""

    def draw_sheet(self) -> None:
        """Draw where the sheet comes in the end."""
        say = self.page.say
        self.sheet = gr.Image(
            label=say("grid.sheet"),
            interactive=False,
            type="filepath",
            buttons=["fullscreen"],
            visible=False,
            elem_id=f"{self.tab}-sheet",
        )
        self.sheet_download = gr.DownloadButton(
            say("grid.download"), size="sm", visible=False, elem_id=f"{self.tab}-sheet-download"
        )

    @property
    def outputs(self) -> list[Any]:
        """What following a job changes, the sheet too."""
        return [*super().outputs, self.sheet, self.sheet_download]

    def _came(self, job: "Job", *, is_new: bool) -> dict[Any, Any]:
        came = super()._came(job, is_new=is_new)
        place = sheet_of(job)
        path = str(place) if place is not None and place.is_file() else None
        columns = _columns(job)
        came |= {
            self.gallery: gr.update(
                value=[(str(cell.path), cell.label) for cell in pictures_of(job)],
                visible=bool(pictures_of(job)),
                columns=columns,
            ),
            self.sheet: gr.update(value=path, visible=path is not None),
            self.sheet_download: gr.update(value=path, visible=path is not None),
        }
        return came


def sheet_of(job: "Job") -> Path | None:
    """Return where the sheet of a finished grid is."""
    for result in reversed(job.results):
        grid = result.get("grid")
        if isinstance(grid, Mapping) and isinstance(grid.get("path"), str):
            return Path(grid["path"])
    return None


def _columns(job: "Job") -> int:
    try:
        columns = len(read_grid(job.spec.body["grid"], {}).columns.labels)
    except (InvalidRequest, KeyError, IndexError):  # a job of another version
        return 2
    return max(1, min(columns, MOST_COLUMNS))
