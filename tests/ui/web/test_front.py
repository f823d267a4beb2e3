"""What is answered while the page is made: something to look at for people, and nothing is lost."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from asking import OWN, Answer, Life, Request, ask

from runtime.errors import InvalidRequest
from ui.web import front as front_module
from ui.web.answers import Receive, Scope, Send, answer
from ui.web.front import BUG, Front

VISIT = {**OWN, "accept": "text/html,*/*", "accept-language": "zh"}


class PageApp:
    """Says its language."""

    def __init__(self, language: str, events: list[str]) -> None:
        self._language, self._events = language, events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._events.append(f"{scope['method']} {self._language}")
        await answer(send, 200, self._language)

    def lifespan(self) -> AbstractAsyncContextManager[object]:
        @asynccontextmanager
        async def life() -> AsyncIterator[None]:
            self._events.append(f"open {self._language}")
            yield
            self._events.append(f"close {self._language}")

        return life()


class Pages:
    """Makes pages when it is let."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.events: list[str] = []
        self.may = {name: threading.Event() for name in ("prepare", "en", "zh")}
        self._fault = fault

    def prepare(self, on_phase: Callable[[str], None]) -> None:
        on_phase("page")
        assert self.may["prepare"].wait(20)
        if self._fault is not None:
            raise self._fault

    def build(self, language: str) -> PageApp:
        assert self.may[language].wait(20)
        self.events.append(f"build {language}")
        return PageApp(language, self.events)


def make(pages: Pages, failures: list[BaseException] | None = None, setting: str = "auto") -> Front:
    on_failure = (failures if failures is not None else []).append
    return Front(pages, setting=lambda: (setting, "dark"), about={}, on_failure=on_failure)


def test_visits_see_the_splash_and_other_requests_wait_for_their_answer() -> None:
    pages = Pages()

    async def story() -> tuple[Answer, bool, list[Answer], Answer]:
        front = make(pages)
        async with Life(front):
            splash = await ask(front, Request(path="/", headers=VISIT))
            waiting = [
                asyncio.ensure_future(ask(front, Request(path=path, method=method)))
                for path, method in (("/zh/config", "GET"), ("/en/gradio_api/cancel", "POST"))
            ]
            await asyncio.sleep(0.05)
            early = any(one.done() for one in waiting)
            for may in pages.may.values():
                may.set()
            return splash, early, await asyncio.gather(*waiting), await ask(front, Request(path="/"))

    splash, early, answers, way_in = asyncio.run(story())
    assert "正在启动" in splash.body.decode()
    assert not early
    assert [(one.status, one.body) for one in answers] == [(200, b"zh"), (200, b"en")]
    assert (way_in.status, way_in.headers["location"]) == (303, "/en/?__theme=dark")
    assert pages.events[0] == "build zh"  # the language that the splash was asked in
    assert pages.events[-2:] == ["close zh", "close en"]


def test_what_the_page_sends_waits_until_nothing_is_built_any_more() -> None:
    """Gradio's place for what is being built belongs to the process: a handler would write into it."""
    pages = Pages()

    async def story() -> bool:
        front = make(pages, setting="en")
        async with Life(front):
            pages.may["prepare"].set()
            pages.may["en"].set()
            assert (await ask(front, Request(path="/en/config"))).body == b"en"
            sent = asyncio.ensure_future(ask(front, Request(path="/en/gradio_api/cancel", method="POST")))
            await asyncio.sleep(0.05)
            early = sent.done()
            pages.may["zh"].set()
            assert (await sent).body == b"en"
            return early

    assert asyncio.run(story()) is False
    assert pages.events.index("build zh") < pages.events.index("POST en")


def test_the_phases_are_told_as_they_change() -> None:
    pages = Pages()

    async def story() -> list[bytes]:
        front = make(pages)
        async with Life(front):
            told = [(await ask(front, Request(path="/lapdraw/ready", query="seen=engine"))).body]
            asked = asyncio.ensure_future(ask(front, Request(path="/lapdraw/ready", query="seen=page")))
            pages.may["prepare"].set()
            told.append((await asked).body)
            pages.may["en"].set()
            pages.may["zh"].set()
            told.append((await ask(front, Request(path="/lapdraw/ready", query="seen=form"))).body)
            return told

    told = asyncio.run(story())
    assert [b'"phase": "page"' in told[0], b'"phase": "form"' in told[1]] == [True, True]
    assert b'"ready": true' in told[2]


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [(InvalidRequest("another Lapdraw: end it"), "another Lapdraw: end it"), (OSError("x"), BUG)],
)
def test_a_page_that_cannot_start_says_why_and_ends_the_server(
    fault: Exception, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front_module, "FAULT_SECONDS", 0.0)
    pages, failures = Pages(fault), list[BaseException]()

    async def story() -> list[Answer]:
        front = make(pages, failures)
        async with Life(front):
            pages.may["prepare"].set()
            asked = [Request(path="/en/config"), Request(path="/lapdraw/ready", query="seen=page")]
            answers = [await ask(front, one) for one in asked]
            await asyncio.sleep(0.05)
            return answers

    waited, told = asyncio.run(story())
    assert (waited.status, waited.body.decode()) == (503, sentence)
    assert sentence in told.body.decode()
    assert failures == [fault]
