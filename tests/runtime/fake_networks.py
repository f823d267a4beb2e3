"""Networks of one line each, and models of every kind that are made of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import numpy as np

from runtime.adapters.changes import NOTHING
from runtime.adapters.choice import Choice
from runtime.arrays import Array, IntArray
from runtime.backends.base import Conditioning, ExecutedOn, PromptEmbeds, Shape
from runtime.generation import Generation, Loaded
from runtime.model_folder import ModelFolder
from runtime.request import Request
from runtime.schedulers import choose_sampler
from runtime.timings import Timings
from runtime.tokenizer import ClipTokenizer
from tests.models import DEMO_MODEL

DEMO = ModelFolder(DEMO_MODEL)
TOKENIZER = ClipTokenizer(DEMO.tokenizer_dir)
CONDITIONAL = ("text_encoder", "unet", "vae_decoder", "vae_encoder")


@dataclass(frozen=True, kw_only=True)
class FakeModel:
    """What recipes ask of a model folder."""

    tasks: tuple[str, ...]
    unet_in_channels: int
    components: tuple[str, ...] = CONDITIONAL
    latent_channels: int = 4
    vae_scale_factor: int = 8
    scaling_factor: float = 0.5
    max_noise_level: int = 350
    name: str = "fake"
    precision: str = "fp32"
    manifest: None = None
    notes: tuple[str, ...] = ()
    zeroes_empty_prompt: bool = False
    unet_config: Mapping[str, Any] = field(default_factory=dict)
    scheduler_config: Mapping[str, Any] = field(default_factory=lambda: DEMO.scheduler_config)
    low_res_scheduler_config: Mapping[str, Any] = field(
        default_factory=lambda: {"_class_name": "DDPMScheduler"}
    )
    feature_extractor_config: Mapping[str, Any] = field(
        default_factory=lambda: {"size": {"height": 32, "width": 32}}
    )

    @property
    def text_encoders(self) -> tuple[str, ...]:
        return tuple(name for name in self.components if name.startswith("text_encoder"))

    def clip_skip(self, asked: int) -> int:
        return asked

    def config(self, component: str) -> Mapping[str, Any]:
        return self.unet_config if component == "unet" else {}


PLAIN = FakeModel(tasks=("text-to-image", "image-to-image", "inpaint", "outpaint"), unet_in_channels=4)
INPAINTING = FakeModel(tasks=("inpaint", "outpaint"), unet_in_channels=9)
DEPTH = FakeModel(tasks=("depth-to-image",), unet_in_channels=5, components=(*CONDITIONAL, "depth_estimator"))
UPSCALER = FakeModel(tasks=("upscale",), unet_in_channels=7, components=CONDITIONAL[:3], vae_scale_factor=4)
PIXELS = FakeModel(
    tasks=("unconditional",),
    unet_in_channels=3,
    components=("unet",),
    latent_channels=3,
    vae_scale_factor=1,
    scaling_factor=1.0,
)


class FakeComponents:
    """The networks; `bad_call` is the UNet call that answers with NaN. `samples` are what the UNet saw."""

    def __init__(
        self, model: Any, shape: Shape, bad_call: int | None = None, bad_decoder: bool = False
    ) -> None:
        self.shape = shape
        self.samples: list[Array] = []
        self.conditioning: list[Conditioning] = []
        self.decoded = 0
        self._model = model
        self._bad_call = bad_call
        self._bad_decoder = bad_decoder

    warnings: tuple[str, ...] = ()
    placement: Mapping[str, ExecutedOn] = {"unet": ExecutedOn(device="fake", name="Fake", precision="f32")}

    @property
    def calls(self) -> int:
        return len(self.samples)

    def wait(self, timings: Timings) -> None:
        """Nothing to wait for."""

    def text_encoder(self, input_ids: IntArray) -> PromptEmbeds:
        return PromptEmbeds(hidden=np.zeros((*input_ids.shape, 8), np.float32))

    def unet(self, sample: Array, timestep: float, conditioning: Conditioning) -> Array:
        self.samples.append(sample)
        self.conditioning.append(conditioning)
        predicted = sample[:, : self._model.latent_channels]
        return (
            np.full_like(predicted, np.nan) if self.calls == self._bad_call else predicted * np.float32(0.1)
        )

    def vae_decoder(self, latents: Array) -> Array:
        self.decoded += 1
        factor = self._model.vae_scale_factor
        picture = latents[:, :3].repeat(factor, axis=2).repeat(factor, axis=3)
        return picture * np.float32(np.inf) if self._bad_decoder else picture

    def vae_encoder(self, pixels: Array) -> tuple[Array, Array]:
        rows, _, height, width = pixels.shape
        mean = pixels.reshape(rows, 3, height // 8, 8, width // 8, 8).mean((3, 5))
        mean = np.concatenate([mean, mean[:, :1]], axis=1)
        return mean, np.full_like(mean, 0.01)

    def depth_estimator(self, pixels: Array) -> Array:
        return pixels.mean(axis=1)


class FakeBackend:
    """Makes FakeComponents and remembers them."""

    def __init__(self, model: Any = DEMO, bad_call: int | None = None, bad_decoder: bool = False) -> None:
        self.made: list[FakeComponents] = []
        self.networks: list[tuple[str, ...]] = []
        self.kept = 0
        self._model = model
        self._faults = (bad_call, bad_decoder)

    def __enter__(self) -> "FakeBackend":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to release."""

    def load(self, shape: Shape, networks: Sequence[str]) -> FakeComponents:
        self.made.append(FakeComponents(self._model, shape, *self._faults))
        self.networks.append(tuple(networks))
        return self.made[-1]

    def layers(self, component: str) -> dict[str, tuple[int, ...]]:
        return {}

    def keep(self) -> None:
        self.kept += 1


def generation(
    request: Request,
    backend: FakeBackend,
    verified: Any = None,
    model: Any = DEMO,
    size: tuple[int, int] = (128, 64),
) -> Generation:
    """Return a Generation of `request` over networks of one line; the model's own size is `size`."""
    loaded = Loaded(
        model=model,
        backend=backend,
        choice=Choice(adapters=NOTHING, tokenizers=(TOKENIZER,) * len(model.text_encoders)),
        verified=verified or (lambda: None),
    )
    sampler = choose_sampler(request.sampler, request.schedule, model.sampler_config)
    resolved = request.resolved(width=size[0], height=size[1])
    return Generation(loaded, resolved, sampler, lambda phase: None)
