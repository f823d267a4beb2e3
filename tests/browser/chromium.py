"""Chromium by Playwright, inside the namespace: Playwright itself speaks to it over pipes, from outside."""

import os
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, sync_playwright

from tests.browser.loopback import Loopback

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Names are never looked up, so that an attempt that is counted was the page's or the program's.
ARGUMENTS = ("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--no-proxy-server")
# What is said when a connection ends, because the page is left or the server restarted, is no fault.
HARMLESS = (
    "net::ERR_CONNECTION_REFUSED",
    "net::ERR_INCOMPLETE_CHUNKED_ENCODING",
    "net::ERR_CONNECTION_RESET",
    "AbortError: signal is aborted without reason",
    "errored out",
    "TypeError: network error",
    "Unexpected error 404: Not Found",  # Gradio asks once more for the stream of the page that is left
)


def find_chromium() -> str | None:
    """The browser on PATH."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def chromium(executable: str, loopback: Loopback | None, folder: Path) -> Iterator[Browser]:
    """A browser that runs in `loopback`; `folder` takes the script that puts it there."""
    arguments = list(ARGUMENTS)
    if loopback or (hasattr(os, "geteuid") and os.geteuid() == 0):
        arguments.append("--no-sandbox")  # refused to root, which we are in a namespace of users too
    if loopback:
        script = folder / "chromium"
        script.write_text(f'#!/bin/sh\nexec {shlex.join(loopback.command(executable))} "$@"\n')
        script.chmod(0o755)
        executable = str(script)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


class Watch:
    """What a browser's pages asked for and complained about."""

    def __init__(self, context: BrowserContext) -> None:
        self.addresses: list[str] = []
        self.complaints: list[str] = []
        context.on("request", lambda request: self.addresses.append(request.url))
        context.on("weberror", lambda fault: self._complain(f"{fault.error}"))
        context.on("console", self._hear)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._complain(f"{message.text} ({message.location['url']})")

    def _complain(self, text: str) -> None:
        if not any(known in text for known in HARMLESS):
            self.complaints.append(text)

    def foreign(self, url: str) -> list[str]:
        """The addresses that are not the program's own."""
        return [a for a in self.addresses if not a.startswith((url + "/", "data:", "blob:", "about:"))]
