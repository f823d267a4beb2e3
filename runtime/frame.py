"""A picture made ready for the networks: resized to the request, padded to what they take, cut back after."""

import numpy as np
from PIL import Image

from runtime.arrays import Array
from runtime.image_fit import fit_image
from runtime.picture_requests import PictureRequest


class Frame:
    """Carries a picture, and what belongs to it (a mask, a depth), to the working size of a request."""

    def __init__(self, request: PictureRequest) -> None:
        self._size = request.size
        self._working_size = request.working_size
        self._how = request.resize
        self.picture = self.fitted(request.picture)  # at the size of the result
        self.padded = self.pad(self.picture)  # at the working size

    def fitted(self, image: Image.Image) -> Image.Image:
        """Resize a picture, mask or depth to the size of the result, all of them alike."""
        return fit_image(image, *self._size, self._how).image

    def pad(self, image: Image.Image) -> Image.Image:
        """Repeat the right and bottom edge up to the working size."""
        right, below = (working - side for working, side in zip(self._working_size, image.size, strict=True))
        if not (right or below):
            return image
        array = np.asarray(image)
        margins = [(0, below), (0, right), (0, 0)][: array.ndim]
        return Image.fromarray(np.pad(array, margins, mode="edge"))

    def cut(self, image: Image.Image) -> Image.Image:
        """Cut a result of the working size to the size that was asked for."""
        return image if image.size == self._size else image.crop((0, 0, *self._size))


def to_unit(image: Image.Image) -> Array:
    """Return pixels (1, 3, H, W) in [-1, 1], as the VAE encoder and the upscaler take them."""
    pixels = np.asarray(image, np.float32) / np.float32(255)
    return np.ascontiguousarray((pixels * 2 - 1).transpose(2, 0, 1)[None])
