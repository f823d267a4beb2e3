"""Small whole answers over ASGI, so that what runs before Gradio is there needs no framework."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = Iterable[tuple[str, str]]

TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"
JSON = "application/json"


async def answer(
    send: Send, status: int, body: str | bytes, kind: str = TEXT, headers: Headers = (), *, head: bool = False
) -> None:
    """Send a whole answer that no cache keeps; `head` leaves the body out."""
    content = body.encode() if isinstance(body, str) else body
    fields = [("content-type", kind), ("content-length", str(len(content))), ("cache-control", "no-store")]
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in [*fields, *headers]]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": b"" if head else content})


async def answer_json(send: Send, value: object) -> None:
    """Send `value` as JSON."""
    await answer(send, 200, json.dumps(value), JSON)


async def redirect(send: Send, place: str) -> None:
    """Send the browser on to `place`, for this time only."""
    await answer(send, 303, "", headers=[("location", place)])


def header(scope: Scope, name: str) -> str | None:
    """Return a header of the request; None where it is missing."""
    wanted = name.encode()
    for found, value in scope["headers"]:
        if found == wanted:
            return bytes(value).decode("latin-1")
    return None
