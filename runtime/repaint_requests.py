"""Requests that repaint a part of a picture: inpainting within it, outpainting around it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from PIL import Image

from runtime.errors import InvalidRequest
from runtime.few_steps import USUAL, ModelDefaults
from runtime.image_input import read_mask
from runtime.picture_requests import ImageToImage, PictureRequest, PictureSource, ReadPicture, round_up
from runtime.request import SIDE, Bounds

PIXELS = Bounds(low=0, high=4096)  # of a margin, a blur, a padding


@dataclass(frozen=True, kw_only=True)
class Inpaint(ImageToImage):
    """Repaint what the mask shows in white; every pixel where it is black stays as it was.

    `mask_blur` softens the edge inwards over about as many pixels. `only_masked` works on the masked area
    alone, with `padding` pixels around it, at the full working size, and leaves the picture's size as it is.
    """

    task: ClassVar[str] = "inpaint"

    mask: PictureSource
    strength: float = 1.0
    mask_blur: int = 4
    invert_mask: bool = False
    only_masked: bool = False
    padding: int = 32

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.mask is None:
            raise InvalidRequest("inpainting takes a mask: give mask, or --mask FILE, white where to repaint")
        PIXELS.check("mask_blur", self.mask_blur)
        PIXELS.check("padding", self.padding)
        if self.repainted.getbbox() is None:
            raise InvalidRequest(
                "the mask has nothing to repaint: what is white in it is repainted "
                "(invert_mask, or --invert-mask, for the other way round)"
            )

    @property
    def _readers(self) -> Mapping[str, ReadPicture]:
        return {**super()._readers, "mask": read_mask}

    @property
    def repainted(self) -> Image.Image:
        """The mask at the picture's size, 255 where it is to be repainted."""
        assert isinstance(self.mask, Image.Image)  # since __post_init__
        mask = self.mask
        if mask.size != self.picture.size:
            mask = mask.resize(self.picture.size, Image.Resampling.BILINEAR)
        mask = mask.point(lambda level: 255 * (level >= 128))
        return mask.point(lambda level: 255 - level) if self.invert_mask else mask

    def _own_size(self, width: int, height: int) -> tuple[int, int]:
        return (width, height) if self.only_masked else super()._own_size(width, height)

    @property
    def details(self) -> Mapping[str, object]:
        """Strength, blur and area."""
        area = (
            {"Inpaint area": "Only masked", "Masked area padding": self.padding} if self.only_masked else {}
        )
        return {**super().details, "Mask blur": self.mask_blur, **area}


@dataclass(frozen=True, kw_only=True)
class Outpaint(PictureRequest):
    """Continue a picture beyond its sides by that many pixels; its own pixels stay as they are.

    What does not fit in one piece is painted in several rounds; `window` is the size of a piece: the whole,
    or a side and a half of the model's own size, since with less context a piece goes its own way.
    """

    task: ClassVar[str] = "outpaint"

    left: int = 0
    right: int = 0
    top: int = 0
    bottom: int = 0
    mask_blur: int = 8
    window: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("left", "right", "top", "bottom", "mask_blur"):
            PIXELS.check(name, getattr(self, name))
        if not (self.left or self.right or self.top or self.bottom):
            raise InvalidRequest(
                "there is nothing to extend: give left, right, top or bottom, as in --extend left=64,top=32"
            )
        for name, value, wanted in zip(
            ("width", "height"), (self.width, self.height), self.extended_size, strict=True
        ):
            SIDE.check(f"the extended {name}", max(wanted, SIDE.low))
            if value not in (None, max(wanted, SIDE.low)):
                raise InvalidRequest(
                    f"{name} {value} does not go with an extension to {wanted} pixels: leave {name} out"
                )

    @property
    def extended_size(self) -> tuple[int, int]:
        """Width and height of the picture with its new sides."""
        width, height = self.picture.size
        return width + self.left + self.right, height + self.top + self.bottom

    @property
    def working_size(self) -> tuple[int, int]:
        """The size of one piece."""
        if self.window is None:
            raise InvalidRequest("the pieces have no size yet: resolve the request, or give window")
        return self.window

    def resolved(self, *, width: int, height: int, model: ModelDefaults = USUAL) -> "Outpaint":
        """Return the request with a drawn seed and the size of its pieces."""
        own = (width, height)
        wide, high = (
            min(round_up(side), round_up(side_of_model * 3 // 2))
            for side, side_of_model in zip(self.extended_size, own, strict=True)
        )
        chosen = replace(self, window=self.window or (wide, high))
        return super(Outpaint, chosen).resolved(width=width, height=height, model=model)

    def _own_size(self, width: int, height: int) -> tuple[int, int]:
        return max(self.extended_size[0], int(SIDE.low)), max(self.extended_size[1], int(SIDE.low))

    @property
    def details(self) -> Mapping[str, object]:
        """How far each side was extended."""
        sides = {name: getattr(self, name) for name in ("left", "right", "top", "bottom")}
        return {"Extended": " ".join(f"{name} {value}" for name, value in sides.items() if value)}
