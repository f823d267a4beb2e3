"""How much work a picture is, in a form: the preset with what it was measured to cost, and its parts."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import gradio as gr

from runtime.errors import InvalidRequest
from runtime.feature_reuse import Reuse
from runtime.guidance_interval import GuidanceInterval
from runtime.speed import EXACT, PRESETS
from ui.page.pickers import split_choice
from ui.quality_costs import cost_of

if TYPE_CHECKING:
    from ui.page.page import Page

READERS = {"reuse": Reuse.read, "guidance_interval": GuidanceInterval.read}


class SpeedFields:
    """Draws the preset, and a field for each of its parts, empty where the preset decides."""

    def __init__(self, page: "Page", tab: str, *, guided: bool) -> None:
        self.page = page
        self.tab = tab
        self.parts = [name for name in READERS if guided or name != "guidance_interval"]
        self.by_name: dict[str, Any] = {}

    def draw(self, model: str) -> dict[str, Any]:
        """Draw the controls and return them by the names of their fields."""
        say, tab = self.page.say, self.tab
        with gr.Row(elem_id=f"{tab}-speeds"):
            self.by_name["speed"] = gr.Dropdown(
                choices=[(say(f"speed.{name}"), name) for name in PRESETS],
                value=EXACT,
                label=say("speed.speed"),
                info=self.told(model, EXACT),
                elem_id=f"{tab}-speed",
            )
            for name in self.parts:
                self.by_name[name] = gr.Textbox(
                    label=say(f"speed.{name}"),
                    info=say(f"speed.{name}_info"),
                    placeholder=say("speed.as_preset"),
                    lines=1,
                    max_lines=1,
                    min_width=160,
                    elem_id=f"{tab}-{name.replace('_', '-')}",
                )
        return self.by_name

    def connect(self, model: Any) -> None:
        """Tell the cost of what is chosen, of the model that is chosen."""
        speed = self.by_name["speed"]
        gr.on(
            [speed.change, model.change],
            lambda choice, name: gr.update(info=self.told(split_choice(choice)[0], name)),
            [model, speed],
            speed,
            show_progress="hidden",
            api_visibility="private",
            queue=False,
        )

    def told(self, model: str, name: str | None) -> str:
        """Return what a preset does, and what it was measured to cost on this model."""
        say = self.page.say
        if name is None or name == EXACT or name not in PRESETS:
            return say("speed.exact_info")
        does, cost = say(f"speed.{name}_info"), cost_of(self.page.data, model, name)
        if cost is None:
            return say("speed.unmeasured", does=does, model=model)
        if cost.decibels is None:
            return say("speed.timed", does=does, speed=f"{cost.speed:.1f}", model=model)
        values = {"speed": f"{cost.speed:.1f}", "decibels": f"{cost.decibels:.0f}", "count": cost.pictures}
        told = say("speed.cost", does=does, **values)
        if cost.accuracy_change is None:
            return told
        return told + say("speed.cost_accuracy", points=f"{100 * cost.accuracy_change:+.1f}")

    def fields(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields of a request; raises InvalidRequest, in the page's language."""
        fields: dict[str, Any] = {}
        if given.get("speed") not in (None, EXACT):
            fields["speed"] = given["speed"]
        for name in self.parts:
            text = str(given.get(name) or "").strip()
            if text:
                try:
                    fields[name] = str(READERS[name](text))
                except InvalidRequest as fault:
                    raise InvalidRequest(self.page.say(f"speed.{name}_fault", value=text)) from fault
        return fields

    def receive(self, fields: Mapping[str, Any]) -> dict[Any, Any]:
        """Return the updates that put fields in.

        Settings of a picture that say nothing of speed are those of an exact one.
        """
        if "num_inference_steps" not in fields and not any(name in fields for name in self.by_name):
            return {}
        updates = {self.by_name["speed"]: gr.update(value=fields.get("speed", EXACT))}
        return updates | {
            self.by_name[name]: gr.update(value=str(fields.get(name) or "")) for name in self.parts
        }
