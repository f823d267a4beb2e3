"""What can be asked for: frozen requests, checked when they are made, and the result that answers them."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, TypeVar

from runtime.adapters.tags import check_networks
from runtime.backends.base import Shape
from runtime.control import read_controls
from runtime.errors import InvalidRequest
from runtime.feature_reuse import Reuse
from runtime.few_steps import USUAL, ModelDefaults
from runtime.guidance_interval import GuidanceInterval
from runtime.prompt_syntax import parse_prompt
from runtime.speed import EXACT, StepPlan, find_preset, parts_of, plan_steps

MAX_SEED = 2**53  # what a JSON number holds exactly
RANDOM_SEED = -1
PROMPTED = ("text_encoder", "text_encoder_2", "unet", "vae_decoder")  # what makes a picture of a prompt
R = TypeVar("R", bound="Request")


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """The range a number may lie in, ends included."""

    low: float
    high: float
    whole: bool = True

    def check(self, name: str, value: object) -> None:
        """Raise InvalidRequest unless `value` is a number in the range."""
        types = (int,) if self.whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, types) or not self.low <= value <= self.high:
            kind = "a whole number" if self.whole else "a number"
            raise InvalidRequest(
                f"{name} must be {kind} from {self.low:.16g} to {self.high:.16g}, got {value!r}"
            )


SIDE = Bounds(low=64, high=4096)  # pixels of a picture's width or height
BOUNDS: Mapping[str, Bounds] = {
    "num_inference_steps": Bounds(low=1, high=1000),
    "guidance_scale": Bounds(low=0, high=50, whole=False),
    "seed": Bounds(low=RANDOM_SEED, high=MAX_SEED),
    "count": Bounds(low=1, high=100),
    "batch_size": Bounds(low=1, high=16),
    "clip_skip": Bounds(low=1, high=12),
}
OWN = ("num_inference_steps", "guidance_scale")  # which None leaves to the model


@dataclass(frozen=True, kw_only=True)
class Request:
    """What every task has in common. None means "the model's own".

    `seed` -1 draws one; picture i of `count` uses seed + i, `batch_size` of them are made at once.
    Raises InvalidRequest, with the value and a remedy, for anything out of bounds.
    """

    task: ClassVar[str] = ""
    side: ClassVar[Bounds] = SIDE
    side_multiple: ClassVar[int] = 8

    prompt: str = ""
    negative_prompt: str = ""
    num_inference_steps: int | None = None
    guidance_scale: float | None = None
    width: int | None = None
    height: int | None = None
    sampler: str | None = None
    schedule: str | None = None
    seed: int = RANDOM_SEED
    count: int = 1
    batch_size: int = 1
    safety_checker: bool = True  # the model's own, where it has one
    clip_skip: int = 1  # which layer of the text encoder is read, counted from the last
    # What is left out of the work: a row of runtime.speed, and what each part of it is instead.
    speed: str = EXACT
    reuse: str | int | Sequence[int] | None = None
    guidance_interval: str | Sequence[float] | None = None
    controls: Sequence[Any] = ()  # ControlNets (runtime.control.Control, or its fields), at most two
    # Set when it is resolved: the UNet is told the scale, and no second half is needed to guide by.
    embeds_guidance: bool = field(default=False, repr=False)

    def __post_init__(self) -> None:
        for name, bounds in BOUNDS.items():
            if getattr(self, name) is not None or name not in OWN:
                bounds.check(name, getattr(self, name))
        if not isinstance(self.safety_checker, bool):
            raise InvalidRequest(f"safety_checker must be true or false, got {self.safety_checker!r}")
        for name in ("width", "height"):
            value = getattr(self, name)
            if value is not None:
                self.side.check(name, value)
                _check_multiple(name, value, self.side_multiple)
        for name in ("prompt", "negative_prompt"):
            _check_text(name, getattr(self, name))
        find_preset(self.speed)
        for name, read in (("reuse", Reuse.read), ("guidance_interval", GuidanceInterval.read)):
            if getattr(self, name) is not None:  # one spelling each, whichever it was given in
                object.__setattr__(self, name, str(read(getattr(self, name))))
        object.__setattr__(self, "controls", read_controls(self.controls))
        if self.seed > MAX_SEED + 1 - self.count:
            raise InvalidRequest(
                f"seed {self.seed} leaves no room for {self.count} pictures: "
                f"use a seed up to {MAX_SEED + 1 - self.count}"
            )

    @property
    def total_steps(self) -> int:
        """`num_inference_steps`, or as many as most models take when nothing is said yet."""
        return USUAL.num_inference_steps if self.num_inference_steps is None else self.num_inference_steps

    @property
    def scale(self) -> float:
        """`guidance_scale`, or what most models take when nothing is said yet."""
        return USUAL.guidance_scale if self.guidance_scale is None else self.guidance_scale

    @property
    def guided(self) -> bool:
        """Whether the UNet runs on two halves: not at 1 or less, nor when it is told the scale."""
        return self.scale > 1 and not self.embeds_guidance

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was asked for but will have no effect."""
        why = (
            "on a model that is told the guidance scale"
            if self.embeds_guidance
            else f"at guidance_scale {self.scale:g}: use more than 1"
        )
        given = {"negative prompt": self.negative_prompt, "guidance interval": self.guidance_interval}
        idle = [name for name, value in given.items() if value and not self.guided]
        return tuple(f"the {name} has no effect {why}" for name in idle)

    @property
    def steps(self) -> int:
        """How many of `total_steps` are run: fewer when it starts from a picture."""
        return self.total_steps

    @property
    def plan(self) -> tuple[StepPlan, ...]:
        """How each of `steps` is computed."""
        parts = parts_of(self.speed, self.reuse, self.guidance_interval, steps=self.total_steps)
        return plan_steps(self.steps, parts, guided=self.guided)

    @property
    def networks(self) -> tuple[str, ...]:
        """The components it takes; one that the model lacks is left out."""
        return PROMPTED

    @property
    def details(self) -> Mapping[str, object]:
        """What the PNG text says beyond what every task has, under the names that A1111 uses."""
        return {}

    @property
    def speed_details(self) -> Mapping[str, object]:
        """What the PNG text says of work that was left out; nothing for an exact picture."""
        told = {"Speed": None if self.speed == EXACT else self.speed}
        return told | {"Feature reuse": self.reuse, "Guidance interval": self.guidance_interval}

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the finished picture in pixels; a resolved request has them."""
        if self.width is None or self.height is None:
            raise InvalidRequest("the picture has no size yet: give width and height")
        return self.width, self.height

    @property
    def working_size(self) -> tuple[int, int]:
        """Width and height of what goes through the networks in one piece."""
        return self.size

    def shape(self, batch: int) -> Shape:
        """Return the sizes a batch is made at; a resolved request has them."""
        width, height = self.working_size
        plan = self.plan
        return Shape(
            batch=batch,
            height=height,
            width=width,
            guided=self.guided,
            halves=self.guided and not all(step.guided for step in plan),
            reuses=not all(step.whole for step in plan),
        )

    def resolved(self: R, *, width: int, height: int, model: ModelDefaults = USUAL) -> R:
        """Return the request with a drawn seed, and the model's own values where none were given.

        `width` and `height` are what the model was trained at.
        """
        steps, scale = self.num_inference_steps, self.guidance_scale
        return replace(
            self,
            seed=self.seed if self.seed != RANDOM_SEED else draw_seed(self.count),
            width=self.width or width,
            height=self.height or height,
            num_inference_steps=model.num_inference_steps if steps is None else steps,
            guidance_scale=model.guidance_scale if scale is None else scale,
            embeds_guidance=model.embeds_guidance,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as JSON holds them, the task first."""
        values = {name: getattr(self, name) for name in self.field_names()}
        return {"task": self.task} | values | {"controls": [one.as_dict() for one in self.controls]}

    @classmethod
    def field_names(cls) -> tuple[str, ...]:
        """The fields that can be asked for."""
        return tuple(f.name for f in fields(cls) if f.name != "embeds_guidance")


@dataclass(frozen=True, kw_only=True)
class TextToImage(Request):
    """Make pictures from a prompt alone."""

    task: ClassVar[str] = "text-to-image"


@dataclass(frozen=True, kw_only=True)
class Unconditional(Request):
    """Make pictures of what the model was trained on; there is no prompt, and so nothing to guide by."""

    task: ClassVar[str] = "unconditional"
    side: ClassVar[Bounds] = Bounds(low=8, high=1024)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.prompt or self.negative_prompt:
            raise InvalidRequest(
                "a model without a text encoder takes no prompt: leave it out, or choose another --model"
            )

    @property
    def guided(self) -> bool:
        """There is nothing to guide by."""
        return False

    @property
    def networks(self) -> tuple[str, ...]:
        """The one network; its latents are pixels."""
        return ("unet",)


def draw_seed(count: int = 1) -> int:
    """Return a random seed of 32 bits that has room for `count` pictures."""
    return secrets.randbelow(2**32 - count)


def _check_multiple(name: str, value: int, step: int) -> None:
    if value % step:
        below = value - value % step
        raise InvalidRequest(
            f"{name} must be a multiple of {step}, got {value}: try {below or step} or {below + step}"
        )


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise InvalidRequest(f"{name} must be text, got {type(value).__name__}")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidRequest(
            f"{name} holds a broken character at position {error.start}: type it again"
        ) from error
    called = name.replace("_", " ")
    check_networks(parse_prompt(value, called), called)
