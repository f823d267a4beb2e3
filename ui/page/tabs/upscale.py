"""Upscale: four times as wide and high, by a model or by plain resampling."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runtime.upscale_request import NOISE_LEVEL, SCALE, TILE, Upscale
from ui.page.amounts import bare_html
from ui.page.extra_fields import ExtraFields, receiver_of
from ui.page.form import Answer, GenerationForm
from ui.page.layout import draw_areas
from ui.page.panel import Asked, RunPanel, pictures_spec
from ui.page.pickers import LANCZOS
from ui.page.picture_input import PictureInput, note
from ui.page.send import Sent

if TYPE_CHECKING:
    from ui.page.page import Page

TAB, TASK = "upscale", "upscale"
NOISE_SHOWN = 350  # what models are usually made for


def build(page: "Page") -> None:
    """Draw the tab."""
    say = page.say
    form, panel = GenerationForm(page, TAB, TASK, size=None), RunPanel(page, TAB, [TASK])
    extra = ExtraFields(page=page, tab=TAB, texts="upscale")
    areas = draw_areas(TAB)
    with areas.ask:
        picture = PictureInput(page, TAB, label=say("picture_input.picture"))
        result = bare_html("", f"{TAB}-result-size")
        form.prompts()
        panel.buttons()
    with areas.settings:
        extra.slider(
            "noise_level", value=Upscale.noise_level, low=0, top=NOISE_SHOWN, step=1, bounds=NOISE_LEVEL
        )
        extra.number("tile", value=0, bounds=TILE, unset=0)
        form.settings()
    with areas.result:
        panel.results()

    def make(answer: Answer, path: str | None, *values: Any) -> Asked:
        image, _ = picture.required(path)
        if answer.model == LANCZOS:
            plain = replace(answer, fields={})
            return pictures_spec(page, TASK, plain, pictures={"image": image})
        return pictures_spec(page, TASK, answer, more=extra.fields(values), pictures={"image": image})

    def enlarged(size: tuple[int, int] | None) -> str:
        if size is None:
            return ""
        width, height = size
        new = {"new_width": width * SCALE, "new_height": height * SCALE}
        return note(say("upscale.result", width=width, height=height, **new))

    receive_fields = receiver_of(form, extra)

    def receive(sent: Sent) -> dict[Any, Any]:
        return picture.receive(sent.picture) | receive_fields(sent.fields, sent.model)

    panel.connect(form, [picture.file, *extra.components], make)
    picture.connect()
    picture.connect_size(enlarged, [], result)
    outputs = [*form.outputs, *extra.components]
    picture.connect_settings(outputs, lambda said: receive_fields(said.fields, said.model))
    page.add_receiver(TAB, [*picture.outputs, *outputs], receive)
