"""ControlNets in a form: a closed section with room for two, each with its picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from runtime.control import CANNY, KINDS, LEVELS, MOST, SCRIBBLE, WEIGHTS
from runtime.controlnet_folder import list_controlnets
from runtime.errors import InvalidRequest, ModelFolderError
from runtime.places import BUNDLED_CONTROLNETS
from runtime.request import Bounds
from ui.jobs.picture_plan import CONTROLS
from ui.page.form_checks import check_number
from ui.page.picture_input import PictureInput
from ui.picture_settings import NETS

if TYPE_CHECKING:
    from ui.page.page import Page

NONE = ""  # what stands for no net
SHARE = Bounds(low=0, high=1, whole=False)
WEIGHT = Bounds(low=WEIGHTS[0], high=WEIGHTS[1], whole=False)
LEVEL = Bounds(low=LEVELS[0], high=LEVELS[1])
NUMBERS: Mapping[str, tuple[Bounds, float, float]] = {  # field -> bounds, first value, step
    "weight": (WEIGHT, 1.0, 0.05),
    "start": (SHARE, 0.0, 0.05),
    "end": (SHARE, 1.0, 0.05),
    "low": (LEVEL, CANNY[0], 1),
    "high": (LEVEL, CANNY[1], 1),
}
FIELDS = ("net", "picture", "kind", *NUMBERS)
LEVELS_OF = {"canny": ("low", "high"), "scribble": ("low",)}


class ControlSection:
    """The section of a tab; `components` hold FIELDS of the first net, then of the second."""

    def __init__(self, page: "Page", tab: str) -> None:
        self.page = page
        self.tab = tab
        self.parts: list[dict[str, Any]] = []
        self.pictures: list[PictureInput] = []

    def draw(self) -> None:
        """Draw it where it is called, and connect it."""
        say = self.page.say
        with gr.Accordion(say("control.title"), open=False, elem_id=f"{self.tab}-controls"):
            for number in range(1, MOST + 1):
                with gr.Group(elem_id=f"{self.tab}-control-{number}"):
                    self._draw_one(number)
        for part, picture in zip(self.parts, self.pictures, strict=True):
            picture.connect()
            part["kind"].input(  # whose lower level means another thing
                lambda kind: SCRIBBLE if kind == "scribble" else CANNY[0],
                part["kind"],
                part["low"],
                show_progress="hidden",
                api_visibility="private",
                queue=False,
            )
            part["net"].focus(
                self._offered,
                part["net"],
                part["net"],
                show_progress="hidden",
                api_visibility="private",
                queue=False,
            )

    @property
    def components(self) -> list[Any]:
        """The inputs of a handler, in the order in which `read` takes their values."""
        return [part[name] for part in self.parts for name in FIELDS]

    @property
    def outputs(self) -> list[Any]:
        """What `receive` may change."""
        return [part[name] for part in self.parts for name in FIELDS if name != "picture"]

    def read(self, values: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Path]]:
        """Return the field "controls", where there are any, and their pictures by the names jobs know.

        Raises InvalidRequest, in the page's language, for a net without a picture and a number out of bounds.
        """
        controls, pictures = list[dict[str, Any]](), dict[str, Path]()
        for number, picture in enumerate(self.pictures):
            given = dict(zip(FIELDS, values[number * len(FIELDS) :], strict=False))
            if not given["net"]:
                continue
            if given["picture"] is None:
                raise InvalidRequest(self.page.say("control.no_picture", net=given["net"]))
            pictures[CONTROLS[len(controls)]], _ = picture.required(given["picture"])
            controls.append(self._fields(given))
        return ({"controls": controls} if controls else {}), pictures

    def receive(self, fields: Mapping[str, Any]) -> dict[Any, Any]:
        """Return the updates for what a picture says; its nets need their pictures again."""
        if NETS not in fields and "num_inference_steps" not in fields:
            return {}  # no settings of a picture
        updates: dict[Any, Any] = {}
        offered = self._names()
        for part, control in zip(self.parts, [*fields.get(NETS, ()), {}, {}], strict=False):
            known = control.get("net") in offered
            updates[part["net"]] = gr.update(choices=self._choices(), value=control["net"] if known else NONE)
            for name in ("kind", *NUMBERS) if known else ():
                if name in control:
                    updates[part[name]] = gr.update(value=control[name])
        return updates

    def _draw_one(self, number: int) -> None:
        say, place = self.page.say, f"{self.tab}-control-{number}"
        part: dict[str, Any] = {}
        part["net"] = gr.Dropdown(
            choices=self._choices(),
            value=NONE,
            label=say("control.net", number=number),
            info=say("control.net_info"),
            elem_id=f"{place}-net",
        )
        picture = PictureInput(
            self.page,
            self.tab,
            label=say("control.picture", number=number),
            name=f"control-{number}-picture",
            has_settings=False,
        )
        part["picture"] = picture.file
        part["kind"] = gr.Radio(
            choices=[(say(f"control.kind.{kind}"), kind) for kind in KINDS],
            value=KINDS[0],
            label=say("control.kind"),
            info=say("control.kind_info"),
            elem_id=f"{place}-kind",
        )
        for name, (bounds, first, step) in NUMBERS.items():
            part[name] = gr.Slider(
                bounds.low,
                bounds.high,
                value=first,
                step=step,
                label=say(f"control.{name}"),
                buttons=[],
                elem_id=f"{place}-{name}",
            )
        self.parts.append(part)
        self.pictures.append(picture)

    def _fields(self, given: Mapping[str, Any]) -> dict[str, Any]:
        kind = given["kind"]
        fields: dict[str, Any] = {"net": given["net"], "kind": kind}
        for name, (bounds, _, _) in NUMBERS.items():
            if name not in ("low", "high") or name in LEVELS_OF.get(kind, ()):
                label = self.page.say(f"control.{name}")
                fields[name] = check_number(self.page, label, given[name], bounds)
        return fields

    def _offered(self, value: str) -> dict[str, Any]:
        """Offer what was made since the page was drawn."""
        choices = self._choices()
        known = value in [name for _, name in choices]
        update: dict[str, Any] = gr.update(choices=choices, value=value if known else NONE)
        return update

    def _choices(self) -> list[tuple[str, str]]:
        return [(self.page.say("control.none"), NONE), *((name, name) for name in self._names())]

    def _names(self) -> list[str]:
        try:
            return [net.name for net in list_controlnets(self.page.data, BUNDLED_CONTROLNETS)]
        except ModelFolderError:  # the folder cannot be read: there is nothing to choose from
            return []
