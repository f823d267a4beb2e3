"""The token of a Hub account: where it is found, and how it stays unseen."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from runtime.errors import InvalidRequest
from runtime.places import CHECKOUT

TOKEN_NAME = "token.txt"
WAYS = "--token-file FILE, a token.txt beside launch.py, HF_TOKEN, or `hf auth login`"
_SHAPE = re.compile(r"[!-~]{1,1000}")  # what fits into a header
_MAX_BYTES = 4096


class Token:
    """A token that shows itself only to who asks for the header."""

    def __init__(self, value: str, origin: str) -> None:
        if not _SHAPE.fullmatch(value):
            raise InvalidRequest(f"{origin} holds no token of the Hub: put the token alone on its first line")
        self._value = value
        self.origin = origin  # where it was found

    @property
    def header(self) -> str:
        """The value of the Authorization header."""
        return f"Bearer {self._value}"

    def is_in(self, data: bytes) -> bool:
        """Whether the token's bytes are among `data`."""
        return self._value.encode() in data

    def hidden_in(self, text: str) -> str:
        """Return the text with asterisks where the token was."""
        return text.replace(self._value, "***")

    def __repr__(self) -> str:
        return f"Token(from {self.origin})"


def find_token(
    token_file: Path | None, environment: Mapping[str, str], beside: Path = CHECKOUT
) -> Token | None:
    """Return the first token of: the file that was named, token.txt, HF_TOKEN, the Hub's own store.

    Raises InvalidRequest for a file that was named and cannot be read, and for what can be no token.
    """
    if token_file is not None:
        return Token(_first_line(token_file), str(token_file))
    path = beside / TOKEN_NAME
    if path.is_file() and (found := _first_line(path)):
        return Token(found, str(path))
    if found := environment.get("HF_TOKEN", "").strip():
        return Token(found, "HF_TOKEN")
    if environment.get("HF_HUB_DISABLE_IMPLICIT_TOKEN", "").upper() in ("1", "ON", "YES", "TRUE"):
        return None
    from huggingface_hub import get_token

    stored = get_token()
    return Token(stored, "the store of `hf auth login`") if stored else None


def write_token(path: Path, value: str) -> None:
    """Keep a token in a file that its owner alone may read; raises InvalidRequest."""
    Token(value.strip(), "what was given")
    try:
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(value.strip() + "\n")
    except OSError as error:
        raise InvalidRequest(f"cannot write {path} ({error.strerror}): check its folder") from error


def _first_line(path: Path) -> str:
    try:
        with path.open("rb") as file:
            lines = file.read(_MAX_BYTES).decode("utf-8-sig").split("\n")
    except OSError as error:
        raise InvalidRequest(
            f"the token file {path} cannot be read ({error.strerror}): check --token-file"
        ) from error
    except ValueError:
        raise InvalidRequest(
            f"{path} is no text file: put the token alone on its first line"
        ) from None  # whose text would quote bytes of it
    return lines[0].strip()
