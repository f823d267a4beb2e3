"""Width and height of a form, with presets that follow the model, and a swap."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import gradio as gr

from runtime.request import Bounds
from ui.page.pickers import split_choice
from ui.page.sizes import CUSTOM, OWN, PICTURE, preset_sizes

if TYPE_CHECKING:
    from ui.page.page import Page

SIDES = ("width", "height")
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "queue": False}


class SizeFields:
    """`start` is the preset it begins with: OWN, the model's size, or PICTURE, the size of the picture."""

    def __init__(self, page: "Page", tab: str, side: Bounds, start: str) -> None:
        self.page = page
        self.tab = tab
        self.start = start
        self._side = side

    def draw(self, model: str) -> dict[str, Any]:
        """Draw the fields here; return them by name."""
        say, tab = self.page.say, self.tab
        width, height = self.of_preset(self.start, model)
        self.preset = gr.Dropdown(
            choices=self.choices(model),
            value=self.start,
            label=say("form.preset"),
            elem_id=f"{tab}-preset",
        )
        with gr.Row(elem_id=f"{tab}-size"):
            self.width, self.height = (
                gr.Number(
                    value=value,
                    step=8,
                    label=say(f"form.{name}"),
                    info=say("form.size_info_picture" if self.start == PICTURE else "form.size_info"),
                    placeholder=say("form.size_own"),
                    min_width=100,
                    elem_id=f"{tab}-{name}",
                )
                for name, value in (("width", width), ("height", height))
            )
        self.swap = gr.Button(say("form.swap"), size="sm", elem_id=f"{tab}-swap")
        return {"preset": self.preset, "width": self.width, "height": self.height}

    def connect(self, model: Any) -> None:
        """Bind preset, fields and swap; `model` is the drop-down of models."""
        both = [self.width, self.height]
        self.swap.click(self._swap, [model, *both], [*both, self.preset], **QUIET)
        self.preset.input(self._follow_preset, [model, self.preset, *both], both, **QUIET)
        sides = [self.width.change, self.height.change]  # others put sizes in as well
        gr.on(sides, self._name, [model, *both], self.preset, trigger_mode="always_last", **QUIET)

    def follow_model(self, model: str, preset: str, width: int | None, height: int | None) -> list[Any]:
        """Return updates of preset, width and height for another model: a ratio stays, so do own numbers."""
        choices = self.choices(model)
        if preset not in [value for _, value in choices]:
            preset = self.start
        if preset != CUSTOM:
            width, height = self.of_preset(preset, model)
        return [gr.update(choices=choices, value=preset), width, height]

    def receive(self, fields: Mapping[str, Any], model: str) -> dict[Any, Any]:
        """Return the updates that show the size among the fields, none when there is none among them."""
        if not any(name in fields for name in SIDES):
            return {}
        width, height = fields.get("width"), fields.get("height")
        preset = self.preset_of(model, width, height) if width or height else self.start
        return {self.width: width, self.height: height, self.preset: gr.update(value=preset)}

    def preset_of(self, model: str, width: int | None, height: int | None) -> str:
        """Return the preset that has this size, CUSTOM if none has."""
        if self.start == PICTURE and not width and not height:
            return PICTURE
        return next((name for name, size in self._sizes(model).items() if size == (width, height)), CUSTOM)

    def choices(self, model: str) -> list[tuple[str, str]]:
        """Return labels and names of the presets for a model."""
        say = self.page.say
        rows = [(say("form.preset_picture"), PICTURE)] if self.start == PICTURE else []
        for name, (width, height) in self._sizes(model).items():
            key = "form.preset_own" if name == OWN else "form.preset_ratio"
            rows.append((say(key, width=width, height=height, ratio=name), name))
        return [*rows, (say("form.preset_custom"), CUSTOM)]

    def of_preset(self, preset: str, model: str) -> tuple[int | None, int | None]:
        """Return width and height of a preset; None where they are left to the picture."""
        return self._sizes(model).get(preset, (None, None))

    def _sizes(self, model: str) -> dict[str, tuple[int, int]]:
        found = self.page.shelf.find(model)
        return preset_sizes(found.own_size, self._side) if found else {}

    def _name(self, choice: str | None, width: int | None, height: int | None) -> str:
        return self.preset_of(split_choice(choice)[0], width, height)

    def _swap(self, choice: str | None, width: int | None, height: int | None) -> tuple[Any, Any, str]:
        return height, width, self._name(choice, height, width)

    def _follow_preset(
        self, choice: str | None, preset: str, width: int | None, height: int | None
    ) -> tuple[int | None, int | None]:
        return (width, height) if preset == CUSTOM else self.of_preset(preset, split_choice(choice)[0])
