"""Asks an ASGI application as a server would, so that every header can be forged and answers need not end."""

import asyncio
import threading
from collections.abc import Coroutine, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ui.web.answers import Application, Message

HOME = "127.0.0.1:7860"
OWN = {"host": HOME, "origin": f"http://{HOME}", "sec-fetch-site": "same-origin"}
Value = TypeVar("Value")


@dataclass(kw_only=True)
class Answer:
    """What came back; an answer that did not end within the patience is what had come until then."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    ended: bool = False


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request; a body in several chunks is sent as such."""

    path: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=lambda: dict(OWN))
    body: bytes | tuple[bytes, ...] = b""
    query: str = ""


async def ask(application: Application, request: Request, patience: float = 30.0) -> Answer:
    """Return the answer; after `patience` seconds the client goes away."""
    answer, gone = Answer(), asyncio.Event()
    chunks = list((request.body,) if isinstance(request.body, bytes) else request.body)

    async def receive() -> Message:
        if chunks:
            chunk = chunks.pop(0)
            return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
        else:
            answer.body += message.get("body", b"")
            if not message.get("more_body"):
                answer.ended = True
                gone.set()

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.path,
        "raw_path": request.path.encode(),
        "root_path": "",
        "query_string": request.query.encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in _pairs(request.headers)],
        "server": ("127.0.0.1", 7860),
        "client": ("127.0.0.1", 50000),
    }
    asking = asyncio.ensure_future(application(scope, receive, send))  # type: ignore[arg-type]
    await asyncio.wait([asking], timeout=patience)
    if not asking.done():
        gone.set()
        await asyncio.wait([asking], timeout=patience + 2)
    if not asking.done():
        asking.cancel()
    elif not asking.cancelled() and asking.exception() is not None and answer.status == 0:
        raise asking.exception() or AssertionError
    return answer


def _pairs(headers: dict[str, str]) -> Iterable[tuple[str, str]]:
    return headers.items()


class Loop:
    """An event loop in a thread of its own, for applications that live longer than one test."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def start(self, work: Coroutine[Any, Any, Value]) -> "Future[Value]":
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, Value]) -> Value:
        return self.start(work).result(timeout=120)

    def close(self) -> None:
        self.run(self._cancel_the_rest())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _cancel_the_rest(self) -> None:
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)


class Life:
    """Follows an ASGI application through its life: `async with Life(application)`."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._told: asyncio.Queue[Message] = asyncio.Queue()
        self._said: asyncio.Queue[Message] = asyncio.Queue()

    async def __aenter__(self) -> "Life":
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}}
        self._life = asyncio.ensure_future(self._application(scope, self._told.get, self._said.put))  # type: ignore[arg-type]
        await self._told.put({"type": "lifespan.startup"})
        assert (await self._said.get())["type"] == "lifespan.startup.complete"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._told.put({"type": "lifespan.shutdown"})
        assert (await self._said.get())["type"] == "lifespan.shutdown.complete"
        await self._life
