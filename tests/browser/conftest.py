"""The program and Chromium in one network namespace with loopback only; every page watched.

A machine without Chromium skips these tests, one that makes no namespaces runs them without; under CI=true
both are failures.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import Watch, chromium, find_chromium
from tests.browser.desk import choose_tab
from tests.browser.loopback import Loopback, NotPermitted
from tests.browser.program import Program

OpenPage = Callable[..., Page]
# The editor of masks draws itself anew 60 times a second, without a graphics chip: a quarter of the pixels.
WINDOW: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}, "device_scale_factor": 0.5}
PATIENCE = 60_000  # milliseconds for a state to come, on a busy machine of two cores
expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Try once more what fails here, and say so: a browser, on a machine that others use as well."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.flaky(reruns=1))


def lacking(what: str) -> NoReturn:
    """Skip, or fail where the suite must run whole."""
    if os.environ.get("CI") == "true":
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    return find_chromium() or lacking("no Chromium on PATH: apt-get install chromium, or put Chrome there")


@pytest.fixture(scope="module")
def loopback() -> Iterator[Loopback | None]:
    """None where namespaces are not permitted; the tests of test_offline.py say so."""
    try:
        held = Loopback()
    except NotPermitted as fault:
        if os.environ.get("CI") == "true":
            pytest.fail(f"no network namespace: {fault}", pytrace=False)
        yield None
    else:
        with held:
            yield held


@pytest.fixture(scope="module")
def program(
    chromium_path: str, loopback: Loopback | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Program]:
    """The program on an empty data folder, one for each file of tests."""
    with Program(tmp_path_factory.mktemp("data"), loopback) as started:
        yield started
        assert started.server().is_running(), started.said()
    assert started.addresses.foreign() == []
    assert loopback is None or loopback.attempts() == 0


@pytest.fixture(scope="module")
def browser(
    chromium_path: str, loopback: Loopback | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    with chromium(chromium_path, loopback, tmp_path_factory.mktemp("chromium")) as started:
        yield started


@contextmanager
def watched(program: Program, browser: Browser) -> Iterator[OpenPage]:
    """Yield what opens pages; in the end nothing foreign was asked for, and nothing complained of."""
    contexts, watches = [], []

    def opened(path: str = "/", **options: Any) -> Page:
        options = {"locale": "en-GB", **WINDOW, **options}
        context = browser.new_context(**options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        watches.append(Watch(context))
        page = context.new_page()
        visit(page, program.url + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    for watch in watches:
        assert watch.foreign(program.url) == []
        assert watch.complaints == []


@pytest.fixture
def open_page(program: Program, browser: Browser) -> Iterator[OpenPage]:
    """Open the program in a browser of its own (options of Playwright's new_context), ready to be used."""
    with watched(program, browser) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared_page(program: Program, browser: Browser) -> Iterator[Page]:
    """One page for the tests of a file, since loading it takes seconds."""
    with watched(program, browser) as opened:
        yield opened()


@pytest.fixture
def page(shared_page: Page) -> Page:
    """The page in English at 1280x900, at its first tab; the fields hold what the test before left there."""
    choose_tab(shared_page, "text-to-image")
    return shared_page


def visit(page: Page, url: str) -> None:
    """Go there, by way of the splash page while the program starts, and wait until it can be used."""
    page.goto(url)
    expect(page.locator("#text-to-image-generate")).to_be_visible(timeout=2 * PATIENCE)


def reload(page: Page) -> None:
    """Load the page again and wait until it can be used."""
    page.reload()
    expect(page.locator("#text-to-image-generate")).to_be_visible(timeout=2 * PATIENCE)
