"""The real page, engine and all, in this process: behind its guard, and without it for comparison."""

import asyncio
import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asking import HOME, Answer, Life, Loop, Request, ask

from ui.settings import Settings, SettingsFile
from ui.web.bodies import ServedFiles
from ui.web.door import Door
from ui.web.front import Front
from ui.web.gradio_pages import GradioApp, GradioPages, prepare_environment, served_folders, uploads_of
from ui.web.guard import Guard

START_SECONDS = 120
GENERATE = "text-to-image-generate"


class KeptPages(GradioPages):
    """Keeps what was made."""

    def __init__(self, data: Path) -> None:
        super().__init__(data, port=7860, may_name_folders=True, worker=False)
        self.made: dict[str, GradioApp] = {}

    def build(self, language: str) -> GradioApp:
        self.made[language] = super().build(language)
        return self.made[language]


@dataclass(frozen=True, kw_only=True)
class RealPage:
    """The page and what it changes."""

    loop: Loop
    guard: Guard
    bare: Front
    pages: KeptPages
    data: Path

    def ask(self, request: Request, *, guarded: bool = True, patience: float = 30.0) -> Answer:
        """Ask with the guard, or as if there were none."""
        return self.loop.run(ask(self.guard if guarded else self.bare, request, patience))

    def ask_all(self, requests: list[Request]) -> list[Answer]:
        """Ask one after the other."""

        async def all_of_them() -> list[Answer]:
            return [await ask(self.guard, request) for request in requests]

        return self.loop.run(all_of_them())

    def state(self) -> dict[str, str]:
        """Everything that a request could have changed: the jobs, and every file of the data folder."""
        jobs = json.dumps([(job.id, job.state) for job in self.pages.engine.jobs()])
        files = {
            path.relative_to(self.data).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.data.rglob("*"))
            if path.is_file() and not path.name.startswith("jobs.")  # the store itself; its jobs are above
        }
        return {"jobs": jobs, **files}

    def config(self) -> dict[str, Any]:
        """What Gradio tells of the page."""
        answer = self.ask(Request(path="/en/config"))
        assert answer.status == 200
        return dict(json.loads(answer.body))

    def generate_body(self, session: str) -> bytes:
        """What a browser sends when Generate is pressed in the first tab, the form as it is at the start."""
        config = self.config()
        by_id = {component["id"]: component for component in config["components"]}
        (button,) = [found for found, part in by_id.items() if part["props"].get("elem_id") == GENERATE]
        events = [entry for entry in config["dependencies"] if [button, "click"] in entry["targets"]]
        pressed = next(entry for entry in events if entry["inputs"])
        body = {
            "data": [by_id[name]["props"].get("value") for name in pressed["inputs"]],
            "fn_index": pressed["id"],
            "trigger_id": button,
            "session_hash": session,
            "event_data": None,
        }
        return json.dumps(body).encode()

    def wait_for(self, count: int) -> None:
        """Wait until the engine has so many jobs."""
        deadline = time.monotonic() + 30
        while len(self.pages.engine.jobs()) != count:
            assert time.monotonic() < deadline, f"{len(self.pages.engine.jobs())} jobs, not {count}"
            time.sleep(0.02)


@contextmanager
def open_page(data: Path) -> Iterator[RealPage]:
    """Serve a data folder without a worker, so that jobs are taken and wait."""
    kept = dict(os.environ)
    prepare_environment(data)
    SettingsFile(data).write(Settings(language="en"))
    loop = Loop()
    pages = KeptPages(data)
    failures: list[BaseException] = []
    front = Front(pages, setting=lambda: ("en", "auto"), about={}, on_failure=failures.append)
    guard = Guard(front, door=Door(port=7860), files=ServedFiles(served_folders(data)))
    lives = AsyncExitStack()

    async def start() -> None:
        await lives.enter_async_context(Life(guard))
        deadline = time.monotonic() + START_SECONDS
        while b'"ready": true' not in (await ask(guard, Request(path="/lapdraw/ready"))).body:
            assert not failures, failures
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)

    try:
        loop.run(start())
        yield RealPage(loop=loop, guard=guard, bare=front, pages=pages, data=data)
    finally:
        loop.run(lives.aclose())
        loop.close()
        pages.close()
        os.environ.clear()
        os.environ.update(kept)


def uploads(data: Path) -> list[Path]:
    """Every file that a browser has sent."""
    return [path for path in uploads_of(data).rglob("*") if path.is_file()]


__all__ = ["GENERATE", "HOME", "RealPage", "open_page", "uploads"]
