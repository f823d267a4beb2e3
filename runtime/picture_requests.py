"""What a request that starts from a picture is, and the two that change one: image and depth to image.

A picture is given as a path, bytes or a Pillow image, and is read and normalised once, when the request is
made. Sides may be any number of pixels: what the networks need beyond them is padded and cut off again.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from PIL import Image

from runtime.errors import InvalidRequest
from runtime.few_steps import USUAL, ModelDefaults
from runtime.image_fit import check_resize_mode
from runtime.image_input import read_depth, read_image
from runtime.request import PROMPTED, SIDE, Bounds, Request

PictureSource = Image.Image | str | Path | bytes
ReadPicture = Callable[[PictureSource], Image.Image]
P = TypeVar("P", bound="PictureRequest")

STRENGTH = Bounds(low=0, high=1, whole=False)
OWN_SIZE_RANGE = (
    4  # a picture keeps its size up to this many times the model's own area, and down to its inverse
)


@dataclass(frozen=True, kw_only=True)
class PictureRequest(Request):
    """What the tasks that start from a picture have in common.

    Without `width` and `height` the result has the picture's own size, if that is near what the model was
    trained at, else the model's with the picture's proportions. With them, `resize` says how the picture is
    made to fit: "crop", "fit" or "stretch".
    """

    side_multiple: ClassVar[int] = 1

    image: PictureSource
    resize: str = "crop"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_resize_mode(self.resize)
        for name, read in self._readers.items():
            given = getattr(self, name)
            if given is not None and not (isinstance(given, Image.Image) and "source" in given.info):
                object.__setattr__(self, name, _named(read(given), given))
        self._require_picture()

    def _require_picture(self) -> None:
        """Raise InvalidRequest when what the task starts from was not given."""
        if self.image is None:
            raise InvalidRequest(f"{self.task} starts from a picture: give image, or --image FILE")

    @property
    def _readers(self) -> Mapping[str, ReadPicture]:
        """The fields that are pictures, and how each is read."""
        return {"image": read_image}

    @property
    def picture(self) -> Image.Image:
        """The picture given, RGB."""
        assert isinstance(self.image, Image.Image)  # since __post_init__
        return self.image

    @property
    def networks(self) -> tuple[str, ...]:
        """The usual three, and the encoder of the picture."""
        return (*super().networks, "vae_encoder")

    @property
    def working_size(self) -> tuple[int, int]:
        """The size with each side rounded up to what the networks can do."""
        width, height = self.size
        return round_up(width), round_up(height)

    def resolved(self: P, *, width: int, height: int, model: ModelDefaults = USUAL) -> P:
        """Return the request with a drawn seed and a size that follows from the picture."""
        own = self._own_size(width, height)
        return super().resolved(width=own[0], height=own[1], model=model)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as JSON holds them, pictures by the name they were read from."""
        values = {name: getattr(self, name) for name in self.field_names()}
        return (
            {"task": self.task}
            | {
                name: value.info["source"] if isinstance(value, Image.Image) else value
                for name, value in values.items()
            }
            | {"controls": [one.as_dict() for one in self.controls]}
        )

    def _own_size(self, width: int, height: int) -> tuple[int, int]:
        """The size where none was given; one side given leaves the other to the proportions."""
        own_width, own_height = self.picture.size
        if self.width or self.height:
            scale = self.width / own_width if self.width else (self.height or 0) / own_height
        elif 1 / OWN_SIZE_RANGE <= own_width * own_height / (width * height) <= OWN_SIZE_RANGE:
            scale = 1.0
        else:
            scale = math.sqrt(width * height / (own_width * own_height))
        return clamp_side(own_width * scale), clamp_side(own_height * scale)


@dataclass(frozen=True, kw_only=True)
class ImageToImage(PictureRequest):
    """Change a picture: it is noised as far as `strength` says, and denoised by the prompt."""

    task: ClassVar[str] = "image-to-image"

    strength: float = 0.75

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_strength(self.strength, self.total_steps)

    @property
    def steps(self) -> int:
        """As in diffusers: the share `strength` of the steps, rounded down."""
        return int(self.total_steps * self.strength)

    @property
    def details(self) -> Mapping[str, object]:
        """The strength."""
        return {"Denoising strength": f"{self.strength:g}"}


@dataclass(frozen=True, kw_only=True)
class DepthToImage(ImageToImage):
    """Make a picture of a given depth: `depth` (brighter is nearer), or what the model estimates of `image`.

    Without `image` the colours start from noise, and `strength` has no effect.
    """

    task: ClassVar[str] = "depth-to-image"

    image: PictureSource | None = None  # type: ignore[assignment]
    depth: PictureSource | None = None

    def _require_picture(self) -> None:
        if self.image is None and self.depth is None:
            raise InvalidRequest(
                "there is no depth: give depth (--depth FILE), or image (--image FILE) to estimate it from"
            )

    @property
    def _readers(self) -> Mapping[str, ReadPicture]:
        return {**super()._readers, "depth": lambda given: Image.fromarray(read_depth(given))}  # mode F

    @property
    def picture(self) -> Image.Image:
        """The picture that gives the size: the one to change, or the depth."""
        given = self.image if self.image is not None else self.depth
        assert isinstance(given, Image.Image)  # since __post_init__
        return given

    @property
    def depth_map(self) -> Image.Image | None:
        """The depth given, mode F; None when it is to be estimated."""
        return self.depth if isinstance(self.depth, Image.Image) else None

    @property
    def steps(self) -> int:
        """All of them, or as many as `strength` leaves when it starts from a picture."""
        return super().steps if self.image is not None else self.total_steps

    @property
    def networks(self) -> tuple[str, ...]:
        """The encoder when there is a picture, the estimator when there is no depth."""
        wanted = {"vae_encoder": self.image is not None, "depth_estimator": self.depth is None}
        return (*PROMPTED, *(name for name, needed in wanted.items() if needed))

    @property
    def details(self) -> Mapping[str, object]:
        """The strength, when there is a picture."""
        return super().details if self.image is not None else {}


def _check_strength(strength: object, num_inference_steps: int) -> None:
    """Raise InvalidRequest for a strength out of bounds, or one that leaves no step to run."""
    STRENGTH.check("strength", strength)
    assert isinstance(strength, int | float)
    if int(num_inference_steps * strength) < 1:
        raise InvalidRequest(
            f"strength {strength:g} of {num_inference_steps} steps leaves no step to run: "
            f"use a strength of at least {math.ceil(1000 / num_inference_steps) / 1000:g}, or more steps"
        )


def round_up(side: int) -> int:
    """Return the next multiple of 8 that the networks can work at."""
    return max(int(SIDE.low), -(-side // 8) * 8)


def clamp_side(side: float) -> int:
    """Return a side in whole pixels, within bounds."""
    return int(min(max(round(side), SIDE.low), SIDE.high))


def _named(picture: Image.Image, given: PictureSource) -> Image.Image:
    """Note in a picture that was read what it was read from; that also says that it is normalised."""
    is_named = isinstance(given, str | Path)
    picture.info = {"source": str(given) if is_named else f"{picture.width}x{picture.height} picture"}
    return picture
