"""What an id of the Hugging Face Hub looks like; nothing here asks the network."""

import re
from pathlib import Path

from runtime.errors import InvalidRequest

VARIANTS = ("fp16",)  # of a repository's weights, that the conversion reads beside the plain ones
_PART = r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_-])?"
_ID = re.compile(rf"{_PART}/{_PART}")
_REVISION = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._/+-]{0,250}[A-Za-z0-9_+-])?")


def is_hub_id(text: str) -> bool:
    """Whether `text` reads like ORGANISATION/NAME, and nothing of that name lies here."""
    return has_hub_shape(text) and not Path(text).exists()


def has_hub_shape(text: str) -> bool:
    """Whether `text` could be an id of the Hub."""
    return bool(_ID.fullmatch(text)) and "--" not in text and ".." not in text  # which the Hub allows nowhere


def require_hub_id(text: str) -> str:
    """Return an id of the Hub; raises InvalidRequest where it cannot be one."""
    if not has_hub_shape(text):
        raise InvalidRequest(f"{text!r:.200} is no id of the Hugging Face Hub: write ORGANISATION/NAME")
    return text


def require_revision(text: str) -> str:
    """Return the name of a branch, a tag or a commit; raises InvalidRequest where it cannot be one."""
    if not _REVISION.fullmatch(text) or ".." in text or "//" in text:
        raise InvalidRequest(
            f"{text!r:.200} cannot be a revision: give a branch, a tag or a commit of the repository"
        )
    return text
