"""Pictures that come from outside: read once, checked before they are decoded, always in one form.

Files are PNG, JPEG, WebP, BMP, TIFF, GIF or Netpbm (PBM, PGM, PPM, PFM), told by their content, never by
their name, with one picture in them. Whatever cannot be read is refused with one sentence that names it and
the remedy. Colour profiles are ignored, as A1111 and diffusers do: the numbers in the file are taken as sRGB.
The further pictures that phones hide behind a JPEG photograph (MPO, gain maps) are left aside.
"""

import os
import stat
import struct
import threading
import warnings
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, TypeAlias, TypeVar

# Imported to be registered: Image.open would else import every plugin there is.
from PIL import Image, ImageFile, TiffImagePlugin, WebPImagePlugin  # noqa: F401

from runtime.arrays import Array
from runtime.errors import InvalidRequest
from runtime.image_checks import check_file, check_opened
from runtime.image_limits import WHOLE, Unreadable, too_many_pixels
from runtime.image_modes import Decoded, as_depth, as_grey, as_rgb, key_of
from runtime.image_tiff import ORIENTATION, exif_orientation

Source: TypeAlias = Image.Image | str | Path | bytes
Result = TypeVar("Result")

NAME_LENGTH = 160
REASON_LENGTH = 100

DECODING_FAULTS = (
    OSError,  # truncated, unknown and broken files; UnidentifiedImageError and EOFError's kin
    EOFError,
    SyntaxError,  # what Pillow raises for broken headers and checksums
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
    UserWarning,  # a TIFF directory that ends early
)

_one_at_a_time = threading.Lock()  # Pillow warns where it should refuse, and warning filters are global


def read_image(source: Source) -> Image.Image:
    """Return the picture in mode RGB, upright, on white where it is transparent.

    EXIF orientation is applied. Transparency of every kind (alpha, palettes, colour keys) is composited on
    white, rounded to the nearest level. 16-bit grey v becomes round(v / 257); 16-bit colour keeps its high
    byte (v // 256: Pillow reads no more). Mode I counts as 16-bit and F as 0..1, 0..255 or 0..65535,
    whichever is the first to hold all its values; what none of them holds is spread from its own lowest to
    its highest value. CMYK, YCbCr, LAB and HSV are converted by Pillow.

    Args:
        source: a PIL picture (left as it is), the path of a file, or the bytes of one.

    Raises:
        InvalidRequest: it is not one still picture of at most MAX_PIXELS that can be decoded whole.
    """
    return _read(source, as_rgb)


def read_mask(source: Source) -> Image.Image:
    """Return the mask in mode L, upright: white (255) is repainted, black kept.

    Colours count by their luminance (ITU-R 601), after the transparent parts became black: they are kept.
    Sizes, formats, scaling and errors as in `read_image`.
    """
    return _read(source, as_grey)


def read_depth(source: Source) -> Array:
    """Return the depth map as (H, W) float32 in the picture's own units, brighter nearer.

    8-bit pictures give 0..255 (colours by their luminance, transparent parts 0), 16-bit grey 0..65535 with
    all its bits, I and F their own numbers. Nothing is normalised here, and a constant map is allowed.
    Sizes, formats and errors as in `read_image`; not-a-number and infinity are refused as well.
    """
    return _read(source, as_depth)


def _read(source: Source, convert: Callable[[Decoded], Result]) -> Result:
    """Decode `source` and convert it, every fault turned into one sentence."""
    try:
        return convert(_decoded(source))
    except Unreadable as fault:
        raise InvalidRequest(f"{_named(source)} {fault}") from fault
    except DECODING_FAULTS as error:
        raise InvalidRequest(
            f"{_named(source)} cannot be read as a picture ({_reason(error)}): {WHOLE}"
        ) from error


def _decoded(source: Source) -> Decoded:
    if isinstance(source, Image.Image):
        return _given(source)
    if isinstance(source, bytes):
        return _from_file(BytesIO(source), len(source))
    if isinstance(source, (str, Path)):
        with _opened(Path(source)) as file:
            return _from_file(file, os.fstat(file.fileno()).st_size)
    raise Unreadable(
        f"is of type {type(source).__name__}", "give a path, the bytes of a file or a PIL picture"
    )


def _given(image: Image.Image) -> Decoded:
    """Return a picture that another program made or opened; it may not be decoded yet."""
    check_opened(image)
    with _one_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rawmode = _rawmode(image)
        image.load()
        orientation = image.getexif().get(ORIENTATION, 1)
    return Decoded(image=image, orientation=orientation, key=key_of(image, rawmode))


def _from_file(file: BinaryIO, size: int) -> Decoded:
    kind = check_file(file, size)
    with _one_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # oddities beside the pixels
        warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
        warnings.filterwarnings("error", message="Truncated File Read")
        try:
            image = Image.open(file, formats=(kind,))
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise too_many_pixels("far too many pixels") from error
        check_opened(image)
        rawmode = _rawmode(image)
        image.load()
    # A TIFF is turned by Pillow itself, and has no such block.
    orientation = 1 if kind == "TIFF" else exif_orientation(image.info.get("exif", b""))
    return Decoded(image=image, orientation=orientation, key=key_of(image, rawmode))


def _rawmode(image: Image.Image) -> str:
    """Return how the file stores its pixels, of a picture that is opened but not yet decoded."""
    tiles = image.tile if isinstance(image, ImageFile.ImageFile) else []
    how = tiles[0][3] if tiles else ""
    return how if isinstance(how, str) else ""


def _opened(path: Path) -> BinaryIO:
    """Open a regular file; nothing that could make the program wait."""
    try:
        _check_regular(path.stat().st_mode)
        # Between the two looks the path may have become a pipe: opened without waiting, and looked at again.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        file = os.fdopen(descriptor, "rb")
    except FileNotFoundError as error:
        raise Unreadable("does not exist", "check the path") from error
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
        raise Unreadable(
            f"cannot be opened ({_reason(error)})", "check the path and its permissions"
        ) from error
    try:
        _check_regular(os.fstat(descriptor).st_mode)
    except Unreadable:
        file.close()
        raise
    return file


def _check_regular(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise Unreadable("is a folder", "give the picture file in it")
    if not stat.S_ISREG(mode):
        raise Unreadable("is a pipe or a device, not a file", "save the picture to a file and give that")


def _named(source: object) -> str:
    if not isinstance(source, (str, Path)):
        return "the picture"
    name = "".join(c if c.isprintable() else "?" for c in str(source))
    if len(name) > NAME_LENGTH:
        name = f"{name[: NAME_LENGTH // 2]}...{name[-NAME_LENGTH // 2 :]}"
    return name or "the empty path"


def _reason(error: BaseException) -> str:
    """Return the first line of what Pillow or the system says, in bounds."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    line = "".join(c if c.isprintable() else " " for c in text).strip().rstrip(".")
    return line[:REASON_LENGTH] or type(error).__name__
