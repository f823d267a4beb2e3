"""Unconditional: pictures of what a model was trained on, without a prompt."""

from typing import TYPE_CHECKING, Any

from ui.page.form import Answer, GenerationForm
from ui.page.layout import draw_areas
from ui.page.panel import Asked, RunPanel, pictures_spec
from ui.page.send import Sent

if TYPE_CHECKING:
    from ui.page.page import Page

TAB, TASK = "unconditional", "unconditional"


def build(page: "Page") -> None:
    """Draw the tab."""
    form, panel = GenerationForm(page, TAB, TASK), RunPanel(page, TAB, [TASK])
    areas = draw_areas(TAB)
    with areas.ask:
        panel.buttons()
    with areas.settings:
        form.settings()
    with areas.result:
        panel.results()

    def make(answer: Answer) -> Asked:
        return pictures_spec(page, TASK, answer)

    def receive(sent: Sent) -> dict[Any, Any]:
        """The size of a picture that had a prompt is that of another kind of model."""
        left_out = ("width", "height") if sent.fields.get("prompt") else ()
        fields = {name: value for name, value in sent.fields.items() if name not in left_out}
        return form.receive(fields, sent.model)

    panel.connect(form, [], make)
    page.add_receiver(TAB, form.outputs, receive)
