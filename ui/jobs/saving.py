"""Pictures of a job on the disk: whole, in a place of their own, and known again after a crash.

The store has the place and the sha256 of a picture before it is written. So whatever ends the program, what
lies there afterwards is that picture, whole, or nothing of it.
"""

import errno
import hashlib
import io
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.errors import InvalidRequest
from ui.jobs.job import FULL, WITHOUT_PROMPTS
from ui.jobs.store import RESERVED, Store

if TYPE_CHECKING:
    from PIL import Image

WITHOUT_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


def told_text(text: str, metadata: str) -> str | None:
    """Return what a picture may tell of its `parameters` text: all, its settings line alone, or nothing."""
    if metadata == FULL:
        return text
    return text.rsplit("\n", 1)[-1] if metadata == WITHOUT_PROMPTS else None


def encode_png(image: "Image.Image", text: str | None) -> bytes:
    """Return the bytes of a PNG with the `parameters` text, or with no text."""
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    if text is not None:
        info.add_text("parameters", text)
    file = io.BytesIO()
    image.save(file, format="PNG", pnginfo=info)
    return file.getvalue()


def digest(content: bytes) -> str:
    """Return the sha256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def partial_of(path: Path, job: str, number: int) -> Path:
    """Return where a picture lies while it is written; after a crash it is found again by this name."""
    return path.with_name(f".partial-{job}-{number}.png")


def write_new(path: Path, content: bytes, partial: Path) -> None:
    """Write a file beside its place and move it there, whole.

    Raises FileExistsError when something is there already, InvalidRequest when it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:  # FileExistsError too: a link that leads nowhere, or a file
        raise InvalidRequest(
            f"the folder {path.parent} cannot be made ({error.strerror}): see what is in its way"
        ) from error
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _move_to_new(partial, path)
        _flush_folder(path.parent)
    except FileExistsError:
        _remove(partial)
        raise
    except OSError as error:
        _remove(partial)
        raise InvalidRequest(
            f"cannot write {path} ({error.strerror or error}): free some space, or make the folder writable"
        ) from error


def settle(store: Store, job: str) -> None:
    """Decide of each picture that was being written whether it is there; only when nobody writes any more."""
    for picture in store.pictures(job):
        if picture.state != RESERVED:
            continue
        _remove(partial_of(picture.path, job, picture.number))
        if _holds(picture.path, picture.sha256):
            store.saved(job, picture.number)
        else:
            store.release(job, picture.number)


def _holds(path: Path, sha256: str) -> bool:
    try:
        return digest(path.read_bytes()) == sha256
    except OSError:
        return False


def _move_to_new(partial: Path, path: Path) -> None:
    """Give a file its place, unless something is there."""
    if sys.platform == "win32":
        partial.rename(path)  # which refuses by itself
        return
    try:
        os.link(partial, path)
    except OSError as error:
        if error.errno not in WITHOUT_LINKS:
            raise
        if path.exists():
            raise FileExistsError(errno.EEXIST, "exists", str(path)) from error
        partial.replace(path)
        return
    partial.unlink()


def _flush_folder(path: Path) -> None:
    if sys.platform == "win32":  # which cannot open a folder; NTFS journals the names itself
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network and FUSE file systems cannot
            os.fsync(handle)
    finally:
        os.close(handle)


def _remove(partial: Path) -> None:
    with suppress(OSError):  # it may never have been there
        partial.unlink()
