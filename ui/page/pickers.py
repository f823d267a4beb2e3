"""Model, device and precision in one drop-down, under the labels people know: "demo-scenes CPU FP16"."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from runtime.backends.base import Device
from runtime.placement import MIXES, PYTORCH_DEVICES, choose_device
from ui.page.shelf import Shelved
from ui.task_choice import TASKS

if TYPE_CHECKING:
    from ui.page.page import Page

SEPARATOR = "|"
LANCZOS = "lanczos"  # what enlarges without a model is chosen like one
EXECUTES = {"pytorch-cpu": "FP32", "cuda": "FP16", "mps": "FP32"}  # what the weights are loaded as


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One row of the drop-down: a model on a placement."""

    model: str
    device: str
    label: str

    @property
    def value(self) -> str:
        """What stands for it in a form."""
        return f"{self.model}{SEPARATOR}{self.device}"


def split_choice(value: str | None) -> tuple[str, str]:
    """Return the model and the device of a value, both empty when nothing is chosen."""
    model, _, device = (value or "").rpartition(SEPARATOR)
    return model, device


def choices_of(page: "Page", model: Shelved, devices: Sequence[Device]) -> list[Choice]:
    """Return the placements on devices that are here, the one that `auto` takes first."""
    here = {device.id for device in devices}
    openvino = [device.id for device in devices if device.backend == "openvino"]
    if "unet" in model.folder.components and len(model.folder.components) > 1:
        openvino += [mix for mix, parts in MIXES.items() if {"cpu", *parts.values()} <= here]
    pytorch = [device.id for device in devices if device.backend == "pytorch"]
    names = openvino if model.folder.kind == "openvino" else []
    best = choose_device([device for device in devices if device.backend == "openvino"])
    names = sorted(names, key=lambda name: name != best)
    names += pytorch if model.folder.source_path is not None else []
    return [
        Choice(
            model=model.name,
            device=name,
            label=f"{model.name} {_words(page, name)} {_precision(model, name)}".rstrip(),
        )
        for name in names
    ]


def _precision(model: Shelved, device: str) -> str:
    if _kind(device) in PYTORCH_DEVICES:
        return EXECUTES[_kind(device)]
    return "" if model.folder.precision == "unknown" else model.folder.precision.upper()


def _kind(device: str) -> str:
    """The device without its number: "gpu.1" is a gpu."""
    return device.split(".")[0].split(":")[0]


def _words(page: "Page", device: str) -> str:
    kind = _kind(device)
    number = device.removeprefix(kind)
    known = page.texts.knows(f"common.device.{kind}")
    return (page.say(f"common.device.{kind}") if known else kind.upper()) + number


class ModelPicker:
    """The drop-down of a tab: only models that can do its task."""

    def __init__(self, page: "Page", tab: str, task: str) -> None:
        self.page = page
        self.task = task
        choices = self.choices()
        first = choices[0].value if choices else None
        self.component = gr.Dropdown(
            choices=[(choice.label, choice.value) for choice in choices],
            value=first,
            label=page.say("common.model"),
            info=self.hint(first),
            elem_id=f"{tab}-model",
        )
        page.model_pickers.append(self)

    def choices(self) -> list[Choice]:
        """Return what can be chosen now: own models, then the bundled one for the task, then the others."""
        devices = self.page.engine.devices()
        best = TASKS[self.task].model
        models = sorted(
            self.page.shelf.models(self.task),
            key=lambda model: (model.bundled, model.name != best, model.name),
        )
        choices = [choice for model in models for choice in choices_of(self.page, model, devices)]
        if self.task == "upscale":
            choices.append(Choice(model=LANCZOS, device="cpu", label=self.page.say("upscale.lanczos")))
        return choices

    def hint(self, value: str | None) -> str:
        """Return the line below: that the model is only a demonstration, or that there is none."""
        name, _ = split_choice(value)
        if not name:
            return self.page.say("common.model_none")
        if name == LANCZOS:
            return self.page.say("upscale.lanczos_info")
        model = self.page.shelf.find(name)
        bundled = model is not None and model.bundled
        return self.page.say("common.model_bundled" if bundled else "common.model_info")

    def offers(self, value: str) -> bool:
        """Whether the model of a value, or of this name, can be chosen."""
        name = split_choice(value)[0] or value
        return any(choice.model == name for choice in self.choices())

    def choose(self, value: str | None) -> dict[str, Any]:
        """Return the update that offers what can be chosen now, with `value` chosen if it still can be."""
        choices = self.choices()
        values = [choice.value for choice in choices]
        if value not in values:
            name, _ = split_choice(value)
            value = next((other for other in values if split_choice(other)[0] == name), None)
            value = value or next(iter(values), None)
        update: dict[str, Any] = gr.update(
            choices=[(choice.label, choice.value) for choice in choices], value=value, info=self.hint(value)
        )
        return update
