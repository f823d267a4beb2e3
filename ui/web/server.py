"""The page's server: lock, socket, address, browser, then uvicorn with the guard in front of everything."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
import threading
import webbrowser
from dataclasses import dataclass
from pathlib import Path

from runtime.errors import LapdrawError
from ui.web.bodies import ServedFiles
from ui.web.door import LOOPBACK, Door
from ui.web.front import Front
from ui.web.gradio_pages import GradioPages, prepare_environment, served_folders
from ui.web.guard import Guard
from ui.web.instance import Instance, Taken
from ui.web.no_calls import refuse_calls
from ui.web.password import Password
from ui.web.port import listen

CONNECTIONS = 256  # more are answered 503: a browser opens six
GRACE = 1  # seconds that open answers have at the end; live ones never end by themselves
SCREENS = frozenset({"DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME"})
HEADER_BYTES = 32 * 1024


@dataclass(frozen=True, kw_only=True)
class Options:
    """How the page is served."""

    data: Path
    port: int
    open_browser: bool
    password: str | None = None  # with it, every network of this machine is served


def serve(options: Options) -> int:
    """Serve the page until Ctrl-C; return the exit status.

    Where the data folder has its page already, that one is opened. Raises LapdrawError for what a person can
    put right.
    """
    try:
        with Instance(options.data) as instance:
            return _serve(options, instance)
    except Taken as taken:
        return _open_the_other(taken, options)


def _serve(options: Options, instance: Instance) -> int:
    listener = listen(options.port, everywhere=options.password is not None)
    port = listener.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    instance.announce(address)
    print(f"Lapdraw is at {address}  (Ctrl-C ends it)", flush=True)
    if options.password is not None:
        print("Other machines reach it too, with the password; nothing is encrypted on its way.", flush=True)
    if options.open_browser:
        _open(address)
    prepare_environment(options.data)
    refuse_calls()
    pages = GradioPages(options.data, port=port, may_name_folders=options.password is None)
    for name in ("SIGTERM", "SIGHUP"):  # a kill, and a terminal that is closed, end the engine too
        if hasattr(signal, name):  # Windows has no SIGHUP: there a closed console is an interruption
            signal.signal(getattr(signal, name), signal.default_int_handler)
    try:
        _run(options, pages, listener, port)
    except KeyboardInterrupt:
        print("\nLapdraw ends.", flush=True)
    finally:
        pages.close()
    return 0


def _run(options: Options, pages: GradioPages, listener: socket.socket, port: int) -> None:
    """Run the server until it is told to end; raise what kept the page from starting."""
    import uvicorn

    from ui.settings import SettingsFile

    settings = SettingsFile(options.data)
    failures: list[BaseException] = []

    def fail(failure: BaseException) -> None:
        failures.append(failure)
        server.should_exit = True

    front = Front(
        pages,
        setting=lambda: (settings.read().language, settings.read().theme),
        about={"program": "lapdraw", "data": str(options.data.resolve()), "process": os.getpid()},
        on_failure=fail,
    )
    everywhere = options.password is not None
    guard = Guard(
        front,
        door=Door(port=port, names=_names(everywhere=everywhere), takes_own_address=everywhere),
        files=ServedFiles(served_folders(options.data)),
        password=Password(options.password) if options.password is not None else None,
    )
    server = uvicorn.Server(
        uvicorn.Config(
            guard,
            http="h11",
            ws="none",
            loop="asyncio",
            lifespan="on",
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=CONNECTIONS,
            timeout_graceful_shutdown=GRACE,
            h11_max_incomplete_event_size=HEADER_BYTES,
        )
    )
    # Bugs are told; not that open answers are broken off at the end.
    logging.getLogger("uvicorn.error").addFilter(lambda record: not server.should_exit)
    asyncio.run(server.serve(sockets=[listener]))
    if failures:
        raise failures[0]


def _names(*, everywhere: bool) -> frozenset[str]:
    """The names that lead to the page; this machine's own ones too where other machines may come."""
    if not everywhere:
        return LOOPBACK
    own = socket.gethostname().lower()
    return LOOPBACK | {own, own.split(".")[0], f"{own.split('.')[0]}.local"}


def _open_the_other(taken: Taken, options: Options) -> int:
    if taken.holder is None:
        raise LapdrawError(
            f"another Lapdraw uses {options.data}: wait until it has started, or name another folder with "
            "--data-dir"
        )
    print(
        f"Lapdraw already runs on {options.data} (process {taken.holder.process}): {taken.holder.address}",
        flush=True,
    )
    if options.open_browser:
        _open(taken.holder.address)
    return 0


def _open(address: str) -> None:
    """Open the browser without waiting for it; not one in the terminal, where there is no screen."""
    if sys.platform.startswith("linux") and not SCREENS.intersection(os.environ):
        return
    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
