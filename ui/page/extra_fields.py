"""The controls of a tab beyond those of its form, each for a field of the request."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import gradio as gr

from runtime.request import Bounds
from ui.page.form_checks import check_number

if TYPE_CHECKING:
    from ui.page.form import GenerationForm
    from ui.page.page import Page

SHARED = "picture_input"  # module of ui.page.texts with what several tabs have


@dataclass(kw_only=True)
class ExtraFields:
    """Draws controls and reads them. `texts` is the module of ui.page.texts with their labels, else SHARED.

    A label is the text of the field's name, the line below it that of the name with "_info", where there is
    one.
    """

    page: "Page"
    tab: str
    texts: str
    by_name: dict[str, Any] = field(default_factory=dict)
    _bounds: dict[str, Bounds] = field(default_factory=dict)
    _labels: dict[str, str] = field(default_factory=dict)
    _unset: dict[str, int | None] = field(default_factory=dict)

    @property
    def components(self) -> list[Any]:
        """The inputs of a handler, in the order in which `fields` takes their values."""
        return list(self.by_name.values())

    def slider(self, name: str, *, value: float, step: float, top: float, low: float, bounds: Bounds) -> None:
        """Draw a slider from `low` to `top`; the number beside it takes what the bounds allow."""
        settings = self._settings(name)
        self.by_name[name] = gr.Slider(low, top, value=value, step=step, **settings)
        self._bounds[name] = bounds

    def number(self, name: str, *, value: int, bounds: Bounds, unset: int | None = None) -> None:
        """Draw a field for a whole number; at `unset` the field of the request is left out."""
        self.by_name[name] = gr.Number(value=value, min_width=100, **self._settings(name))
        self._bounds[name] = bounds
        self._unset[name] = unset

    def choice(self, name: str, *, value: str, options: Sequence[str]) -> None:
        """Draw buttons of which one is chosen."""
        choices = [(self._say(f"{name}.{option}"), option) for option in options]
        self.by_name[name] = gr.Radio(choices=choices, value=value, **self._settings(name))

    def tick(self, name: str) -> None:
        """Draw a box to tick."""
        self.by_name[name] = gr.Checkbox(value=False, **self._settings(name))

    def fields(self, values: Sequence[Any]) -> dict[str, Any]:
        """Return the fields that the values of `components` give; raises InvalidRequest out of bounds."""
        fields: dict[str, Any] = {}
        for name, value in zip(self.by_name, values, strict=True):
            if value is None or value != self._unset.get(name):
                fields[name] = self._checked(name, value) if name in self._bounds else value
        return fields

    def receive(self, fields: Mapping[str, Any]) -> dict[Any, Any]:
        """Return the updates that put fields in; those that have no control here are passed over."""
        known = {name: value for name, value in fields.items() if name in self.by_name and value is not None}
        return {self.by_name[name]: gr.update(value=value) for name, value in known.items()}

    def _checked(self, name: str, value: Any) -> int | float:
        return check_number(self.page, self._labels[name], value, self._bounds[name])

    def _settings(self, name: str) -> dict[str, Any]:
        self._labels[name] = self._say(name)
        settings: dict[str, Any] = {
            "label": self._labels[name],
            "elem_id": f"{self.tab}-{name.replace('_', '-')}",
        }
        if any(self.page.texts.knows(f"{module}.{name}_info") for module in (self.texts, SHARED)):
            settings["info"] = self._say(f"{name}_info")
        return settings

    def _say(self, key: str) -> str:
        module = self.texts if self.page.texts.knows(f"{self.texts}.{key}") else SHARED
        return self.page.say(f"{module}.{key}")


def receiver_of(form: "GenerationForm", extra: ExtraFields) -> Callable[..., dict[Any, Any]]:
    """Return what puts fields, and a model, into both; the size stays the picture's."""

    def receive(fields: Mapping[str, Any], model: str | None) -> dict[Any, Any]:
        kept = {name: value for name, value in fields.items() if name not in ("width", "height")}
        return form.receive(kept, model) | extra.receive(kept)

    return receive
