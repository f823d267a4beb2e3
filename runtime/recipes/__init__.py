"""How each task makes its pictures: what it gives the one loop, and what it does with the result."""

from collections.abc import Callable, Mapping
from typing import Any

from runtime.errors import InvalidRequest
from runtime.model_folder import ModelFolder
from runtime.recipes.depth import check_depth, depth_to_image
from runtime.recipes.from_noise import from_noise
from runtime.recipes.image_to_image import image_to_image
from runtime.recipes.inpaint import inpaint
from runtime.recipes.outpaint import outpaint
from runtime.recipes.upscale import check_noise_level, upscale
from runtime.request import Request
from runtime.studio import Pictures, Studio
from runtime.tasks import require_task

RECIPES: Mapping[str, Callable[[Studio, Any], Pictures]] = {
    "text-to-image": from_noise,
    "unconditional": from_noise,
    "image-to-image": image_to_image,
    "inpaint": inpaint,
    "outpaint": outpaint,
    "depth-to-image": depth_to_image,
    "upscale": upscale,
}
CHECKS: Mapping[str, Callable[[ModelFolder, Any], None]] = {
    "depth-to-image": check_depth,
    "upscale": check_noise_level,
}


def check_recipe(model: ModelFolder, request: Request) -> None:
    """Raise InvalidRequest when the model cannot do the task, or not as it is asked for."""
    require_task(model, request.task)
    for component in request.networks:
        if component.startswith("vae_") and component not in model.components:
            raise InvalidRequest(
                f"{model.name} has no {component}, which {request.task} takes: export it again"
            )
    if request.task in CHECKS:
        CHECKS[request.task](model, request)


def follow_recipe(studio: Studio, request: Request) -> Pictures:
    """Yield the steps of one batch of the request's task; return its pictures."""
    return RECIPES[request.task](studio, request)
