"""Text to image: pictures from a prompt alone."""

from typing import TYPE_CHECKING, Any

from ui.page.control_section import ControlSection
from ui.page.form import Answer, GenerationForm
from ui.page.layout import draw_areas
from ui.page.panel import Asked, RunPanel, pictures_spec
from ui.page.send import Sent
from ui.page.welcome import Welcome

if TYPE_CHECKING:
    from ui.page.page import Page

TAB, TASK = "text-to-image", "text-to-image"


def build(page: "Page") -> None:
    """Draw the tab."""
    form, panel = GenerationForm(page, TAB, TASK), RunPanel(page, TAB, [TASK])
    controls = ControlSection(page, TAB)
    areas, welcome = draw_areas(TAB), Welcome(page, TAB)
    with areas.ask:
        form.prompts()
        panel.buttons()
    with areas.settings:
        form.settings()
        controls.draw()
    with areas.result:
        welcome.draw()
        panel.results()

    def make(answer: Answer, *values: Any) -> Asked:
        more, pictures = controls.read(values)
        return pictures_spec(page, TASK, answer, more=more, pictures=pictures)

    def receive(sent: Sent) -> dict[Any, Any]:
        return form.receive(sent.fields, sent.model) | controls.receive(sent.fields)

    panel.connect(form, controls.components, make)
    welcome.connect(form.by_name["prompt"], panel.generate)
    page.add_receiver(TAB, [*form.outputs, *controls.outputs], receive)
