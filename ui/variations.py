"""Versions of one picture: image to image by what the picture's own text says."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runtime.errors import InvalidRequest
from runtime.infotext_reader import parameters_of, read_infotext
from runtime.model_folder import ModelFolder
from runtime.request import BOUNDS

TASK = "image-to-image"
DEFAULTS = {"strength": 0.5, "count": 4}
TAKEN = (
    "prompt",
    "negative_prompt",
    "num_inference_steps",
    "guidance_scale",
    "sampler",
    "schedule",
    "clip_skip",
)


def variation_fields(
    given: Mapping[str, Any], task: str | None, model: ModelFolder
) -> tuple[dict[str, Any], list[str]]:
    """Return the fields that make variations of `given["image"]`, and what of its text cannot be used.

    What is given comes before what the picture says, and that before the defaults.
    """
    if "image" not in given:
        raise InvalidRequest("there is no picture to vary: give --image FILE with --variations")
    if task not in (None, TASK):
        raise InvalidRequest(f"--variations is {TASK}, not {task}: leave out --task or --variations")
    said, notes = _usable(given, _said_by(Path(given["image"])), model)
    return {**DEFAULTS, **said, **given}, notes


def _said_by(path: Path) -> dict[str, Any]:
    text = parameters_of(path)
    return read_infotext(text).fields if text is not None else {}


def _usable(
    given: Mapping[str, Any], said: Mapping[str, Any], model: ModelFolder
) -> tuple[dict[str, Any], list[str]]:
    """Leave out what is given, and, with a note, what this program does not have or allow."""
    from runtime.schedulers import choose_sampler

    usable, notes = dict[str, Any](), list[str]()
    for name in TAKEN:
        if name not in said or name in given or (name == "schedule" and "sampler" in given):
            continue
        try:
            if name in BOUNDS:
                BOUNDS[name].check(name, said[name])
                if name == "clip_skip":
                    model.clip_skip(said[name])
            elif name == "sampler":
                choose_sampler(said[name], None, model.sampler_config)
            elif name == "schedule":
                choose_sampler(usable.get("sampler"), said[name], model.sampler_config)
        except InvalidRequest as error:
            notes.append(f"what the picture says of itself is left out where it cannot be used ({error})")
        else:
            usable[name] = said[name]
    return usable, notes
