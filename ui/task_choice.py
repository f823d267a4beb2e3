"""Which task is meant, by which model, and whether everything that is given goes with it."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

import runtime
from runtime.errors import InvalidRequest
from runtime.model_folder import ModelFolder
from runtime.models import find_model, list_models
from runtime.places import BUNDLED_MODELS
from runtime.request import Request
from runtime.tasks import require_task
from ui.generate_options import SIDES, flag_of

DEFAULT_MODEL = "demo-scenes"


@dataclass(frozen=True, kw_only=True)
class Task:
    """The request of a task by the name that runtime offers, and the bundled model that does it best.

    `without` are fields that the request inherits and that mean nothing to it.
    """

    request: str
    model: str
    without: tuple[str, ...] = ()

    @property
    def kind(self) -> type[Request]:
        """The class; the module of most of them loads Pillow, so it is imported when it is asked for."""
        kind: type[Request] = getattr(runtime, self.request)
        return kind

    @property
    def fields(self) -> frozenset[str]:
        """The fields that can be given."""
        return frozenset(self.kind.field_names()) - {*self.without, "window"}


TASKS: Mapping[str, Task] = {
    "text-to-image": Task(request="TextToImage", model=DEFAULT_MODEL),
    "image-to-image": Task(request="ImageToImage", model=DEFAULT_MODEL),
    "inpaint": Task(request="Inpaint", model="demo-inpaint"),
    "outpaint": Task(
        request="Outpaint", model="demo-inpaint", without=("width", "height", "resize", "controls")
    ),
    "depth-to-image": Task(request="DepthToImage", model="demo-depth", without=("controls",)),
    "upscale": Task(
        request="Upscale", model="demo-upscale", without=("width", "height", "resize", "controls")
    ),
    "unconditional": Task(
        request="Unconditional",
        model="demo-butterflies",
        without=("guidance_scale", "guidance_interval", "controls", "clip_skip"),
    ),
}
# What tells a task, the first that is given: a mask, new sides, a depth.
TELLING = {"mask": "inpaint"} | dict.fromkeys(SIDES, "outpaint") | {"depth": "depth-to-image"}
NEEDED = {
    "image": "{task} starts from a picture: give --image FILE",
    "mask": "{task} takes a mask, white where to repaint: give --mask FILE",
}
Spell = Callable[[str], str]  # field -> what the person who gave it calls it


@dataclass(frozen=True, kw_only=True)
class ModelChoice:
    """Which model answers which task: the one that was asked for, else the bundled one for the task."""

    asked: str | None
    data: Path

    def first(self) -> ModelFolder:
        """Return the model that decides where nothing else does."""
        return find_model(self.asked or DEFAULT_MODEL, self.data, BUNDLED_MODELS)

    def best(self, task: str, first: ModelFolder) -> ModelFolder:
        """Return the model for a task; raises InvalidRequest, with what it can do, when it cannot do that."""
        best = TASKS[task].model
        if self.asked is None and best != first.name:
            known = {model.name for model in list_models(self.data, BUNDLED_MODELS)}
            first = find_model(best, self.data, BUNDLED_MODELS) if best in known else first
        require_task(first, task)
        return first


def choose_request(
    given: Mapping[str, Any], task: str | None, models: ModelChoice, spell: Spell = flag_of
) -> tuple[ModelFolder, Request]:
    """Return the model and the request that the given fields, and the task if it is named, ask for.

    Raises InvalidRequest, with what the model can do, for fields that contradict the task or one another,
    and for what is missing; the pictures are read here.
    """
    if task is not None and task not in TASKS:
        raise InvalidRequest(f"there is no task {task!r}: choose one of {', '.join(TASKS)}")
    first = models.first()
    task = task or _told_by(given, first)
    model = models.best(task, first)
    _check_fields(given, task, model, spell)
    return model, TASKS[task].kind(**given)


def _told_by(given: Mapping[str, Any], model: ModelFolder) -> str:
    """Return the task that follows from what is given, and else from the model."""
    for field, task in TELLING.items():
        if field in given:
            return task
    usual = "image-to-image" if "image" in given else "text-to-image"
    return usual if usual in model.tasks else model.tasks[0]


def _check_fields(given: Mapping[str, Any], task: str, model: ModelFolder, spell: Spell) -> None:
    can = f"{model.name} can do {', '.join(model.tasks)}"
    for name in given:
        if name not in TASKS[task].fields:
            others = ", ".join(other for other, row in TASKS.items() if name in row.fields)
            raise InvalidRequest(f"{spell(name)} does not go with {task}, only with {others}: {can}")
    for field in fields(TASKS[task].kind):
        if field.default is MISSING and field.name not in given:
            raise InvalidRequest(f"{NEEDED[field.name].format(task=task)} ({can})")
    if task == "text-to-image" and "prompt" not in given:
        raise InvalidRequest('there is no prompt: write generate "what the picture should show"')
    if "strength" in given and "image" not in given:
        raise InvalidRequest(f"{spell('strength')} goes with a picture: give --image FILE ({can})")
    if "padding" in given and not given.get("only_masked"):
        raise InvalidRequest(f"{spell('padding')} goes with {spell('only_masked')}: give both or neither")
