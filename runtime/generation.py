"""One request being answered: iterate to watch the steps, or drain it for the result."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image

from runtime.adapters.choice import Choice
from runtime.arrays import Array
from runtime.backends.base import Backend, Components, ExecutedOn, PromptEmbeds
from runtime.control_plan import ControlPlan
from runtime.denoise import DenoiseStep
from runtime.errors import InvalidRequest
from runtime.infotext import infotext
from runtime.latents import preview_latents
from runtime.model_folder import ModelFolder
from runtime.noise import BatchNoise
from runtime.placement import UNCONDITIONAL
from runtime.prompt import PromptPlan, encode_prompt, plan_prompt
from runtime.prompt_cache import PromptCache
from runtime.recipes import follow_recipe
from runtime.request import Request
from runtime.safety import CHECKER, UNCHECKED, Verdict, Withheld, judge, prepare_picture
from runtime.schedulers import SamplerChoice
from runtime.studio import Cancelled, Studio, Watch
from runtime.timings import Timings


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
    withheld: tuple[Withheld, ...] = ()  # made, flagged by the model's safety checker, and not given out

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
    choice: Choice  # the LoRAs and embeddings, and one tokenizer for each text encoder
    verified: Callable[[], None]
    prompts: PromptCache = field(default_factory=PromptCache)  # what was encoded for earlier requests
    controls: ControlPlan = field(default_factory=ControlPlan)


class Generation:
    """Iterate for the steps; `pictures` grows as batches are finished; `result()` runs what is left.

    Making it raises InvalidRequest for a prompt that the model cannot read; other errors come from the
    iteration: NonFiniteError, DeviceError, ModelFolderError.
    """

    def __init__(
        self, loaded: Loaded, request: Request, sampler: SamplerChoice, on_phase: Callable[[str], None]
    ) -> None:
        self.request = request
        self.pictures: list[Picture] = []
        self.withheld: list[Withheld] = []
        self.timings = Timings()
        self._loaded = loaded
        self._sampler = sampler
        self._watch = Watch(timings=self.timings, on_phase=on_phase, verified=loaded.verified)
        self._studio: Studio | None = None
        self._prompt = self._plan_prompt()
        self._prompt_embeds: PromptEmbeds | None = None
        self._steps = self._run()

    def __iter__(self) -> Iterator[DenoiseStep]:
        return self._steps

    @property
    def notes(self) -> tuple[str, ...]:
        """What is good to know before it begins: that a prompt is read in parts."""
        return self._prompt.notes if self._prompt is not None else ()

    def cancel(self) -> None:
        """Stop at the next evaluation of the UNet; pictures that are finished stay."""
        self._watch.cancelled = True

    def preview(self) -> Image.Image:
        """Return what the first picture of the running batch is becoming, one pixel per latent.

        That is the picture that the last step expects in the end. Costs less than a millisecond.
        """
        manifest = self._loaded.model.manifest
        fitted = manifest.latent_rgb if manifest is not None else ()
        return preview_latents(self._expected()[1][:1], np.array(fitted, np.float32) if fitted else None)[0]

    def decoded_preview(self) -> Image.Image:
        """Return the same at full size, through the VAE decoder: as much work as finishing a picture."""
        studio, latents = self._expected()
        return studio.pictures(latents)[0]

    def result(self) -> Result:
        """Run what is left and return everything."""
        for _ in self._steps:
            pass
        return Result(
            pictures=tuple(self.pictures),
            request=self.request,
            sampler=self._sampler.sampler,
            schedule=self._sampler.schedule,
            placement=self._studio.components.placement if self._studio is not None else {},
            timings=self.timings,
            warnings=self.request.warnings
            + self._prompt_warnings()
            + tuple(map(str, self.withheld))
            + ((UNCHECKED,) if self._has_checker and not self.request.safety_checker else ())
            + self._loaded.choice.warnings
            + self._loaded.model.notes
            + (self._studio.components.warnings if self._studio is not None else ()),
            cancelled=self._watch.cancelled,
            withheld=tuple(self.withheld),
        )

    def _run(self) -> Iterator[DenoiseStep]:
        with self.timings.add("total"):
            try:
                for first in range(0, self.request.count, self.request.batch_size):
                    batch = min(self.request.batch_size, self.request.count - first)
                    yield from self._run_batch(self.request.seed + first, batch)
            except Cancelled:
                return

    def _run_batch(self, seed: int, batch: int) -> Iterator[DenoiseStep]:
        components = self._prepare(batch)
        self._studio = Studio(
            model=self._loaded.model,
            components=components,
            request=self.request,
            sampler=self._sampler,
            noise=BatchNoise(range(seed, seed + batch)),
            prompt_embeds=self._encode_prompt(components),
            watch=self._watch,
            controls=self._loaded.controls.begin(
                self._loaded.model, self.request, components, self.timings, self._watch.check
            ),
        )
        images = yield from follow_recipe(self._studio, self.request)
        for number, image in enumerate(images):
            verdict = self._judge(components, image)
            if verdict.is_flagged:
                self.withheld.append(Withheld(seed=seed + number, reason=verdict.reason))
                continue
            text = self._infotext(components, seed + number, image)
            self.pictures.append(Picture(image=image, seed=seed + number, infotext=text))
        self._loaded.backend.keep()

    def _prepare(self, batch: int) -> Components:
        self._watch.on_phase("compiling")
        shape = self._loaded.controls.shape(self.request.shape(batch))
        networks = self.request.networks
        if self._prompt is not None:
            shape = replace(shape, chunks=self._prompt.count, clip_skip=self._prompt.clip_skip)
            shape = replace(shape, adapters=self._loaded.choice.adapters)
            if self._prompt_embeds is None:
                self._prompt_embeds = self._loaded.prompts.get(self._prompt_key)
            if self._prompt_embeds is not None:  # so nothing will be asked of the encoders
                networks = tuple(name for name in networks if not name.startswith("text_encoder"))
        if self._has_checker and self.request.safety_checker:
            networks = (*networks, CHECKER)
        components = self._loaded.backend.load(shape, networks)
        components.wait(self.timings)
        return components

    @property
    def _has_checker(self) -> bool:
        return CHECKER in self._loaded.model.components

    def _judge(self, components: Components, image: Image.Image) -> Verdict:
        """Return what the model's own checker says of a picture; nothing where there is none."""
        if not (self._has_checker and self.request.safety_checker):
            return Verdict(concepts={})
        self._watch.on_phase("checking the picture")
        pixels = prepare_picture(image, self._loaded.model.feature_extractor_config)
        return judge(components.safety_checker(pixels)[0])

    def _plan_prompt(self) -> PromptPlan | None:
        model, tokenizers = self._loaded.model, self._loaded.choice.tokenizers
        if not tokenizers:
            return None
        return plan_prompt(
            tokenizers,
            self.request,
            zeroes_empty=model.zeroes_empty_prompt,
            clip_skip=model.clip_skip(self.request.clip_skip),
        )

    @property
    def _prompt_key(self) -> Hashable:
        """Equal for what gives equal embeddings: the prompt, and what is added to the text encoders."""
        return self._prompt.key if self._prompt is not None else None, self._loaded.choice.adapters.key

    def _prompt_warnings(self) -> tuple[str, ...]:
        skips = self._prompt is not None and self._prompt.clip_skip == self.request.clip_skip
        if self.request.clip_skip == 1 or skips:
            return ()
        return (
            f"clip_skip {self.request.clip_skip} has no effect on this model: only those like SD 1.x read it",
        )

    def _encode_prompt(self, components: Components) -> PromptEmbeds | None:
        """Return the embeddings, encoded once for all batches and all seeds."""
        if self._prompt_embeds is None and self._prompt is not None:
            self._watch.on_phase("encoding the prompt")
            with self.timings.add("text_encoder"):
                self._prompt_embeds = encode_prompt(self._prompt, components)
            self._loaded.prompts.put(self._prompt_key, self._prompt_embeds)
        return self._prompt_embeds

    def _expected(self) -> tuple[Studio, Array]:
        latents = self._studio.predicted() if self._studio is not None else None
        if self._studio is None or latents is None:
            raise InvalidRequest("there is nothing to preview before the first step: ask again after it")
        return self._studio, latents

    def _infotext(self, components: Components, seed: int, image: Image.Image) -> str:
        model, placement = self._loaded.model, components.placement
        halves = [placement[slot] for slot in ("unet", UNCONDITIONAL) if slot in placement]
        hashes = model.manifest.source.sha256 if model.manifest is not None else {}
        return infotext(
            self.request,
            seed=seed,
            size=image.size,
            sampler=self._sampler.sampler,
            schedule=self._sampler.schedule,
            model_name=model.name,
            model_hash=next(
                (digest[:10] for name, digest in hashes.items() if name.startswith("unet")), None
            ),
            extra={
                **self._loaded.choice.details,
                "Device": "+".join(dict.fromkeys(half.device for half in halves)),
                "Precision": "+".join(dict.fromkeys(half.precision for half in halves)),
                "Weights": model.precision,
            },
        )
