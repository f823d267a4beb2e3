"""A job's own folder: the pictures it starts from, as they were when it was asked for, and its log."""

import io
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from runtime.errors import InvalidRequest
from runtime.whole_file import write_whole
from ui.jobs.picture_plan import PICTURES

if TYPE_CHECKING:
    from PIL import Image

Source: TypeAlias = "Path | bytes | Image.Image"
PNG_MODES = {"1", "L", "LA", "P", "RGB", "RGBA", "I", "I;16"}  # others are written as TIFF
LOG = "log.txt"


def check_names(pictures: Mapping[str, object]) -> None:
    """Raise InvalidRequest for a picture that no task takes."""
    for name in pictures:
        if name not in PICTURES:
            raise InvalidRequest(f"there is no picture {name!r}: give {', '.join(PICTURES)}")


def keep_pictures(folder: Path, pictures: Mapping[str, Source]) -> None:
    """Copy the pictures into a job's folder; raises InvalidRequest when they cannot be."""
    for name, source in pictures.items():
        content = _content(source)
        try:
            write_whole(folder / name, lambda file, content=content: file.write(content))  # type: ignore[misc]
        except InvalidRequest as error:
            reason = error.__cause__ or error
            raise InvalidRequest(
                f"the picture cannot be kept in {folder.parent} ({reason}): free some space on the disk"
            ) from error


def kept_pictures(folder: Path) -> dict[str, str]:
    """Return the paths of those that a job has."""
    return {name: str(folder / name) for name in PICTURES if (folder / name).is_file()}


def forget_pictures(folder: Path) -> None:
    """Remove them; a log stays."""
    for name in PICTURES:
        with suppress(OSError):  # not there, or somebody reads it (Windows): the next start tidies up
            (folder / name).unlink()
    with suppress(OSError):  # not there, or a log is in it
        folder.rmdir()


def forget(folder: Path) -> None:
    """Remove all that a job kept."""
    shutil.rmtree(folder, ignore_errors=True)


def _content(source: Source) -> bytes:
    if isinstance(source, bytes):
        return source
    if isinstance(source, Path):
        try:
            return source.read_bytes()
        except OSError as error:
            raise InvalidRequest(f"{source} cannot be read ({error.strerror}): give it again") from error
    file = io.BytesIO()
    source.save(file, format="PNG" if source.mode in PNG_MODES else "TIFF")
    return file.getvalue()
