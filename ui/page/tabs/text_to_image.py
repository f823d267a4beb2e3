"""Text to image: pictures from a prompt alone."""

from typing import TYPE_CHECKING, Any

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
    areas, welcome = draw_areas(TAB), Welcome(page, TAB)
    with areas.ask:
        form.prompts()
        panel.buttons()
    with areas.settings:
        form.settings()
    with areas.result:
        welcome.draw()
        panel.results()

    def make(answer: Answer) -> Asked:
        return pictures_spec(page, TASK, answer)

    def receive(sent: Sent) -> dict[Any, Any]:
        return form.receive(sent.fields, sent.model)

    panel.connect(form, [], make)
    welcome.connect(form.by_name["prompt"], panel.generate)
    page.add_receiver(TAB, form.outputs, receive)
