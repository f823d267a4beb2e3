"""x4 upscaling: the small picture, noised a little, is concatenated to latents of its own size."""

import numpy as np

from runtime.errors import InvalidRequest
from runtime.frame import to_unit
from runtime.model_folder import ModelFolder
from runtime.schedulers.noise_levels import Level, training_alphas
from runtime.schedulers.settings import Settings
from runtime.studio import Pictures, Studio
from runtime.upscale_request import SCALE, Upscale


def check_noise_level(model: ModelFolder, request: Upscale) -> None:
    """Raise InvalidRequest for more noise than the model knows, ModelFolderError for another factor."""
    if request.noise_level > model.max_noise_level:
        raise InvalidRequest(
            f"noise_level must be at most {model.max_noise_level} for {model.name}, got {request.noise_level}"
        )
    if model.vae_scale_factor != SCALE:
        raise InvalidRequest(
            f"{model.name} enlarges {model.vae_scale_factor} times; only models for {SCALE} times can be used"
        )


def upscale(studio: Studio, request: Upscale) -> Pictures:
    """Noise the picture to `noise_level`, tell the UNet so (`class_labels`), and denoise beside it.

    Ho et al. 2021 (arXiv 2106.15282) call the noise conditioning augmentation.
    """
    picture = to_unit(request.picture)
    alphas = training_alphas(Settings.read(studio.model.low_res_scheduler_config, {}))
    level = Level.trained(float(alphas[request.noise_level]))
    noised = level.mix(picture, studio.draw((studio.batch, *picture.shape[1:])))
    scheduler = studio.scheduler()
    size = (studio.batch, studio.model.latent_channels, *picture.shape[2:])
    latents = studio.draw(size) * np.float32(scheduler.init_noise_sigma)
    latents = yield from studio.denoise(
        scheduler,
        latents,
        channels=np.asarray(noised, np.float32),
        extra={"class_labels": np.full(studio.batch, request.noise_level, np.int64)},
    )
    return studio.pictures(latents)
