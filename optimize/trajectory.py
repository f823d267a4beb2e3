"""What a UNet sees while its model makes pictures, by the runtime's own loop."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from runtime.arrays import Array
from runtime.backends.base import Components, Conditioning, Shape
from runtime.backends.openvino import OpenVinoBackend
from runtime.conditions import Situation, condition_values
from runtime.denoise import PredictNoise, denoise
from runtime.devices import list_devices
from runtime.guidance import predict_guided, predict_plain
from runtime.latents import latent_shape
from runtime.model_folder import ModelFolder
from runtime.noise import BatchNoise
from runtime.placement import resolve_placement
from runtime.prompt import encode_prompt, plan_prompt
from runtime.request import TextToImage
from runtime.schedulers import choose_sampler
from runtime.tokenizer import ClipTokenizer


@dataclass(frozen=True, kw_only=True)
class Walk:
    """How pictures are made: a prompt each, the first with `seed`, the next with one more, and so on."""

    prompts: Sequence[str]
    seed: int
    steps: int
    guidance_scale: float
    guided: bool  # whether the UNet runs on two halves: not where it is told the scale
    width: int
    height: int

    @property
    def requests(self) -> tuple[TextToImage, ...]:
        """A request for each picture."""
        return tuple(
            TextToImage(
                prompt=prompt,
                seed=self.seed + number,
                num_inference_steps=self.steps,
                guidance_scale=self.guidance_scale,
                width=self.width,
                height=self.height,
                embeds_guidance=not self.guided,
            )
            for number, prompt in enumerate(self.prompts)
        )

    @property
    def shape(self) -> Shape:
        """What the networks are prepared for."""
        return Shape(batch=1, height=self.height, width=self.width, guided=self.guided)


@dataclass(frozen=True, kw_only=True)
class UNetCall:
    """One call of the UNet and what it answered; B is 2 with guidance, the unconditional half first."""

    sample: Array  # (B, C, h, w)
    timestep: float
    encoder_hidden_states: Array  # (B, 77, D)
    answer: Array  # (B, C, h, w)
    extra: Mapping[str, Array] = field(default_factory=dict)  # what the UNet is told besides, (B, ...) each


@contextmanager
def on_cpu(model: ModelFolder, shape: Shape) -> Iterator[Components]:
    """Hold a model's text encoders and UNet on the CPU in f32; raises what opening a model raises."""
    placement = resolve_placement("cpu", list_devices(pytorch=False))
    with OpenVinoBackend(model, placement, execution_precision="f32") as backend:
        yield backend.load(shape, (*model.text_encoders, "unet"))


def record_calls(model: ModelFolder, components: Components, walk: Walk) -> Iterator[UNetCall]:
    """Draw the pictures' latents and yield every call of the UNet on the way; raises NonFiniteError."""
    for request in walk.requests:
        yield from _picture(model, components, request)


def call(components: Components, recorded: UNetCall) -> Array:
    """Return what another UNet answers to a recorded call."""
    conditioning = Conditioning(encoder_hidden_states=recorded.encoder_hidden_states, extra=recorded.extra)
    return components.unet(recorded.sample, recorded.timestep, conditioning)


def _picture(model: ModelFolder, components: Components, request: TextToImage) -> Iterator[UNetCall]:
    calls: list[UNetCall] = []

    def listening(sample: Array, timestep: float, conditioning: Conditioning) -> Array:
        answer = components.unet(sample, timestep, conditioning)
        hidden = conditioning.encoder_hidden_states
        assert hidden is not None  # text to image
        calls.append(
            UNetCall(
                sample=sample,
                timestep=timestep,
                encoder_hidden_states=hidden,
                extra=conditioning.extra,
                answer=answer,
            )
        )
        return answer

    steps, guidance_scale = request.num_inference_steps, request.guidance_scale
    assert steps is not None  # a walk says both
    assert guidance_scale is not None
    zeroes = model.zeroes_empty_prompt
    embeds = encode_prompt(plan_prompt(_tokenizers(model), request, zeroes_empty=zeroes), components)
    width, height = request.working_size
    situation = Situation(prompt=embeds, height=height, width=width, guidance_scale=guidance_scale)
    told = condition_values(model.config("unet"), situation, 1)
    conditioning = Conditioning(encoder_hidden_states=embeds.hidden, extra=told)
    predict: PredictNoise = predict_plain(listening, conditioning)
    if request.guided:
        predict = predict_guided(listening, conditioning, guidance_scale)
    scheduler = choose_sampler(None, None, model.sampler_config).build(steps)
    noise = BatchNoise([request.seed])
    shape = latent_shape(1, model.latent_channels, height, width, model.vae_scale_factor)
    latents = noise.standard_normal(shape) * np.float32(scheduler.init_noise_sigma)
    for _ in denoise(predict, scheduler, latents, noise=lambda: noise.standard_normal(shape)):
        yield from calls
        calls.clear()


def _tokenizers(model: ModelFolder) -> tuple[ClipTokenizer, ...]:
    """One for each text encoder."""
    configs = {encoder: model.config(encoder) for encoder in model.text_encoders}
    return tuple(
        ClipTokenizer(
            model.tokenizer_of(encoder),
            max_length=int(config.get("max_position_embeddings", 77)),
            vocab_size=int(config.get("vocab_size", 0)) or None,
        )
        for encoder, config in configs.items()
    )
