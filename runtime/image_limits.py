"""How large a picture file and its parts may be, and how one that is not acceptable is refused."""

MAX_PIXELS = 64_000_000
MAX_BYTES = 512 * 2**20
MAX_METADATA = 8 * 2**20  # profiles, EXIF, texts: all of them together, in bytes
MAX_SCANS = 64  # of a progressive JPEG; encoders write about ten, and each one walks over every pixel
MAX_PARTS = 400_000  # PNG chunks or GIF sub-blocks: a 64-megapixel picture has fewer
MAX_CHANNELS = 6
MAX_SLOW_PIXELS = 2_000_000  # for the decoders that Pillow has in Python, not in C

AS_PNG = "save it as PNG and give that"
WHOLE = "copy or download it again, or save it again as PNG"
ONE = "save the picture you want as PNG and give that"


class Unreadable(Exception):
    """Why a file is no picture for us, and what to do: the reader puts the name before it."""

    def __init__(self, reason: str, remedy: str = WHOLE) -> None:
        super().__init__(f"{reason}: {remedy}")


def too_many_pixels(found: str) -> Unreadable:
    """Return the refusal of a picture with more than MAX_PIXELS."""
    return Unreadable(
        f"has {found}, more than the {MAX_PIXELS // 10**6} megapixels that are read",
        "make the picture smaller",
    )


def check_metadata(count: int) -> None:
    """Raise Unreadable for more than MAX_METADATA bytes."""
    if count > MAX_METADATA:
        raise Unreadable(f"carries more than {MAX_METADATA // 2**20} MiB of metadata", AS_PNG)


def check_parts(count: int) -> None:
    """Raise Unreadable for more than MAX_PARTS parts."""
    if count > MAX_PARTS:
        raise Unreadable(f"is cut into more than {MAX_PARTS} parts", AS_PNG)
