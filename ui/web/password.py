"""The password that `--listen` demands: HTTP Basic, compared in constant time, few tries a minute."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from runtime.errors import InvalidRequest

SHORTEST = 8  # characters
VARIABLE = "LAPDRAW_PASSWORD"
DELAY = 0.5  # seconds that a wrong password waits
TRIES, WINDOW = 10, 60.0  # wrong passwords that are heard in so many seconds, of one address
MOST_ADDRESSES = 1000


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a request without the password is answered."""

    status: int
    sentence: str
    headers: tuple[tuple[str, str], ...] = ()


WANTED = Question(
    status=401,
    sentence="This page has a password: give it, with any user name.",
    headers=(("www-authenticate", 'Basic realm="Lapdraw", charset="UTF-8"'),),
)
LATER = Question(
    status=429,
    sentence="There were too many wrong passwords: try again in a minute.",
    headers=(("retry-after", "60"),),
)


def read_password(file: str | None, environment: Mapping[str, str] = os.environ) -> str:
    """Return the password of `--listen`: the first line of a file, or LAPDRAW_PASSWORD.

    Raises InvalidRequest where there is none, it cannot be read, or it is too short.
    """
    if file is None:
        password, where = environment.get(VARIABLE, ""), VARIABLE
    else:
        try:
            lines = Path(file).expanduser().read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidRequest(
                f"the password file {file} cannot be read ({error}): name a text file of yours"
            ) from error
        password, where = (lines[0].strip() if lines else ""), file
    if not password and file is None:
        raise InvalidRequest(
            "--listen opens the page to other machines and needs a password: write one into a file and add "
            f"--password-file FILE (or set {VARIABLE})"
        )
    if len(password) < SHORTEST:
        raise InvalidRequest(
            f"the password in {where} has {len(password)} characters: take at least {SHORTEST}"
        )
    return password


class Password:
    """Asks for one password; wrong ones wait, and too many of an address are not heard for a while."""

    def __init__(
        self, secret: str, *, delay: float = DELAY, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._secret, self._delay, self._now = secret.encode(), delay, now
        self._wrong: dict[str, list[float]] = {}  # address -> when it sent a wrong password

    async def ask(self, authorization: str | None, address: str) -> Question | None:
        """Return what to answer to a request with this Authorization header; None lets it in."""
        given = _password_in(authorization)
        since = self._now() - WINDOW
        wrong = [moment for moment in self._wrong.get(address, []) if moment > since]
        if given is None:
            return WANTED
        if len(wrong) >= TRIES:
            return LATER
        if hmac.compare_digest(given, self._secret):
            return None
        if len(self._wrong) >= MOST_ADDRESSES:
            self._wrong = {known: times for known, times in self._wrong.items() if times[-1] > since}
        self._wrong[address] = [*wrong, self._now()]
        await asyncio.sleep(self._delay)
        return WANTED


def _password_in(authorization: str | None) -> bytes | None:
    """The password of a Basic header; the user name does not matter."""
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(encoded.strip(), validate=True).partition(b":")[2]
    except (binascii.Error, ValueError):
        return None
