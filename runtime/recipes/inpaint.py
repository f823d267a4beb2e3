"""Inpainting: what is white in the mask is repainted, and not a pixel of the rest is changed."""

import numpy as np
from PIL import Image, ImageFilter

from runtime.arrays import Array
from runtime.denoise import AfterStep
from runtime.frame import Frame, to_unit
from runtime.recipes.image_to_image import start_of
from runtime.repaint_requests import Inpaint
from runtime.schedulers.base import Scheduler
from runtime.studio import Latents, Pictures, Studio

Box = tuple[int, int, int, int]  # left, top, right, bottom


def inpaint(studio: Studio, request: Inpaint) -> Pictures:
    """Repaint the masked part of the whole picture, or of the area around it alone."""
    if request.only_masked:
        box = masked_area(request.repainted, request.padding, request.size)
        whole, mask = request.picture, request.repainted
        piece = whole.crop(box).resize(request.working_size, Image.Resampling.LANCZOS)
        piece_mask = mask.crop(box).resize(request.working_size, Image.Resampling.BILINEAR)
        painted = yield from repaint(
            studio, to_unit(piece), binary(piece_mask), request.steps, request.strength
        )
        size = (box[2] - box[0], box[3] - box[1])
        pictures = []
        for pixels in painted:
            new = whole.copy()
            new.paste(_to_image(pixels).resize(size, Image.Resampling.LANCZOS), box[:2])
            pictures.append(blend(whole, new, mask, request.mask_blur))
        return pictures
    frame = Frame(request)
    mask = binary_image(frame.fitted(request.repainted))
    painted = yield from repaint(
        studio, to_unit(frame.padded), binary(frame.pad(mask)), request.steps, request.strength
    )
    return [blend(frame.picture, frame.cut(_to_image(pixels)), mask, request.mask_blur) for pixels in painted]


def repaint(
    studio: Studio, pixels: Array, mask: Array, steps: int, strength: float, *, hold: bool = False
) -> Latents:
    """Go once through the loop and return pixels (B, H, W, 3) in 0 to 255, the known part decoded anew.

    `pixels` (1 or B, 3, H, W) are in [-1, 1], `mask` (1, 1, H, W) is 1 where to repaint. An inpainting UNet
    (2 * C + 1 channels) sees mask and masked picture; any other is held to the picture after every step, and
    with `hold` that one too. The order in which noise is drawn is diffusers', so that a seed gives the same
    picture.
    """
    model = studio.model
    sees_mask = model.unet_in_channels > model.latent_channels
    scheduler = studio.scheduler()
    start = start_of(scheduler, steps)
    starts_from_noise = strength == 1
    holds = hold or not sees_mask
    original = studio.encode(pixels) if holds or not starts_from_noise else None
    noise = studio.draw()
    latents = (
        noise * np.float32(scheduler.init_noise_sigma)
        if original is None or starts_from_noise
        else scheduler.add_noise(original, noise, start)
    )
    small = latent_mask(mask, studio.shape[2:])
    channels = None
    if sees_mask:
        masked = studio.encode(pixels * (mask < 0.5))
        channels = np.concatenate([np.repeat(small, studio.batch, axis=0), masked], axis=1)
    else:
        studio.draw()  # diffusers encodes the masked picture for every model
    keep = keep_known(scheduler, original, noise, small) if holds and original is not None else None
    latents = yield from studio.denoise(scheduler, latents, start=start, channels=channels, after_step=keep)
    return studio.decode(latents)


def keep_known(scheduler: Scheduler, original: Array, noise: Array, mask: Array) -> AfterStep:
    """Return what puts the known part back after evaluation i, at the noise level that the next one sees.

    Lugmayr et al. 2022 (RePaint, arXiv 2201.09865), equation 8.
    """
    last = len(scheduler.timesteps) - 1

    def keep(latents: Array, i: int) -> Array:
        known = original if i == last else scheduler.add_noise(original, noise, i + 1)
        return np.asarray((1 - mask) * known + mask * latents, np.float32)

    return keep


def latent_mask(mask: Array, size: tuple[int, int]) -> Array:
    """Return (1, 1, h, w) from (1, 1, H, W): the nearest pixel, as inpainting models were trained."""
    rows, columns = (
        np.arange(small) * large // small for small, large in zip(size, mask.shape[2:], strict=True)
    )
    return np.ascontiguousarray(mask[:, :, rows[:, None], columns[None, :]])


def blend(original: Image.Image, painted: Image.Image, mask: Image.Image, blur: int) -> Image.Image:
    """Return `painted` where the mask is white and `original` where it is black, with a soft edge inside.

    The edge lies inside the mask, so that what is black in it stays as it was, to the last bit.
    """
    opacity = np.asarray(mask, np.float32)[..., None] / np.float32(255)
    if blur:
        blurred = np.asarray(mask.filter(ImageFilter.GaussianBlur(blur / 2)), np.float32)[..., None]
        opacity = opacity * np.clip(blurred / np.float32(127.5) - 1, 0, 1)
    mixed = np.asarray(original, np.float32) * (1 - opacity) + np.asarray(painted, np.float32) * opacity
    return Image.fromarray(np.round(mixed).astype(np.uint8))


def masked_area(mask: Image.Image, padding: int, size: tuple[int, int]) -> Box:
    """Return the box around what is white, `padding` pixels wider, if it can be in the proportions of `size`.

    As A1111 and diffusers do, so that a seed gives the same picture: padding ends at the picture's border,
    and proportions are rounded down.
    """
    box = mask.getbbox()
    assert box is not None  # an empty mask was refused
    left, top = max(0, box[0] - padding), max(0, box[1] - padding)
    right, bottom = min(mask.width, box[2] + padding), min(mask.height, box[3] + padding)
    ratio = size[0] / size[1]
    width, height = right - left, bottom - top
    if width / height > ratio:
        taller = int(width / ratio - height)
        top, bottom = _inside(top - taller // 2, bottom + taller - taller // 2, mask.height)
    else:
        wider = int(height * ratio - width)
        left, right = _inside(left - wider // 2, right + wider - wider // 2, mask.width)
    return left, top, right, bottom


def _inside(low: int, high: int, length: int) -> tuple[int, int]:
    """Shift a span into 0 to `length`, and cut it when it is longer."""
    shift = max(0, -low) - max(0, high - length)
    return max(0, low + shift), min(length, high + shift)


def binary_image(mask: Image.Image) -> Image.Image:
    """Return a mask of 0 and 255."""
    return mask.point(lambda level: 255 * (level >= 128))


def binary(mask: Image.Image) -> Array:
    """Return (1, 1, H, W), 1 where to repaint."""
    return (np.asarray(mask) >= 128).astype(np.float32)[None, None]


def _to_image(pixels: Array) -> Image.Image:
    return Image.fromarray(pixels.astype(np.uint8))
