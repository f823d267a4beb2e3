"""A file appears whole or not at all."""

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from runtime.errors import InvalidRequest


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let `write` fill a file beside `path`, then move it there; an existing file is replaced.

    Folders on the way are made. Raises InvalidRequest when the place cannot be written to.
    """
    partial = path.with_name(f".partial-{secrets.token_hex(8)}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        _discard(partial)
        raise InvalidRequest(
            f"cannot write {path} ({error.strerror or error}): choose another place with -o"
        ) from error
    except BaseException:
        _discard(partial)
        raise


def _discard(partial: Path) -> None:
    with suppress(OSError):  # the folder itself may be what is missing
        partial.unlink()
