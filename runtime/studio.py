"""What a recipe makes pictures with: the networks, the noise and the loop of one batch."""

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image

from runtime.arrays import AnyArray, Array
from runtime.backends.base import Components, Conditioning, PromptEmbeds, UNet
from runtime.conditions import Situation, condition_values
from runtime.control_run import Controls, by_evaluation
from runtime.denoise import AfterStep, DenoiseStep, PredictNoise, denoise
from runtime.errors import NonFiniteError
from runtime.guidance import predict_planned, with_channels
from runtime.latents import latent_shape, to_images, to_pixels
from runtime.model_folder import ModelFolder
from runtime.noise import BatchNoise
from runtime.request import Request
from runtime.schedulers import SamplerChoice
from runtime.schedulers.base import Scheduler
from runtime.tiles import decode_in_tiles, predict_in_tiles
from runtime.timings import Timings

Latents = Generator[DenoiseStep, None, Array]  # yields the steps, returns the finished latents
Pictures = Generator[DenoiseStep, None, list[Image.Image]]  # a recipe: yields the steps, returns the pictures


class Cancelled(Exception):
    """Raised inside a generation that was cancelled, at the next evaluation of the UNet."""


@dataclass(kw_only=True)
class Watch:
    """What a generation and its batches share: who listens, where time is noted, whether to stop."""

    timings: Timings
    on_phase: Callable[[str], None]
    verified: Callable[[], None]  # returns once the model's files are known to be sound
    cancelled: bool = False

    def check(self) -> None:
        """Raise Cancelled when somebody asked to stop."""
        if self.cancelled:
            raise Cancelled


@dataclass(kw_only=True)
class Studio:
    """The tools of one batch of B pictures; `passes` is how often its recipe goes through the loop."""

    model: ModelFolder
    components: Components
    request: Request
    sampler: SamplerChoice
    noise: BatchNoise
    # A row for each half of guidance, the unconditional one first; None without a text encoder.
    prompt_embeds: PromptEmbeds | None
    watch: Watch
    controls: Controls | None = None
    passes: int = 1
    _finished: int = 0
    _seen: Callable[[], Array] | None = field(default=None)

    @property
    def batch(self) -> int:
        """How many pictures are made at once."""
        return self.components.shape.batch

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(B, C, h, w) of the latents that the networks were prepared for."""
        sizes, model = self.components.shape, self.model
        return latent_shape(
            self.batch, model.latent_channels, sizes.height, sizes.width, model.vae_scale_factor
        )

    def scheduler(self) -> Scheduler:
        """Return a fresh scheduler for one pass through the loop."""
        return self.sampler.build(self.request.total_steps)

    def draw(self, shape: tuple[int, ...] | None = None) -> Array:
        """Return the next noise of every picture's own stream, shaped like the latents unless said."""
        return self.noise.standard_normal(shape or self.shape)

    def encode(self, pixels: Array) -> Array:
        """Return latents (B, C, h, w) drawn from the posterior of pixels (1 or B, 3, H, W) in [-1, 1]."""
        self.watch.on_phase("encoding the picture")
        with self.watch.timings.add("vae_encoder"):
            moments = [self.components.vae_encoder(row[None]) for row in pixels]
        mean, std = (np.concatenate(parts) for parts in zip(*moments, strict=True))
        latents = (mean + std * self.draw()) * np.float32(self.model.scaling_factor)
        if not np.isfinite(latents).all():
            raise NonFiniteError(
                "the VAE encoder gave values that are not numbers: try --execution-precision f32"
            )
        return np.asarray(latents, np.float32)

    def denoise(
        self,
        scheduler: Scheduler,
        latents: Array,
        *,
        start: int = 0,
        channels: Array | None = None,
        extra: Mapping[str, AnyArray] | None = None,
        after_step: AfterStep | None = None,
    ) -> Latents:
        """Go once through the loop: yield its steps, numbered over all passes, and return the latents.

        `channels` (1 or B, C', h, w) are concatenated to what the UNet sees; `extra` are its further inputs,
        (B, ...) each. Latents larger than the networks were prepared for are predicted in tiles.
        """
        self.watch.on_phase("denoising")
        self.watch.timings.evaluations_per_step = len(scheduler.timesteps) / scheduler.num_inference_steps
        steps_of = scheduler.step_index
        evaluations = range(start, len(scheduler.timesteps))
        predict = self._recorded(
            self._predictor(
                latents, channels, extra or {}, evaluations, lambda index: steps_of[index] - steps_of[start]
            ),
            scheduler,
        )
        shape = latents.shape
        steps = denoise(
            predict, scheduler, latents, noise=lambda: self.draw(shape), start=start, after_step=after_step
        )
        for step in self._timed_steps(steps):
            latents = step.latents
            yield replace(
                step, index=self._finished * step.total + step.index, total=self.passes * step.total
            )
            self.watch.check()
        self._finished += 1
        return latents

    def decode(self, latents: Array) -> Array:
        """Return pixels (B, H, W, 3) in 0 to 255, in tiles when the latents are larger than prepared for."""
        if "vae_decoder" not in self.model.components:
            return to_pixels(latents)
        self.components.wait(self.watch.timings)  # the decoder may have been put off
        self.watch.on_phase("decoding")
        scaled = np.ascontiguousarray(latents / np.float32(self.model.scaling_factor))
        with self.watch.timings.add("vae_decoder"):
            decoded = decode_in_tiles(
                self.components.vae_decoder, scaled, self.shape[2:], self.model.vae_scale_factor, self._tile
            )
        if not np.isfinite(decoded).all():
            raise NonFiniteError(
                "the VAE decoder gave values that are not numbers, so there is no picture: "
                "try --execution-precision f32"
            )
        return to_pixels(decoded)

    def pictures(self, latents: Array) -> list[Image.Image]:
        """Return the decoded pictures."""
        return to_images(self.decode(latents))

    def predicted(self) -> Array | None:
        """Return the latents (B, C, h, w) that the last evaluation expects in the end, None before it."""
        return self._seen() if self._seen is not None else None

    def _predictor(
        self,
        latents: Array,
        channels: Array | None,
        extra: Mapping[str, AnyArray],
        evaluations: range,
        step_of: Callable[[int], int],
    ) -> PredictNoise:
        rows = len(latents) * (2 if self.request.guided else 1)
        embeds = self.prompt_embeds
        told: dict[str, AnyArray] = {
            name: np.resize(value, (rows, *value.shape[1:])) for name, value in extra.items()
        }
        if embeds is not None:
            told |= self._conditions(embeds, len(latents))
        hidden = None if embeds is None else np.repeat(embeds.hidden, len(latents), axis=0)
        conditioning = Conditioning(encoder_hidden_states=hidden, extra=told)
        unet = predict_in_tiles(self._timed_unet, latents.shape[2:], self.shape[2:], self._tile)
        if channels is not None:
            unet = with_channels(unet, channels)
        request = self.request

        def predictor(unet: UNet) -> PredictNoise:
            return predict_planned(
                unet, conditioning, request.scale, request.plan, step_of, guided=request.guided
            )

        if self.controls is None:
            return predictor(unet)
        weights = self.controls.weights(len(evaluations))
        made = {each: predictor(self.controls.around(unet, each)) for each in set(weights)}
        return by_evaluation([made[each] for each in weights], evaluations.start)

    def _conditions(self, embeds: PromptEmbeds, batch: int) -> Mapping[str, AnyArray]:
        sizes = self.components.shape
        situation = Situation(
            prompt=embeds, height=sizes.height, width=sizes.width, guidance_scale=self.request.scale
        )
        return condition_values(self.model.config("unet"), situation, batch)

    def _timed_unet(self, sample: Array, timestep: float, conditioning: Conditioning) -> Array:
        self.watch.check()
        self.watch.timings.unet_calls += 1
        self.watch.timings.unet_shallow_calls += not conditioning.whole
        with self.watch.timings.add("unet"):
            return self.components.unet(sample, timestep, conditioning)

    def _tile(self, what: str, number: int, total: int) -> None:
        """Hear that a tile is begun: of a step that takes minutes, this is what can be shown."""
        self.watch.check()
        self.watch.on_phase(f"{what}, tile {number} of {total}")

    def _recorded(self, predict: PredictNoise, scheduler: Scheduler) -> PredictNoise:
        """Keep what the last evaluation said, for a preview if one is asked for."""

        def recorded(sample: Array, timestep: float, index: int) -> Array:
            output = predict(sample, timestep, index)
            self._seen = lambda: scheduler.predicted_original(sample, output, index)
            return output

        return recorded

    def _timed_steps(self, steps: Iterator[DenoiseStep]) -> Iterator[DenoiseStep]:
        """Time each step, and let none out before the model's files are known to be sound."""
        started = time.perf_counter()
        try:
            step = next(steps, None)
        finally:
            self.watch.verified()  # a damaged file explains a failed first step better than the failure
        while step is not None:
            self.watch.timings.steps.append(time.perf_counter() - started)
            yield step
            started = time.perf_counter()
            step = next(steps, None)
