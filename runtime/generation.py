"""One request being answered: iterate to watch the steps, or drain it for the result."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image

from runtime.arrays import Array
from runtime.backends.base import Backend, Components, Conditioning, ExecutedOn, UNet
from runtime.denoise import DenoiseStep, denoise
from runtime.errors import InvalidRequest
from runtime.guidance import predict_guided, predict_plain
from runtime.infotext import infotext
from runtime.latents import decode_latents, latent_shape, preview_latents, to_images
from runtime.model_folder import ModelFolder
from runtime.noise import BatchNoise
from runtime.prompt import conditioning, encode_prompt
from runtime.request import Request
from runtime.schedulers import SamplerChoice
from runtime.timings import Timings
from runtime.tokenizer import ClipTokenizer


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A finished picture, the seed that gives it again, and its `parameters` text."""

    image: Image.Image
    seed: int
    infotext: str


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of a request; `request` has every value that was used in place of a default."""

    pictures: tuple[Picture, ...]
    request: Request
    sampler: str
    schedule: str
    placement: Mapping[str, ExecutedOn]
    timings: Timings
    warnings: tuple[str, ...]
    cancelled: bool

    @property
    def images(self) -> tuple[Image.Image, ...]:
        """The pictures alone."""
        return tuple(picture.image for picture in self.pictures)

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seed of each picture."""
        return tuple(picture.seed for picture in self.pictures)


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """An opened model as a generation needs it; `verified` returns once the files are known to be sound."""

    model: ModelFolder
    backend: Backend
    tokenizer: ClipTokenizer
    verified: Callable[[], None]


class Generation:
    """Iterate for the steps; `pictures` grows as batches are finished; `result()` runs what is left.

    Errors come from the iteration: NonFiniteError, DeviceError, ModelFolderError.
    """

    def __init__(
        self, loaded: Loaded, request: Request, sampler: SamplerChoice, on_phase: Callable[[str], None]
    ) -> None:
        self.request = request
        self.pictures: list[Picture] = []
        self.timings = Timings()
        self._loaded = loaded
        self._sampler = sampler
        self._on_phase = on_phase
        self._cancelled = False
        self._latents: Array | None = None
        self._components: Components | None = None
        self._steps = self._run()

    def __iter__(self) -> Iterator[DenoiseStep]:
        return self._steps

    def cancel(self) -> None:
        """Stop at the next step; pictures that are finished stay."""
        self._cancelled = True

    def preview(self) -> Image.Image:
        """Return the first picture of the running batch as it stands, one pixel per latent."""
        if self._latents is None:
            raise InvalidRequest("there is nothing to preview before the first step: ask again after it")
        manifest = self._loaded.model.manifest
        fitted = manifest.latent_rgb if manifest is not None else ()
        return preview_latents(self._latents[:1], np.array(fitted, np.float32) if fitted else None)[0]

    def result(self) -> Result:
        """Run what is left and return everything."""
        for _ in self._steps:
            pass
        return Result(
            pictures=tuple(self.pictures),
            request=self.request,
            sampler=self._sampler.sampler,
            schedule=self._sampler.schedule,
            placement=self._components.placement if self._components is not None else {},
            timings=self.timings,
            warnings=self.request.warnings + self._loaded.model.notes,
            cancelled=self._cancelled,
        )

    def _run(self) -> Iterator[DenoiseStep]:
        with self.timings.add("total"):
            for first in range(0, self.request.count, self.request.batch_size):
                batch = min(self.request.batch_size, self.request.count - first)
                yield from self._run_batch(self.request.seed + first, batch)
                if self._cancelled:
                    return

    def _run_batch(self, seed: int, batch: int) -> Iterator[DenoiseStep]:
        request, model = self.request, self._loaded.model
        components = self._prepare(batch)
        self._on_phase("encoding the prompt")
        with self.timings.add("text_encoder"):
            embeds = encode_prompt(self._loaded.tokenizer, components.text_encoder, request)
        embedded = conditioning(embeds, batch)
        unet = self._timed(components.unet)
        predict = (
            predict_guided(unet, embedded, request.guidance_scale)
            if request.guided
            else predict_plain(unet, embedded)
        )
        scheduler = self._sampler.build(request.num_inference_steps)
        self.timings.evaluations_per_step = len(scheduler.timesteps) / request.num_inference_steps
        height, width = components.shape.height, components.shape.width
        shape = latent_shape(batch, model.latent_channels, height, width, model.vae_scale_factor)
        noise = BatchNoise(range(seed, seed + batch))
        latents = noise.standard_normal(shape) * np.float32(scheduler.init_noise_sigma)
        self._on_phase("denoising")
        loop = denoise(predict, scheduler, latents, noise=lambda: noise.standard_normal(shape))
        for step in self._checked(loop):
            self._latents = latents = step.latents
            yield step
            if self._cancelled:
                return
        self._on_phase("decoding")
        with self.timings.add("vae_decoder"):
            pixels = decode_latents(components.vae_decoder, latents, model.scaling_factor)
        for number, image in enumerate(to_images(pixels)):
            self.pictures.append(
                Picture(image=image, seed=seed + number, infotext=self._infotext(components, seed + number))
            )
        self._loaded.backend.keep()

    def _prepare(self, batch: int) -> Components:
        self._on_phase("compiling")
        self._components = self._loaded.backend.load(self.request.shape(batch))
        self._components.wait(self.timings)
        return self._components

    def _checked(self, steps: Iterator[DenoiseStep]) -> Iterator[DenoiseStep]:
        """Time each step, and let none out before the model's files are known to be sound."""
        started = time.perf_counter()
        try:
            step = next(steps, None)
        finally:
            self._loaded.verified()  # a damaged file explains a failed first step better than the failure
        while step is not None:
            self.timings.steps.append(time.perf_counter() - started)
            yield step
            started = time.perf_counter()
            step = next(steps, None)

    def _timed(self, unet: UNet) -> UNet:
        def timed(sample: Array, timestep: float, conditioning: Conditioning) -> Array:
            self.timings.unet_calls += 1
            with self.timings.add("unet"):
                return unet(sample, timestep, conditioning)

        return timed

    def _infotext(self, components: Components, seed: int) -> str:
        model, placed = self._loaded.model, components.placement["unet"]
        hashes = model.manifest.source.sha256 if model.manifest is not None else {}
        return infotext(
            self.request,
            seed=seed,
            sampler=self._sampler.sampler,
            schedule=self._sampler.schedule,
            model_name=model.name,
            model_hash=next(
                (digest[:10] for name, digest in hashes.items() if name.startswith("unet")), None
            ),
            extra={"Device": placed.device, "Precision": placed.precision, "Weights": model.precision},
        )
