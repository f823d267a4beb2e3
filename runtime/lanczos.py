"""Plain enlarging without a model: Lanczos resampling, the measure that upscalers are compared with."""

from PIL import Image

from runtime.errors import InvalidRequest
from runtime.infotext import VERSION, settings_line
from runtime.upscale_request import SCALE

NAME = "lanczos"
MAX_SIDE = 16384  # pixels of the result: 800 MB at most


def check_side(image: Image.Image) -> None:
    """Raise InvalidRequest when `image` enlarged would have sides above MAX_SIDE."""
    width, height = image.width * SCALE, image.height * SCALE
    if max(width, height) > MAX_SIDE:
        raise InvalidRequest(
            f"a {image.width}x{image.height} picture cannot be enlarged to {width}x{height}: "
            f"sides of the result go up to {MAX_SIDE}; resize it first"
        )


def enlarge(image: Image.Image) -> Image.Image:
    """Return `image` (mode RGB) four times as wide and high; raises InvalidRequest when that is too large."""
    check_side(image)
    return image.resize((image.width * SCALE, image.height * SCALE), Image.Resampling.LANCZOS)


def lanczos_text(size: tuple[int, int]) -> str:
    """Return the `parameters` text of a result of that size, with the keys A1111 gives such pictures."""
    return "\n" + settings_line(
        {
            "Postprocess upscale by": SCALE,
            "Postprocess upscaler": "Lanczos",
            "Size": f"{size[0]}x{size[1]}",
            "Version": VERSION,
        }
    )
