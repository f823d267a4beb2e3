"""What the guard lets in: the splash until the page is ready, the way to a language, and the page behind.

Nothing here waits for Gradio: a person gets the splash, and any other request (of a tab that was open before,
say) waits until it can be answered. The page is shown when it is there in the language that was asked for.
The first thing it sends has the other language made, and waits for it: Gradio keeps what is being built in
one place for the whole process, and a handler that ran meanwhile would put its answers into that page.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, Protocol, TypeVar
from urllib.parse import parse_qs

from runtime.errors import LapdrawError
from ui.web.answers import HTML, Receive, Scope, Send, answer, answer_json, header, redirect
from ui.web.language import choose_language
from ui.web.routes import LANGUAGES
from ui.web.splash import ICON, splash

PATIENCE = 120.0  # seconds that a request waits for the page
LONG_POLL = 20.0
FAULT_SECONDS = 3.0  # that the splash has to show why there will be no page
BUG = "The page could not start: what went wrong is in the terminal."
MANIFEST = '{"name": "Lapdraw", "short_name": "Lapdraw", "start_url": "/", "display": "standalone"}'
Given = TypeVar("Given")
Made = TypeVar("Made")


class PageApp(Protocol):
    """The page in one language: an ASGI application with a lifespan of its own."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

    def lifespan(self) -> AbstractAsyncContextManager[object]:
        """Hold what the page needs while it is served."""


class Pages(Protocol):
    """Makes the page; both methods may take seconds and run in a thread of their own."""

    def prepare(self, on_phase: Callable[[str], None]) -> None:
        """Load what every page needs, naming each phase that begins."""

    def build(self, language: str) -> PageApp:
        """Make the page in one language."""


class Front:
    """The ASGI application behind the guard."""

    def __init__(
        self,
        pages: Pages,
        *,
        setting: Callable[[], tuple[str, str]],
        about: dict[str, Any],
        on_failure: Callable[[BaseException], None],
    ) -> None:
        """Take what makes the pages; `setting` returns the language and the theme a person chose.

        `about` is what another start is told; `on_failure` hears why there will be no page.
        """
        self._pages, self._setting, self._about, self._on_failure = pages, setting, about, on_failure
        self._phase, self._fault, self._asked_language = "engine", "", ""
        self._apps: dict[str, asyncio.Task[PageApp]] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._thread = ThreadPoolExecutor(1, "page")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or follow the server through its life."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        path = scope["path"]
        if path == "/favicon.ico":
            await answer(send, 200, ICON, "image/svg+xml", [("cache-control", "max-age=86400")])
        elif path == "/manifest.json":
            await answer(send, 200, MANIFEST, "application/manifest+json")
        elif path == "/lapdraw/ready":
            await self._tell_state(scope, send)
        elif path == "/lapdraw/instance":
            await answer_json(send, self._about)
        elif not self._is_ready() and self._is_a_visit(scope):
            self._asked_language = self._asked_language or self._language(scope)
            await answer(send, 200, splash(self._language(scope), self._phase), HTML)
        elif path == "/":
            await redirect(send, self._way_in(scope))
        elif path.strip("/") in LANGUAGES and not path.endswith("/"):
            await redirect(send, _with_query(path + "/", scope))
        else:
            await self._serve_page(scope, receive, send)

    async def _serve_page(self, scope: Scope, receive: Receive, send: Send) -> None:
        language = scope["path"].split("/")[1]
        try:
            await asyncio.wait_for(self._loaded.wait(), PATIENCE)
            if scope["method"] == "POST":
                self._spoken.set()
                await asyncio.wait_for(self._complete.wait(), PATIENCE)
        except asyncio.TimeoutError:
            await answer(send, 503, "The page is still starting: try again in a minute.")
            return
        if self._fault:
            await answer(send, 503, self._fault)
            return
        task = self._app(language)
        try:
            app = await asyncio.shield(task)
        except Exception:
            if task.done():
                self._apps.pop(language, None)  # the next request may fare better
            raise
        await app(scope, receive, send)

    def _app(self, language: str) -> asyncio.Task[PageApp]:
        """The page in a language, made once."""
        if language not in self._apps:
            self._apps[language] = asyncio.create_task(self._open(language))
        return self._apps[language]

    async def _open(self, language: str) -> PageApp:
        app = await self._in_thread(self._pages.build, language)
        opened = asyncio.Event()
        keeper = asyncio.create_task(self._keep(app, opened))
        waiter = asyncio.create_task(opened.wait())
        await asyncio.wait([keeper, waiter], return_when=asyncio.FIRST_COMPLETED)
        if not opened.is_set():
            waiter.cancel()
            await keeper  # raises what kept it from opening
        self._keepers.append(keeper)
        return app

    async def _keep(self, app: PageApp, opened: asyncio.Event) -> None:
        async with app.lifespan():  # entered and left in one task, as task groups want it
            opened.set()
            await self._closing.wait()

    async def _live(self, receive: Receive, send: Send) -> None:
        self._loaded, self._complete, self._spoken = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._closing, self._changed = asyncio.Event(), asyncio.Event()
        await receive()
        await send({"type": "lifespan.startup.complete"})
        loading = asyncio.create_task(self._load())
        loading.add_done_callback(self._finish_loading)
        await receive()
        self._closing.set()
        await asyncio.gather(*self._keepers)
        loading.cancel()
        self._thread.shutdown(cancel_futures=True)  # what is being made is finished first, so that it can end
        await send({"type": "lifespan.shutdown.complete"})

    async def _load(self) -> None:
        loop = asyncio.get_running_loop()
        await self._in_thread(self._pages.prepare, lambda name: _tell(loop, self._enter_phase, name))
        self._enter_phase("form")
        first = self._asked_language or choose_language(self._setting()[0], None)
        await self._app(first)
        self._loaded.set()
        self._enter_phase("ready")
        await self._spoken.wait()  # until a browser has drawn the page, which needs both cores of a small one
        for other in LANGUAGES:
            await self._app(other)

    def _enter_phase(self, phase: str) -> None:
        self._phase = phase
        self._changed.set()
        self._changed = asyncio.Event()

    def _finish_loading(self, loading: asyncio.Task[None]) -> None:
        if not loading.cancelled():
            failure = loading.exception()
            if failure is not None:
                self._fault = str(failure) if isinstance(failure, LapdrawError) else BUG
                asyncio.get_running_loop().call_later(FAULT_SECONDS, self._on_failure, failure)
                self._enter_phase("failed")
            self._loaded.set()
            self._complete.set()

    async def _in_thread(self, work: Callable[[Given], Made], given: Given) -> Made:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, given)

    def _is_ready(self) -> bool:
        return self._loaded.is_set() and not self._fault

    async def _tell_state(self, scope: Scope, send: Send) -> None:
        """Answer as soon as the phase is another one than the asker has seen."""
        seen = parse_qs(scope["query_string"].decode("latin-1")).get("seen", [""])[0]
        if seen == self._phase and not self._loaded.is_set():
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._changed.wait(), LONG_POLL)
        await answer_json(send, {"ready": self._is_ready(), "phase": self._phase, "fault": self._fault})

    def _is_a_visit(self, scope: Scope) -> bool:
        is_page = scope["path"].strip("/") in ("", *LANGUAGES)
        return is_page and "text/html" in (header(scope, "accept") or "")

    def _language(self, scope: Scope) -> str:
        named = scope["path"].strip("/")
        if named in LANGUAGES:
            return str(named)
        return choose_language(self._setting()[0], header(scope, "accept-language"))

    def _way_in(self, scope: Scope) -> str:
        theme = self._setting()[1]
        place = _with_query(f"/{self._language(scope)}/", scope)
        if theme in ("light", "dark") and "__theme" not in place:
            place += ("&" if "?" in place else "?") + f"__theme={theme}"
        return place


def _with_query(place: str, scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    return f"{place}?{query}" if query else place


def _tell(loop: asyncio.AbstractEventLoop, listener: Callable[[str], None], name: str) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(listener, name)
