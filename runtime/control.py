"""What a ControlNet is asked for: which net, by which picture, how strongly, during which of the steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.errors import InvalidRequest

if TYPE_CHECKING:
    from PIL import Image

MOST = 2  # nets for one picture
KINDS = ("none", "canny", "depth", "scribble")
WEIGHTS = (0.0, 2.0)
LEVELS = (0, 255)
CANNY = (100, 200)  # thresholds, as A1111 and OpenCV's examples have them
SCRIBBLE = 127  # the level that tells a drawing's line from its paper


@dataclass(frozen=True, kw_only=True)
class Control:
    """One ControlNet of a request.

    `net` is its name or folder. `kind` says what is made of the picture: "none" takes it as it is, "canny"
    draws its outlines between the thresholds `low` and `high`, "scribble" its lines by the threshold `low`,
    "depth" spreads a depth map, brighter nearer, over all levels. The net runs from the share `start` of the
    steps to the share `end`, as diffusers counts them, and what it says counts `weight` times.
    Raises InvalidRequest for anything out of bounds, and for a picture that cannot be read.
    """

    net: str
    image: "Image.Image | str | Path | bytes"
    kind: str = "none"
    weight: float = 1.0
    start: float = 0.0
    end: float = 1.0
    low: int | None = None
    high: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.net, str) or not self.net:
            raise InvalidRequest(f"control must name a ControlNet, got {self.net!r}: give its name or folder")
        if self.kind not in KINDS:
            raise InvalidRequest(f"control kind must be one of {', '.join(KINDS)}, got {self.kind!r}")
        _check("control weight", self.weight, WEIGHTS)
        _check("control start", self.start, (0.0, 1.0))
        _check("control end", self.end, (0.0, 1.0))
        if self.start >= self.end:
            raise InvalidRequest(
                f"control start {self.start:g} must be below control end {self.end:g}: they are shares of "
                "the steps, from 0 to 1"
            )
        self._check_thresholds()
        self._read_picture()

    def _check_thresholds(self) -> None:
        given = {"low": self.low, "high": self.high}
        fits = {"canny": ("low", "high"), "scribble": ("low",)}.get(self.kind, ())
        for name, value in given.items():
            if value is None:
                continue
            if name not in fits:
                raise InvalidRequest(f"control {name} has no meaning for kind {self.kind!r}: leave it out")
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 255:
                raise InvalidRequest(f"control {name} must be a whole number from 0 to 255, got {value!r}")
        low, high = self.thresholds
        if self.kind == "canny" and low > high:
            raise InvalidRequest(f"control low {low} must not be above control high {high}: swap them")

    def _read_picture(self) -> None:
        from PIL import Image

        from runtime.image_input import read_depth, read_image

        if self.image is None or self.image == "":
            raise InvalidRequest(
                f"the control {self.net} has no picture: give it its image (--control-image FILE)"
            )
        if isinstance(self.image, Image.Image) and self.image.info.get("control") == self.kind:
            return  # read before
        is_named = isinstance(self.image, str | Path)
        is_depth = self.kind == "depth"
        picture = Image.fromarray(read_depth(self.image)) if is_depth else read_image(self.image)
        source = str(self.image) if is_named else f"{picture.width}x{picture.height} picture"
        picture.info = {"source": source, "control": self.kind}
        object.__setattr__(self, "image", picture)

    @property
    def picture(self) -> "Image.Image":
        """The picture, of mode RGB, or F for a depth map."""
        from PIL import Image

        assert isinstance(self.image, Image.Image)  # since __post_init__
        return self.image

    @property
    def thresholds(self) -> tuple[int, int]:
        """Those that count where they were not given."""
        usual = (SCRIBBLE, SCRIBBLE) if self.kind == "scribble" else CANNY
        return (
            usual[0] if self.low is None else self.low,
            usual[1] if self.high is None else self.high,
        )

    def weight_at(self, evaluation: int, count: int) -> float:
        """Return what it counts at one of `count` evaluations, as diffusers' control_guidance_start, _end."""
        outside = evaluation / count < self.start or (evaluation + 1) / count > self.end
        return 0.0 if outside else float(self.weight)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as JSON holds them, the picture by the name it was read from."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        values["image"] = self.picture.info["source"]
        return {name: value for name, value in values.items() if value is not None}


def read_controls(given: object) -> tuple[Control, ...]:
    """Return the controls of a request, each given as a Control or as its fields; raises InvalidRequest."""
    if isinstance(given, Mapping | Control):
        given = [given]
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise InvalidRequest(f"controls must be a list of ControlNets with their pictures, got {given!r:.80}")
    if len(given) > MOST:
        raise InvalidRequest(f"{len(given)} ControlNets are given, at most {MOST} work at once: drop some")
    return tuple(_read(item) for item in given)


def active(controls: Sequence[Control]) -> tuple[Control, ...]:
    """Return those that count at all: one of weight 0 is as if it had not been given."""
    return tuple(control for control in controls if control.weight)


def _read(item: object) -> Control:
    if isinstance(item, Control):
        return item
    if not isinstance(item, Mapping):
        raise InvalidRequest(f"a control must be an object with net and image, got {item!r:.80}")
    known = [f.name for f in fields(Control)]
    for name in item:
        if name not in known:
            raise InvalidRequest(f"a control has no {name!r:.60}: its fields are {', '.join(known)}")
    for name in ("net", "image"):
        if name not in item:
            raise InvalidRequest(f'a control needs {name}: give {{"net": ..., "image": ...}}')
    return Control(**item)


def _check(name: str, value: object, bounds: tuple[float, float]) -> None:
    low, high = bounds
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise InvalidRequest(f"{name} must be a number from {low:g} to {high:g}, got {value!r}")
