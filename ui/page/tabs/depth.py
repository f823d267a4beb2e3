"""Depth: a picture that follows a depth map, given or estimated from a picture."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.picture_requests import STRENGTH, DepthToImage
from ui.page import sizes
from ui.page.amounts import bare_html
from ui.page.extra_fields import ExtraFields, receiver_of
from ui.page.form import Answer, GenerationForm
from ui.page.layout import draw_areas
from ui.page.panel import Asked, InvalidRequest, RunPanel, pictures_spec
from ui.page.picture_input import PictureInput
from ui.page.send import Sent

if TYPE_CHECKING:
    from ui.page.page import Page

TAB, TASK = "depth", "depth-to-image"


def build(page: "Page") -> None:
    """Draw the tab."""
    say = page.say
    form = GenerationForm(page, TAB, TASK, size=sizes.PICTURE)
    panel = RunPanel(page, TAB, [TASK])
    extra = ExtraFields(page=page, tab=TAB, texts="picture_input")
    areas = draw_areas(TAB)
    with areas.ask:
        depth = PictureInput(
            page, TAB, label=say("depth.depth"), name="depth-map", field="depth", has_settings=False
        )
        bare_html(f'<p class="ld-hint">{say("depth.depth_info")}</p>', f"{TAB}-info")
        picture = PictureInput(page, TAB, label=say("depth.picture"))
        extra.slider("strength", value=DepthToImage.strength, low=0.05, top=1, step=0.05, bounds=STRENGTH)
        form.prompts()
        panel.buttons()
    with areas.settings:
        form.settings()
    with areas.result:
        panel.results()

    def make(answer: Answer, depth_path: str | None, path: str | None, *values: Any) -> Asked:
        if depth_path is None and path is None:
            raise InvalidRequest(say("depth.missing"))
        pictures: dict[str, Path] = {}
        for name, control, given in (("depth", depth, depth_path), ("image", picture, path)):
            if given is not None:
                pictures[name], _ = control.required(given)
        more = extra.fields(values) if path is not None else {}  # without a picture there is nothing to keep
        return pictures_spec(page, TASK, answer, more=more, pictures=pictures)

    receive_fields = receiver_of(form, extra)

    def receive(sent: Sent) -> dict[Any, Any]:
        return picture.receive(sent.picture) | receive_fields(sent.fields, sent.model)

    panel.connect(form, [depth.file, picture.file, *extra.components], make)
    depth.connect()
    picture.connect()
    outputs = [*form.outputs, *extra.components]
    picture.connect_settings(outputs, lambda said: receive_fields(said.fields, said.model))
    page.add_receiver(TAB, [*picture.outputs, *outputs], receive)
