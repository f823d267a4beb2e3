"""The mask of a picture: painted over it, given as a picture of its own, or as a rectangle in numbers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components.image_editor import EditorData
from PIL import Image

from runtime.errors import InvalidRequest
from runtime.image_input import read_image, read_mask
from ui.page.picture_input import NoStub, UploadsOnly, read_upload

PAINTED, PICTURE, NUMBERS = "painted", "picture", "numbers"
WAYS = (PAINTED, PICTURE, NUMBERS)
EDITOR_SIDE = 1024  # pixels of the longer side of what is painted on, at most
SMALLEST_SIDE = 512  # and at least: a hand can then hit the pixels of a small picture
LEVEL = 128  # from here a pixel of a mask counts as white

Say = Callable[..., str]


class MaskEditor(UploadsOnly, gr.ImageEditor, metaclass=NoStub):  # type: ignore[misc]
    """gr.ImageEditor whose value is the path of what was painted alone, unopened: the first layer."""

    # Gradio's way to take pictures at every stroke, which keeps them in memory without bounds.
    accept_blobs: None = None

    def get_block_name(self) -> str:
        """The control in the browser is gr.ImageEditor's."""
        return "imageeditor"

    def preprocess(self, payload: EditorData | None) -> str | None:
        """Return the path of the layer, None when nothing was painted."""
        return payload.layers[0].path if payload is not None and payload.layers else None

    def postprocess(self, value: Any) -> Any:
        """Show what is painted on."""
        if value is not None:
            value = value | {"background": self.store(value["background"])}
        return super().postprocess(value)


@dataclass(frozen=True, kw_only=True)
class MaskChoice:
    """What a person gave, by every way; `way` says which one counts. Numbers are pixels of the picture."""

    way: str
    painted: str | None = None
    picture: str | None = None
    left: int = 0
    top: int = 0
    width: int = 0
    height: int = 0

    def mask(self, size: tuple[int, int], say: Say) -> Image.Image:
        """Return the mask (mode L, 0 or 255) of a picture of that size; white is repainted.

        Raises InvalidRequest when it is missing or cannot be read, or lies beside the picture.
        """
        if self.way == NUMBERS:
            return self._rectangle(size, say)
        given = self.painted if self.way == PAINTED else self.picture
        missing = say("inpaint.nothing_painted" if self.way == PAINTED else "inpaint.no_mask_picture")
        if given is None:
            raise InvalidRequest(missing)
        mask = at_size(read_upload(given, read_mask), size)  # paint is white, so that it is what is bright
        if self.way == PAINTED and mask.getbbox() is None:
            raise InvalidRequest(missing)
        return mask

    def _rectangle(self, size: tuple[int, int], say: Say) -> Image.Image:
        box = (
            max(self.left, 0),
            max(self.top, 0),
            min(self.left + self.width, size[0]),
            min(self.top + self.height, size[1]),
        )
        if box[0] >= box[2] or box[1] >= box[3]:
            numbers = {name: getattr(self, name) for name in ("left", "top", "width", "height")}
            raise InvalidRequest(
                say("inpaint.rectangle_outside", **numbers, picture_width=size[0], picture_height=size[1])
            )
        mask = Image.new("L", size)
        mask.paste(255, box)
        return mask


def at_size(mask: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return a mask (mode L) at that size with every pixel 0 or 255, as `Inpaint` would make it."""
    if mask.size != size:
        mask = mask.resize(size, Image.Resampling.BILINEAR)
    return mask.point(lambda level: 255 * (level >= LEVEL))


def to_paint_on(path: str) -> dict[str, Any]:
    """Return the value of the editor for an uploaded picture: upright, of a size that is good to paint on.

    Raises InvalidRequest.
    """
    picture = read_upload(path, read_image)
    longer = max(picture.size)
    scale = min(EDITOR_SIDE, max(SMALLEST_SIDE, longer)) / longer
    if scale != 1:
        width, height = (max(1, round(side * scale)) for side in picture.size)
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    return {"background": picture, "layers": [], "composite": None}


def make_editor(**settings: Any) -> MaskEditor:
    """Return the control to paint masks with: one layer, a white brush, nothing that moves the picture."""
    return MaskEditor(
        layers=False,
        sources=(),
        transforms=(),
        brush=gr.Brush(colors=["#ffffff"], color_mode="fixed"),
        format="png",
        buttons=[],
        **settings,
    )
