"""Image to image: the picture, noised as far as `strength` says, is where the loop starts (SDEdit)."""

from runtime.frame import Frame, to_unit
from runtime.picture_requests import ImageToImage
from runtime.schedulers.base import Scheduler
from runtime.studio import Pictures, Studio


def image_to_image(studio: Studio, request: ImageToImage) -> Pictures:
    """Noise the encoded picture (Meng et al. 2021, arXiv 2108.01073) and denoise it by the prompt."""
    frame = Frame(request)
    scheduler = studio.scheduler()
    start = start_of(scheduler, request.steps)
    original = studio.encode(to_unit(frame.padded))
    latents = scheduler.add_noise(original, studio.draw(), start)
    latents = yield from studio.denoise(scheduler, latents, start=start)
    return [frame.cut(picture) for picture in studio.pictures(latents)]


def start_of(scheduler: Scheduler, steps: int) -> int:
    """Return the first evaluation of the last `steps` steps."""
    return scheduler.step_index.index(scheduler.num_inference_steps - steps)
