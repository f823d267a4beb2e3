"""Depth to image: one more channel says how near everything is."""

import numpy as np

from runtime.arrays import Array
from runtime.depth import depth_channel, estimate_depth
from runtime.errors import InvalidRequest
from runtime.frame import Frame, to_unit
from runtime.model_folder import ModelFolder
from runtime.picture_requests import DepthToImage
from runtime.recipes.image_to_image import start_of
from runtime.studio import Pictures, Studio


def check_depth(model: ModelFolder, request: DepthToImage) -> None:
    """Raise InvalidRequest when there is no depth and the model cannot estimate it."""
    if request.depth is None and "depth_estimator" not in model.components:
        raise InvalidRequest(
            f"{model.name} has no depth estimator: give the depth as a picture too, brighter is nearer "
            "(--depth FILE)"
        )


def depth_to_image(studio: Studio, request: DepthToImage) -> Pictures:
    """Denoise the noised picture, or pure noise when only a depth is given, beside the depth."""
    frame = Frame(request)
    channels = depth_channel(_depth(studio, request, frame), *studio.shape[2:])
    scheduler = studio.scheduler()
    start = start_of(scheduler, request.steps)
    if request.image is None:
        latents = studio.draw() * np.float32(scheduler.init_noise_sigma)
    else:
        original = studio.encode(to_unit(frame.padded))
        latents = scheduler.add_noise(original, studio.draw(), start)
    latents = yield from studio.denoise(scheduler, latents, start=start, channels=channels)
    return [frame.cut(picture) for picture in studio.pictures(latents)]


def _depth(studio: Studio, request: DepthToImage, frame: Frame) -> Array:
    """Return the depth (H, W) at the working size, or at the estimator's."""
    if request.depth_map is not None:
        return np.asarray(frame.pad(frame.fitted(request.depth_map)), np.float32)
    studio.watch.on_phase("estimating the depth")
    with studio.watch.timings.add("depth_estimator"):
        return estimate_depth(
            studio.components.depth_estimator, studio.model.feature_extractor_config, frame.padded
        )
