"""The program as a person starts it: `launch.py page` on a data folder of its own, watched from outside."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import psutil

from tests.browser.addresses import Addresses
from tests.browser.loopback import Loopback

ROOT = Path(__file__).resolve().parents[2]


class Program:
    """The server and its worker as a context manager; `start` again after `kill`."""

    def __init__(
        self, data: Path, loopback: Loopback | None, environment: Mapping[str, str] | None = None
    ) -> None:
        self.data, self._loopback, self._environment = data, loopback, dict(environment or {})
        data.mkdir(parents=True, exist_ok=True)
        self.port = 7860 if loopback else _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log, self.addresses = data / "server.log", Addresses(data / "addresses.log")
        self._server: subprocess.Popen[bytes] | None = None
        self._seen: dict[int, psutil.Process] = {}

    def __enter__(self) -> "Program":
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server and wait until it listens; its splash page comes first."""
        command: list[str | Path] = [sys.executable, "-m", "ui.cli", "page", "--no-browser"]
        command += ["--port", str(self.port), "--data-dir", self.data]
        with self.log.open("ab") as log:
            self._server = subprocess.Popen(
                self._loopback.command(*command) if self._loopback else list(map(str, command)),
                cwd=ROOT,
                env=_as_at_home() | self.addresses.environment | self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        wait_for("a server that listens", self._listens)

    def _listens(self) -> bool:
        assert self._server
        assert self._server.poll() is None, f"the server ended at once:\n{self.said()}"
        if self._loopback:
            return self._loopback.listens(self.port)
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def server(self) -> psutil.Process:
        """The server's process."""
        assert self._server, "the program was not started"
        return psutil.Process(self._server.pid)

    def workers(self) -> list[psutil.Process]:
        """Every process that the server started and that runs."""
        children = self.server().children(recursive=True)
        self._seen.update({child.pid: child for child in children})
        return [child for child in children if child.status() != psutil.STATUS_ZOMBIE]

    def kill(self) -> None:
        """`kill -9` of the server alone."""
        assert self._server
        self.workers()
        self._server.send_signal(signal.SIGKILL)
        self._server.wait()

    def stop(self, patience: float = 15.0) -> list[psutil.Process]:
        """End the server as Ctrl-C does and return what outlived it; all of that is killed."""
        assert self._server
        if self._server.poll() is None:
            self.workers()
            self._server.send_signal(signal.SIGINT)
            try:
                self._server.wait(patience)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        _, alive = psutil.wait_procs([p for p in self._seen.values() if p.is_running()], timeout=patience)
        for process in alive:
            process.kill()
        psutil.wait_procs(alive, timeout=patience)
        return alive

    def said(self) -> str:
        """Everything that server and worker printed."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def pictures(self, task: str = "*") -> list[Path]:
        """The finished pictures on disk, the oldest first."""
        found = (self.data / "outputs").glob(f"{task}-images/*/*.png")
        return sorted(found, key=lambda path: path.stat().st_mtime_ns)


def wait_for(what: str, happened: object, seconds: float = 90.0) -> None:
    """Wait until `happened()` is true: for what is seen on disk or among processes, not in the page."""
    assert callable(happened)
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, f"{what}: not within {seconds:g} s"
        time.sleep(0.05)


def _as_at_home() -> dict[str, str]:
    """The environment without what tells OpenVINO that this is a test, which silences its telemetry."""
    told = ("CI", "TF_BUILD", "JENKINS_URL")
    return {name: value for name, value in os.environ.items() if name not in told}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
