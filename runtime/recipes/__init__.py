"""How each task makes its pictures: what it gives the one loop, and what it does with the result.

A recipe is imported when it is first followed, so that a prompt does not wait for what reads pictures.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from runtime.errors import InvalidRequest
from runtime.model_folder import ModelFolder
from runtime.request import Request
from runtime.tasks import require_task

if TYPE_CHECKING:
    from runtime.studio import Pictures, Studio

# Task -> module and function of its recipe, and of its check of a request against a model, if it has one.
RECIPES: Mapping[str, tuple[str, str]] = {
    "text-to-image": ("runtime.recipes.from_noise", "from_noise"),
    "unconditional": ("runtime.recipes.from_noise", "from_noise"),
    "image-to-image": ("runtime.recipes.image_to_image", "image_to_image"),
    "inpaint": ("runtime.recipes.inpaint", "inpaint"),
    "outpaint": ("runtime.recipes.outpaint", "outpaint"),
    "depth-to-image": ("runtime.recipes.depth", "depth_to_image"),
    "upscale": ("runtime.recipes.upscale", "upscale"),
}
_CHECKS: Mapping[str, tuple[str, str]] = {
    "depth-to-image": ("runtime.recipes.depth", "check_depth"),
    "upscale": ("runtime.recipes.upscale", "check_noise_level"),
}


def check_recipe(model: ModelFolder, request: Request) -> None:
    """Raise InvalidRequest when the model cannot do the task, or not as it is asked for."""
    require_task(model, request.task)
    for component in request.networks:
        if component.startswith("vae_") and component not in model.components:
            raise InvalidRequest(
                f"{model.name} has no {component}, which {request.task} takes: export it again"
            )
    if request.task in _CHECKS:
        _find(_CHECKS[request.task])(model, request)


def follow_recipe(studio: "Studio", request: Request) -> "Pictures":
    """Yield the steps of one batch of the request's task; return its pictures."""
    pictures: Pictures = _find(RECIPES[request.task])(studio, request)
    return pictures


def _find(place: tuple[str, str]) -> Callable[..., Any]:
    found: Callable[..., Any] = getattr(import_module(place[0]), place[1])
    return found
