"""Inpaint and outpaint: a part of a picture repainted, or the picture continued beyond its sides.

Both share the picture, the form and the panel; the style sheet shows the controls of the one that is chosen.
"""

from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr

from runtime.picture_requests import STRENGTH
from runtime.repaint_requests import PIXELS, Inpaint, Outpaint
from ui.generate_options import SIDES
from ui.page import sizes
from ui.page.amounts import bare_html
from ui.page.extra_fields import ExtraFields, receiver_of
from ui.page.form import Answer, GenerationForm
from ui.page.layout import draw_areas
from ui.page.mask_controls import MaskControls
from ui.page.panel import Asked, InvalidRequest, RunPanel, pictures_spec
from ui.page.picture_input import PictureInput, note
from ui.page.send import Sent

if TYPE_CHECKING:
    from ui.page.page import Page

TAB, INPAINT, OUTPAINT = "inpaint", "inpaint", "outpaint"
SIDE_SHOWN = 64  # pixels that the right side offers at first


class InpaintTab:
    """The tab's controls, and what they ask for."""

    def __init__(self, page: "Page") -> None:
        self.page = page
        self.form = GenerationForm(page, TAB, INPAINT, size=sizes.PICTURE)
        self.panel = RunPanel(page, TAB, [INPAINT, OUTPAINT])
        self.inpaint = ExtraFields(page=page, tab=TAB, texts="inpaint")
        self.outpaint = ExtraFields(page=page, tab=f"{TAB}-outpaint", texts="inpaint")

    # Drawing

    def draw(self) -> None:
        """Draw the areas."""
        say = self.page.say
        areas = draw_areas(TAB)
        with areas.ask:
            self.task = gr.Radio(
                choices=[(say(f"inpaint.task.{task}"), task) for task in (INPAINT, OUTPAINT)],
                value=INPAINT,
                label=say("inpaint.task"),
                elem_id=f"{TAB}-task",
            )
            self.picture = PictureInput(self.page, TAB, label=say("picture_input.picture"))
            with gr.Column(elem_id=f"{TAB}-inpaint-mask"):
                self.masks = MaskControls(self.page, TAB)
            with gr.Column(elem_id=f"{TAB}-outpaint-sides"):
                self._draw_sides()
            self.form.prompts()
            self.panel.buttons()
        with areas.settings:
            with gr.Column(elem_id=f"{TAB}-inpaint-settings"):
                self._draw_settings()
            with gr.Column(elem_id=f"{TAB}-outpaint-settings"):
                self.outpaint.number("mask_blur", value=Outpaint.mask_blur, bounds=PIXELS)
            self.form.settings()
        with areas.result:
            self.panel.results()

    def _draw_sides(self) -> None:
        bare_html(
            f'<p class="ld-hint">{escape(self.page.say("inpaint.sides_info"))}</p>', f"{TAB}-sides-info"
        )
        for pair in (SIDES[:2], SIDES[2:]):
            with gr.Row():
                for side in pair:
                    value = SIDE_SHOWN if side == "right" else 0
                    self.outpaint.number(side, value=value, bounds=PIXELS)
        self.extended = bare_html("", f"{TAB}-extended")

    def _draw_settings(self) -> None:
        extra = self.inpaint
        extra.slider("strength", value=Inpaint.strength, low=0.05, top=1, step=0.05, bounds=STRENGTH)
        with gr.Row():
            extra.number("mask_blur", value=Inpaint.mask_blur, bounds=PIXELS)
            extra.number("padding", value=Inpaint.padding, bounds=PIXELS)
        extra.tick("only_masked")
        extra.tick("invert_mask")

    # What is asked

    @property
    def inputs(self) -> list[Any]:
        """What `make` takes beside the form's answer."""
        return [
            *(self.task, self.picture.file),
            *(*self.masks.components, *self.inpaint.components, *self.outpaint.components),
        ]

    def make(self, answer: Answer, task: str, path: str | None, *values: Any) -> Asked:
        """Return the job; raises InvalidRequest."""
        image, size = self.picture.required(path)
        first = len(self.masks.components)
        second = first + len(self.inpaint.components)
        if task == OUTPAINT:
            return self._outpaint(answer, image, values[second:])
        more = self.inpaint.fields(values[first:second])
        if not more["only_masked"]:
            del more["padding"]
        pictures = {"image": image, "mask": self.masks.mask(values[:first], size)}
        return pictures_spec(self.page, INPAINT, answer, more=more, pictures=pictures)

    def _outpaint(self, answer: Answer, image: Any, values: tuple[Any, ...]) -> Asked:
        more = self.outpaint.fields(values)
        if not any(more[side] for side in SIDES):
            raise InvalidRequest(self.page.say("inpaint.no_side"))
        for side in ("width", "height"):  # they follow from the sides
            answer.fields.pop(side, None)
        return pictures_spec(self.page, OUTPAINT, answer, more=more, pictures={"image": image})

    # Events

    def connect(self) -> None:
        """Connect everything, and let other tabs send here."""
        sides = [self.outpaint.by_name[side] for side in SIDES]
        self.panel.connect(self.form, self.inputs, self.make)
        self.picture.connect(self.masks.follow, self.masks.outputs)
        self.masks.picture.connect()
        self.picture.connect_size(self._extended, sides, self.extended)
        outputs = [*self.form.outputs, *self.inpaint.components, *self.outpaint.components, self.task]
        self.picture.connect_settings(outputs, lambda said: self._receive_fields(said.fields, said.model))
        self.page.add_receiver(TAB, [*self.picture.outputs, *self.masks.outputs, *outputs], self._receive)

    def _extended(self, size: tuple[int, int] | None, *pixels: int | None) -> str:
        left, right, top, bottom = (side or 0 for side in pixels)
        if size is None:
            return ""
        width, height = size
        new = {"new_width": width + left + right, "new_height": height + top + bottom}
        return note(self.page.say("inpaint.extended", width=width, height=height, **new))

    def _receive(self, sent: Sent) -> dict[Any, Any]:
        return self.picture.receive(sent.picture) | self._receive_fields(sent.fields, sent.model)

    def _receive_fields(self, fields: Any, model: str | None) -> dict[Any, Any]:
        updates = receiver_of(self.form, self.inpaint)(fields, model)
        if any(fields.get(side) for side in SIDES):
            return updates | self.outpaint.receive(fields) | {self.task: OUTPAINT}
        return updates


def build(page: "Page") -> None:
    """Draw the tab."""
    tab = InpaintTab(page)
    tab.draw()
    tab.connect()
