"""The two axes of a grid as controls: what varies, its values, and how many pictures that makes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from runtime.errors import InvalidRequest
from runtime.feature_reuse import Reuse
from runtime.request import BOUNDS
from runtime.schedulers.tables import find_sampler, find_schedule
from runtime.speed import find_preset
from ui.grid import AXES, MAX_CELLS, split_values
from ui.page.form_checks import check_number, check_prompt, check_side
from ui.task_choice import TASKS

if TYPE_CHECKING:
    from ui.page.page import Page

NO_AXIS = ""
PLACES = ("columns", "rows")
NAMES: Mapping[str, Callable[[Any], Any]] = {
    "sampler": find_sampler,
    "schedule": find_schedule,
    "speed": find_preset,
    "reuse": Reuse.read,
}


@dataclass(frozen=True, kw_only=True)
class ChosenAxes:
    """The axes as a job takes them, the fields that they vary, and how many pictures they make."""

    texts: tuple[str, ...]  # "steps=5,10"
    fields: frozenset[str]
    labels: tuple[tuple[str, ...], ...]

    @property
    def count(self) -> int:
        """How many pictures there will be."""
        count = 1
        for labels in self.labels:
            count *= len(labels)
        return count


class GridAxes:
    """Draws a drop-down and a field of values for columns and rows; `read` takes their values."""

    def __init__(self, page: "Page", tab: str, task: str) -> None:
        self.page = page
        self.task = task
        self.side = TASKS[task].kind.side
        say = page.say
        known = [name for name, kind in AXES.items() if set(kind.fields) <= TASKS[task].fields]
        choices = [(say(f"grid.axis.{name}"), name) for name in known]
        self.parts: dict[str, Any] = {}
        for place in PLACES:
            is_rows = place == "rows"
            value = NO_AXIS if is_rows else "steps"
            with gr.Row(elem_id=f"{tab}-{place}-row"):
                axis = gr.Dropdown(
                    choices=[(say("grid.no_axis"), NO_AXIS), *choices] if is_rows else choices,
                    value=value,
                    label=say(f"grid.{place}"),
                    min_width=170,
                    scale=2,
                    elem_id=f"{tab}-{place}",
                )
                values = gr.Textbox(
                    label=say(f"grid.{place}_values"),
                    info=self.hint(value),
                    value="" if is_rows else "5, 10, 20",
                    interactive=not is_rows,
                    lines=1,
                    max_lines=6,
                    min_width=180,
                    scale=5,
                    elem_id=f"{tab}-{place}-values",
                )
            self.parts |= {place: axis, f"{place}_values": values}
            axis.input(
                self._follow,
                [axis, values],
                values,
                show_progress="hidden",
                api_visibility="private",
                queue=False,
            )

    @property
    def components(self) -> list[Any]:
        """The inputs of a handler, in the order that `read` takes them."""
        return list(self.parts.values())

    def hint(self, axis: str) -> str:
        """Return what is to be written for an axis."""
        if axis != "size":
            return self.page.say(f"grid.hint.{axis}")
        model = next(iter(self.page.shelf.models(self.task)), None)
        width, height = model.own_size if model is not None else (512, 512)
        return self.page.say(
            "grid.hint.size", width=width, height=max(int(self.side.low), height * 3 // 4 // 8 * 8)
        )

    def read(self, model: str, values: Sequence[Any]) -> ChosenAxes:
        """Return the axes; raises InvalidRequest, in the page's language, for what cannot be read."""
        given = dict(zip(self.parts, values, strict=True))
        names = [given[place] or NO_AXIS for place in PLACES]
        if names[0] == NO_AXIS:
            raise InvalidRequest(self.page.say("grid.no_columns"))
        if names[0] == names[1]:
            raise InvalidRequest(self.page.say("grid.same_axis", axis=self._label(names[0])))
        axes = [
            (name, given[f"{place}_values"] or "")
            for place, name in zip(PLACES, names, strict=True)
            if name != NO_AXIS
        ]
        chosen = ChosenAxes(
            texts=tuple(f"{name}={' '.join(text.splitlines())}" for name, text in axes),
            fields=frozenset(field for name, _ in axes for field in AXES[name].fields),
            labels=tuple(self._labels(model, name, " ".join(text.splitlines())) for name, text in axes),
        )
        if chosen.count > MAX_CELLS:
            raise InvalidRequest(self.page.say("grid.too_many", most=MAX_CELLS, count=chosen.count))
        return chosen

    def _labels(self, model: str, name: str, text: str) -> tuple[str, ...]:
        labels = split_values(text)
        if not labels or not all(labels):
            raise InvalidRequest(self.page.say("grid.no_values", axis=self._label(name)))
        for label in labels:
            try:
                fields = dict(zip(AXES[name].fields, AXES[name].read(label), strict=True))
            except ValueError as error:
                raise self._bad(name, label) from error
            self._check(model, name, label, fields)
        return labels

    def _check(self, model: str, name: str, label: str, fields: Mapping[str, Any]) -> None:
        for field, value in fields.items():
            if field in NAMES:
                try:
                    NAMES[field](value)
                except InvalidRequest as error:
                    raise self._bad(name, label) from error
            elif field == "prompt":
                check_prompt(self.page, model, field, value)
            elif field in ("width", "height"):
                check_side(self.page, field, value, self.side)
            else:
                check_number(self.page, field, value, BOUNDS[field])

    def _bad(self, name: str, label: str) -> InvalidRequest:
        hint = self.hint(name).rstrip(".。")
        return InvalidRequest(self.page.say("grid.bad_value", axis=self._label(name), value=label, hint=hint))

    def _label(self, name: str) -> str:
        return self.page.say(f"grid.axis.{name}")

    def _follow(self, axis: str, text: str) -> Any:
        """Offer the hint of another axis; values that make no sense for it go, others stay."""
        update: dict[str, Any] = {"info": self.hint(axis), "interactive": axis != NO_AXIS}
        if text and (axis == NO_AXIS or not _is_readable(axis, text)):
            update["value"] = ""
        return gr.update(**update)


def _is_readable(axis: str, text: str) -> bool:
    try:
        return bool([AXES[axis].read(label) for label in split_values(text)])
    except ValueError:
        return False
