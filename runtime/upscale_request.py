"""The request to enlarge a picture."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from runtime.errors import InvalidRequest
from runtime.few_steps import USUAL, ModelDefaults
from runtime.picture_requests import PictureRequest
from runtime.request import Bounds

SCALE = 4  # what an upscaler multiplies a side by
NOISE_LEVEL = Bounds(low=0, high=1000)
TILE = Bounds(low=64, high=4096)
MAX_UPSCALED = 8192


@dataclass(frozen=True, kw_only=True)
class Upscale(PictureRequest):
    """Enlarge a picture four times by a model made for it, in overlapping tiles when it is large.

    `noise_level` is how much noise the model is told to see in the picture: more invents more. `tile` is the
    side of a tile in pixels of the result.
    """

    task: ClassVar[str] = "upscale"
    side: ClassVar[Bounds] = Bounds(low=64, high=MAX_UPSCALED)

    noise_level: int = 20
    tile: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        NOISE_LEVEL.check("noise_level", self.noise_level)
        if self.tile is not None:
            TILE.check("tile", self.tile)
        upscaled = tuple(side * SCALE for side in self.picture.size)
        for name, given, wanted in zip(("width", "height"), (self.width, self.height), upscaled, strict=True):
            if not self.side.low <= wanted <= self.side.high:
                raise InvalidRequest(
                    f"a {self.picture.width}x{self.picture.height} picture cannot be enlarged to "
                    f"{upscaled[0]}x{upscaled[1]}: sides of the result go from {self.side.low} to "
                    f"{self.side.high}; resize it first, or use --model lanczos"
                )
            if given not in (None, wanted):
                raise InvalidRequest(f"upscaling makes {name} {wanted}, not {given}: leave {name} out")

    @property
    def guided(self) -> bool:
        """Without a prompt both halves of guidance are the same, and one is enough."""
        return super().guided and self.prompt != self.negative_prompt

    @property
    def networks(self) -> tuple[str, ...]:
        """The usual three: the picture goes into the UNet as it is."""
        return tuple(name for name in super().networks if name != "vae_encoder")

    @property
    def working_size(self) -> tuple[int, int]:
        """The size of one tile."""
        if self.tile is None:
            raise InvalidRequest("the tiles have no size yet: resolve the request, or give tile")
        tile = self.tile - self.tile % SCALE
        return min(tile, self.size[0]), min(tile, self.size[1])

    def resolved(self, *, width: int, height: int, model: ModelDefaults = USUAL) -> "Upscale":
        """Return the request with a drawn seed, its size, and the size of its tiles."""
        chosen = replace(self, tile=self.tile or min(max(width, height, 512), int(TILE.high)))
        return super(Upscale, chosen).resolved(width=width, height=height, model=model)

    def _own_size(self, width: int, height: int) -> tuple[int, int]:
        return self.picture.width * SCALE, self.picture.height * SCALE

    @property
    def details(self) -> Mapping[str, object]:
        """The noise level and the tiles."""
        return {"Noise level": self.noise_level, "Tile": self.tile}
