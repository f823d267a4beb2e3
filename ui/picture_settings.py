"""What a picture's text means here: fields of a request, an installed model, a task, and what is left over.

Nothing in such a text is an error: it may come from a program that can do other things.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from runtime.control_text import KEYS, read_control
from runtime.errors import InvalidRequest
from runtime.infotext_reader import FIELDS, PictureText, fields_of
from runtime.picture_requests import STRENGTH
from runtime.prompt_syntax import parse_prompt
from runtime.repaint_requests import PIXELS
from runtime.request import BOUNDS, SIDE, Bounds
from runtime.schedulers.tables import find_sampler, find_schedule
from runtime.upscale_request import NOISE_LEVEL, TILE
from ui.generate_options import SIDES
from ui.picture_adapters import (
    ADAPTER_KEYS,
    MISSING,
    OTHER,
    SAME,
    FindAdapter,
    compare,
    names_missing,
    nothing_here,
)
from ui.task_choice import TASKS

if TYPE_CHECKING:
    from runtime.model_folder import ModelFolder

# How a pair is taken, and why not. The page has a sentence for each.
USED, TOLD, UNUSED = "used", "told", "unused"
UNREADABLE, OUT_OF_RANGE = "unreadable", "out_of_range"
NO_SAMPLER, NO_SCHEDULE, NO_SUCH_PAIR = "no_sampler", "no_schedule", "no_such_pair"
ADAPTER_MISSING, ADAPTER_OTHER = "adapter_missing", "adapter_other"
MODEL_MISSING, MODEL_OTHER = "model_missing", "model_other"
ADAPTER_MISSING, ADAPTER_OTHER = "adapter_missing", "adapter_other"
# What else is to be known before the settings are used.
GPU_NOISE, SYNTAX, LORA = "gpu_noise", "syntax", "lora"

LIMITS: Mapping[str, Bounds] = {
    **BOUNDS,
    **{"width": SIDE, "height": SIDE, "strength": STRENGTH, "noise_level": NOISE_LEVEL, "tile": TILE},
    **dict.fromkeys(("mask_blur", "padding", *SIDES), PIXELS),
}
# Keys that say how a picture was made, and ask for nothing: ours, and those that A1111 adds to any picture.
TELLING = frozenset(
    {"device", "precision", "weights", "version", "rng", "user", "vae hash", "x type", "y type"}
)
TELLING |= {
    "x values",
    "y values",
    "postprocess upscale by",
    "postprocess upscaler",
    "mask mode",
    "inpaint area",
}
NETS = "control_nets"  # no field of a request: the ControlNets of a text, which lack their pictures
CONTROL_KEYS = tuple(key.casefold() for key in KEYS)
GPU_SUFFIX = "_gpu"  # ComfyUI has such twins of a sampler
SAME_SCHEDULE = {"normal": "Automatic", "uniform": "Automatic"}  # what others call the plain one
LORA_TAG = re.compile(r"<(lora|lyco|hypernet):[^<>]+>", re.IGNORECASE)
FILE_ENDING = re.compile(r"\.(safetensors|ckpt|pt)$", re.IGNORECASE)


_ADAPTERS = {SAME: USED, MISSING: ADAPTER_MISSING, OTHER: ADAPTER_OTHER}


@dataclass(frozen=True, kw_only=True)
class KnownModel:
    """An installed model, and the sha256 of the files it was made from."""

    name: str
    tasks: tuple[str, ...]
    sha256: frozenset[str] = frozenset()

    @classmethod
    def of(cls, folder: "ModelFolder") -> "KnownModel":
        """Return what is known of an opened folder."""
        sources = folder.manifest.source.sha256.values() if folder.manifest is not None else ()
        return cls(name=folder.name, tasks=folder.tasks, sha256=frozenset(sources))


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One pair of the settings line, and how it is taken."""

    key: str
    value: str
    taken: str


@dataclass(frozen=True, kw_only=True)
class PictureSettings:
    """What can be sent to a form; `pairs` has every pair of the text, in its order."""

    fields: Mapping[str, Any]
    model: str | None
    task: str
    pairs: tuple[Pair, ...]
    notes: tuple[str, ...]


@dataclass(kw_only=True)
class _Reading:
    """What was taken so far."""

    text: PictureText
    models: Sequence[KnownModel]
    find_adapter: FindAdapter
    fields: dict[str, Any] = field(default_factory=dict)
    model: KnownModel | None = None

    def take(self, key: str, value: str) -> str:
        """Take a pair; return how."""
        name = key.strip().casefold()
        readers: Mapping[str, Callable[[str], str]] = {
            "sampler": self._sampler,
            "schedule type": self._schedule,
            "model": lambda value: self._model_taken(),
            "model hash": lambda value: self._model_taken(),
            **dict.fromkeys(CONTROL_KEYS, self._control),
        }
        if name in readers:
            return readers[name](value)
        if name in ADAPTER_KEYS:
            return _ADAPTERS[compare(ADAPTER_KEYS[name], value, self.find_adapter)]
        if name in FIELDS:
            return self._numbers(fields_of(key, value), name)
        return TOLD if name in TELLING else UNUSED

    def _numbers(self, found: Mapping[str, Any], name: str) -> str:
        if not found:
            return TOLD if name in TELLING else UNREADABLE
        try:
            for field_name, value in found.items():
                if field_name in LIMITS:
                    LIMITS[field_name].check(field_name, value)
        except InvalidRequest:
            return OUT_OF_RANGE
        self.fields |= found
        return USED

    def _sampler(self, value: str) -> str:
        try:
            kind, named = find_sampler(value.removesuffix(GPU_SUFFIX).replace(f"{GPU_SUFFIX}_", "_"))
        except InvalidRequest:
            return NO_SAMPLER
        self.fields["sampler"] = kind.name
        if named is not None:
            self.fields["schedule"] = named.name
        return USED

    def _schedule(self, value: str) -> str:
        try:
            schedule = find_schedule(SAME_SCHEDULE.get(value.casefold(), value)).name
        except InvalidRequest:
            return NO_SCHEDULE
        sampler = self.fields.get("sampler")
        if sampler is not None and schedule not in find_sampler(sampler)[0].schedules:
            return NO_SUCH_PAIR
        self.fields["schedule"] = schedule
        return USED

    def _control(self, value: str) -> str:
        """Take a ControlNet; its picture is not in the text and must be given again."""
        control = read_control(value)
        if control is None:
            return UNUSED
        self.fields[NETS] = [*self.fields.get(NETS, ()), control]
        return USED

    def _model_taken(self) -> str:
        """Find the installed model: by the content it was made from, else by its name."""
        digest = (self.text.value("Model hash") or "").strip().casefold()
        name = model_name(self.text.value("Model") or "")
        same = [model for model in self.models if digest and any(s.startswith(digest) for s in model.sha256)]
        named = [model for model in self.models if name and model_name(model.name) == name]
        both = [model for model in same if model in named]
        self.model = next(iter([*both, *same, *named]), None)
        if self.model is None:
            return MODEL_MISSING
        return MODEL_OTHER if digest and self.model.sha256 and not same else USED


def understand(
    text: PictureText,
    models: Sequence[KnownModel],
    *,
    task: str | None = None,
    find_adapter: FindAdapter = nothing_here,
) -> PictureSettings:
    """Return what a text means; `task` is the one that made the picture, where that is known."""
    reading = _Reading(text=text, models=models, find_adapter=find_adapter)
    # The sampler first: the schedule must go with it, wherever it stands.
    order = sorted(text.values, key=lambda key: key.strip().casefold() != "sampler")
    taken = {key: reading.take(key, text.values[key]) for key in order}
    pairs = tuple(Pair(key=key, value=value, taken=taken[key]) for key, value in text.values.items())
    prompts = {"prompt": text.prompt, "negative_prompt": text.negative_prompt}
    return PictureSettings(
        fields={**prompts, **reading.fields},
        model=reading.model.name if reading.model is not None else None,
        task=task or _told_task(text, reading.model),
        pairs=pairs,
        notes=tuple(_notes(text, find_adapter)),
    )


def model_name(name: str) -> str:
    """Return what two spellings of a model's name share: without folders, ending and case."""
    return FILE_ENDING.sub("", name.replace("\\", "/").rpartition("/")[2].strip()).casefold()


def known_models(folders: Iterable["ModelFolder"]) -> list[KnownModel]:
    """Return what is known of opened folders."""
    return [KnownModel.of(folder) for folder in folders]


def _told_task(text: PictureText, model: KnownModel | None) -> str:
    """Return the task that a text speaks of; with its model, one that the model can do."""
    keys = {key.strip().casefold() for key in text.values}
    if "extended" in keys:
        task = "outpaint"
    elif "noise level" in keys:
        task = "upscale"
    elif keys & {"mask blur", "inpaint area"}:
        task = "inpaint"
    elif "denoising strength" in keys and not any(key.startswith("hires") for key in keys):
        task = "image-to-image"
    else:
        task = "text-to-image"
    if model is not None and model.tasks and task not in model.tasks:
        task = model.tasks[0]
    return task if task in TASKS else "text-to-image"


def _notes(text: PictureText, find_adapter: FindAdapter) -> Iterable[str]:
    version = text.value("Version") or ""
    if text.value("Seed") is not None and not version.startswith("Lapdraw") and text.value("RNG") != "CPU":
        yield GPU_NOISE
    if names_missing(text.prompt, find_adapter) or LORA_TAG.search(text.negative_prompt):
        yield LORA
    try:
        parse_prompt(text.prompt)
        parse_prompt(text.negative_prompt)
    except InvalidRequest:
        yield SYNTAX
