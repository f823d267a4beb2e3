"""Image to image: a picture changed by a prompt, and variations of it by what it says of itself."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from runtime.image_fit import RESIZE_MODES
from runtime.picture_requests import STRENGTH
from ui.page import sizes
from ui.page.amounts import bare_html
from ui.page.control_section import ControlSection
from ui.page.extra_fields import ExtraFields, receiver_of
from ui.page.form import Answer, GenerationForm
from ui.page.layout import draw_areas
from ui.page.panel import Asked, RunPanel, pictures_spec
from ui.page.picture_input import PictureInput
from ui.page.send import Sent
from ui.variations import DEFAULTS, TAKEN

if TYPE_CHECKING:
    from ui.page.page import Page

TAB, TASK = "image-to-image", "image-to-image"


def build(page: "Page") -> None:
    """Draw the tab."""
    say = page.say
    form = GenerationForm(page, TAB, TASK, size=sizes.PICTURE)
    panel = RunPanel(page, TAB, [TASK])
    extra = ExtraFields(page=page, tab=TAB, texts="picture_input")
    controls = ControlSection(page, TAB)
    areas = draw_areas(TAB)
    with areas.ask:
        picture = PictureInput(page, TAB, label=say("picture_input.picture"))
        form.prompts()
        extra.slider("strength", value=0.75, low=0.05, top=1, step=0.05, bounds=STRENGTH)
        panel.buttons()
        vary = gr.Button(say("image_to_image.variations"), elem_id=f"{TAB}-variations")
        bare_html(f'<p class="ld-hint">{say("image_to_image.variations_info")}</p>', f"{TAB}-variations-info")
    with areas.settings:
        form.settings()
        extra.choice("resize", value="crop", options=RESIZE_MODES)
        controls.draw()
    with areas.result:
        panel.results()

    def controlled(values: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Path]]:
        count = len(extra.components)
        more, pictures = controls.read(values[count:])
        return {**extra.fields(values[:count]), **more}, pictures

    def make(answer: Answer, path: str | None, *values: Any) -> Asked:
        image, _ = picture.required(path)
        more, pictures = controlled(values)
        pictures = {"image": image, **pictures}
        return pictures_spec(page, TASK, answer, more=more, pictures=pictures)

    def make_variations(answer: Answer, path: str | None, *values: Any) -> Asked:
        image, _ = picture.required(path)
        said = {
            name: value for name, value in picture.settings(path).fields.items() if name in TAKEN and value
        }
        if "sampler" in said:
            answer.fields.pop("schedule", None)  # the two go together
        more, pictures = controlled(values)
        more |= {**said, **DEFAULTS}
        return pictures_spec(page, TASK, answer, more=more, pictures={"image": image, **pictures})

    receive_fields = receiver_of(form, extra)

    def receive(sent: Sent) -> dict[Any, Any]:
        return (
            picture.receive(sent.picture)
            | receive_fields(sent.fields, sent.model)
            | controls.receive(sent.fields)
        )

    inputs = [picture.file, *extra.components, *controls.components]
    panel.connect(form, inputs, make)
    panel.start_with(vary, form, inputs, make_variations)
    picture.connect()
    outputs = [*form.outputs, *extra.components]
    picture.connect_settings(outputs, lambda said: receive_fields(said.fields, said.model))
    page.add_receiver(TAB, [*picture.outputs, *outputs, *controls.outputs], receive)
