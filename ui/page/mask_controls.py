"""The controls that give a mask: a choice of the way, the editor, a picture, four numbers.

All of them stay on the page, since what was painted lives in the browser; the style sheet shows those of the
way that is chosen.
"""

from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from runtime.repaint_requests import PIXELS
from ui.page.amounts import bare_html
from ui.page.extra_fields import ExtraFields
from ui.page.mask import PAINTED, WAYS, MaskChoice, make_editor, to_paint_on
from ui.page.picture_input import PictureInput

if TYPE_CHECKING:
    from ui.page.page import Page

NUMBERS = ("mask_left", "mask_top", "mask_width", "mask_height")
EDITOR_HEIGHT = 420  # pixels of the control


class MaskControls:
    """Draws the controls where it is made, and reads them."""

    def __init__(self, page: "Page", tab: str) -> None:
        self.page = page
        say = page.say
        self.way = gr.Radio(
            choices=[(say(f"inpaint.way.{way}"), way) for way in WAYS],
            value=PAINTED,
            label=say("inpaint.way"),
            info=say("inpaint.way_info"),
            elem_id=f"{tab}-way",
        )
        with gr.Column(elem_id=f"{tab}-way-painted"):
            self.editor = make_editor(
                label=say("inpaint.editor"),
                height=EDITOR_HEIGHT,
                placeholder=say("inpaint.editor_empty"),
                elem_id=f"{tab}-editor",
            )
        with gr.Column(elem_id=f"{tab}-way-picture"):
            self.picture = PictureInput(
                page, tab, label=say("inpaint.mask_picture"), name="mask", field="mask", has_settings=False
            )
        with gr.Column(elem_id=f"{tab}-way-numbers"):
            bare_html(f'<p class="ld-hint">{say("inpaint.rectangle_info")}</p>', f"{tab}-rectangle-info")
            self.numbers = ExtraFields(page=page, tab=tab, texts="inpaint")
            for pair in (NUMBERS[:2], NUMBERS[2:]):
                with gr.Row():
                    for name in pair:
                        self.numbers.number(name, value=0, bounds=PIXELS)

    @property
    def components(self) -> list[Any]:
        """The inputs of a handler, in the order in which `mask` takes their values."""
        return [self.way, self.editor, self.picture.file, *self.numbers.components]

    @property
    def outputs(self) -> list[Any]:
        """What `follow` may change."""
        return [self.editor, *self.numbers.components]

    def mask(self, values: tuple[Any, ...], size: tuple[int, int]) -> Image.Image:
        """Return the mask of a picture of that size; raises InvalidRequest."""
        way, painted, picture, *numbers = values
        given = self.numbers.fields(numbers) if way == "numbers" else dict.fromkeys(NUMBERS, 0)
        left, top, width, height = (given[name] for name in NUMBERS)
        choice = MaskChoice(
            way=way, painted=painted, picture=picture, left=left, top=top, width=width, height=height
        )
        return choice.mask(size, self.page.say)

    def follow(self, path: str | None, size: tuple[int, int] | None) -> dict[Any, Any]:
        """Return the updates for another picture: it is painted on, and the numbers say its middle."""
        if path is None or size is None:
            return {self.editor: None}
        middle = (size[0] // 4, size[1] // 4, max(1, size[0] // 2), max(1, size[1] // 2))
        return {
            self.editor: to_paint_on(path),
            **{self.numbers.by_name[name]: value for name, value in zip(NUMBERS, middle, strict=True)},
        }
