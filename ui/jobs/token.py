"""The token of a Hub account that was typed for one job: a file of the job's own that its owner alone may
read, gone when the job has ended, and never there when the program starts or has ended.
"""

import os
import re
from contextlib import suppress
from pathlib import Path

from runtime.errors import InvalidRequest

NAME = "token"
TYPED = "the page"  # what a sentence calls the file
FORGOTTEN = (
    "the token that was typed is kept while the program runs and no longer, and it ended: type it again and "
    "start again, which goes on with what was fetched"
)
_SHAPE = re.compile(r"[!-~]{1,1000}")  # what fits into a header


def check_token(value: str) -> str:
    """Return the token without blanks around it; raises InvalidRequest, which does not quote it."""
    value = value.strip()
    if not _SHAPE.fullmatch(value):
        raise InvalidRequest("what was typed as the token is none: copy it whole from the Hub, nothing else")
    return value


def keep_token(folder: Path, value: str) -> None:
    """Write it into a job's folder; raises InvalidRequest."""
    value = check_token(value)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(folder / NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(value + "\n")
    except OSError as error:
        raise InvalidRequest(
            f"the token cannot be kept in {folder.parent} ({error.strerror}): free some space on the disk"
        ) from error


def kept_token(folder: Path) -> Path | None:
    """Return the file that a job has."""
    path = folder / NAME
    return path if path.is_file() else None


def forget_token(folder: Path) -> None:
    """Remove it."""
    with suppress(OSError):  # not there, or somebody reads it (Windows): the next start removes it
        (folder / NAME).unlink()


def forget_tokens(jobs: Path) -> None:
    """Remove those of all jobs: the program begins or ends."""
    for path in jobs.glob(f"*/{NAME}"):
        forget_token(path.parent)
