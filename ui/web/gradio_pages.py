"""The page as Gradio makes it: its environment, its import, the languages, the limits it is mounted with."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, MutableMapping
from contextlib import AbstractAsyncContextManager, ExitStack
from pathlib import Path
from typing import Any, Literal

from ui.web.answers import Receive, Scope, Send
from ui.web.quick_import import config_later, quick_build, quick_import
from ui.web.routes import MAX_UPLOAD

QUIET = {
    "GRADIO_ANALYTICS_ENABLED": "False",  # also its question for a newer version
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": "1000000000",  # statistics with pandas, after every event
    "GRADIO_ANALYTICS_MAX_EVENTS": "1",
    "GRADIO_RUN_HISTORY": "False",
    "GRADIO_MCP_SERVER": "False",
    "GRADIO_SSR_MODE": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    "DO_NOT_TRACK": "1",
}
QUEUE_SECONDS = 0.02  # from one look of Gradio's queue for work to the next


def uploads_of(data: Path) -> Path:
    """Return the folder of what browsers send: emptied at every start, since jobs keep their own copies."""
    return data / "cache" / "page" / "uploads"


def served_folders(data: Path) -> list[Path]:
    """Return the folders whose files the page may show."""
    return [uploads_of(data), data / "outputs", data / "cache" / "thumbnails"]


def prepare_environment(
    data: Path, environment: MutableMapping[str, str] = os.environ, *, empty: bool = True
) -> None:
    """Say to Gradio, before it is imported, where its files are and that it calls nobody.

    Whatever the person's own environment holds for other Gradio programs is taken away.
    """
    for name in [name for name in environment if name.startswith("GRADIO_")]:
        del environment[name]
    environment.update(QUIET)
    uploads = uploads_of(data)
    if empty:
        shutil.rmtree(uploads, ignore_errors=True)
    uploads.mkdir(parents=True, exist_ok=True)
    environment["GRADIO_TEMP_DIR"] = str(uploads.resolve())
    environment["GRADIO_EXAMPLES_CACHE"] = str(uploads.resolve() / "examples")


class GradioApp:
    """The page in one language, as Gradio serves it."""

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self.application(scope, receive, send)

    def lifespan(self) -> AbstractAsyncContextManager[object]:
        """Run Gradio's queue meanwhile."""
        context: AbstractAsyncContextManager[object] = self.application.router.lifespan_context(
            self.application
        )
        return context


class GradioPages:
    """Makes the page: starts the job engine, imports Gradio, builds a language when it is asked for."""

    def __init__(self, data: Path, *, port: int, may_name_folders: bool, worker: bool = True) -> None:
        """Serve `data`; `may_name_folders` is for a page that only this machine's own people reach.

        Without `worker`, jobs are taken and wait.
        """
        self._data, self._port, self._may_name_folders = data, port, may_name_folders
        self._worker = worker
        self._open = ExitStack()
        self.engine: Any = None

    def prepare(self, on_phase: Callable[[str], None]) -> None:
        """Start the worker, which loads in a process of its own, then import Gradio beside it."""
        from ui.jobs import JobEngine

        self.engine = self._open.enter_context(JobEngine(self._data, worker=self._worker))
        on_phase("page")
        with quick_import():
            import ui.page  # noqa: F401

    def build(self, language: str) -> GradioApp:
        """Build the page in a language and mount it."""
        from ui.page import build_page, mount_options
        from ui.settings import SettingsFile

        known: Literal["en", "zh"] = "zh" if language == "zh" else "en"
        settings = SettingsFile(self._data)

        async def make() -> GradioApp:
            with config_later():
                blocks = build_page(
                    self.engine, self._data, settings, known, may_name_folders=self._may_name_folders
                )
                app = mount(blocks, language, self._port, mount_options(settings))
            blocks.config = blocks.get_config_file()
            return app

        with quick_build():
            return asyncio.run(make())  # where no loop runs, Gradio makes some, and leaves them open

    def close(self) -> None:
        """End the engine, which puts a running job back in line."""
        self._open.close()


def mount(blocks: Any, language: str, port: int, options: dict[str, Any]) -> GradioApp:
    """Mount a Blocks at /LANGUAGE, everything off that the page does not use."""
    from fastapi import FastAPI
    from gradio.routes import mount_gradio_app

    none = {"openapi_url": None, "docs_url": None, "redoc_url": None}
    application = FastAPI(**none)  # type: ignore[arg-type]
    mount_gradio_app(
        application,
        blocks,
        path=f"/{language}",
        root_path=f"/{language}",  # else an answer outside the queue names files without it
        server_name="127.0.0.1",
        server_port=port,
        **{
            "app_kwargs": dict(none),
            "footer_links": [],
            "run_history": False,
            "max_file_size": MAX_UPLOAD,
            "ssr_mode": False,
            "enable_monitoring": False,
            "pwa": False,
            "mcp_server": False,
            **options,
        },
    )
    # Only `launch` sets this, and without it Gradio does not check that a named file was uploaded.
    blocks.has_launched = True
    # Its queue looks for work every millisecond, which would be a tenth of a core for as long as it runs.
    blocks._queue.sleep_when_free = QUEUE_SECONDS
    return GradioApp(application)
