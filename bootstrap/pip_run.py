"""One run of pip: its progress shown, its output kept in the log, its failure turned into a sentence."""

from __future__ import annotations

import glob
import os
import re
import subprocess
import threading
import time
from typing import IO

from bootstrap.environment import ENVIRONMENT, LOG, SETUP, python_of
from bootstrap.failure import SetupFailure
from bootstrap.progress import Progress

TEMPORARY = os.path.join(SETUP, "tmp")
POLL_SECONDS = 0.2
_FOREIGN = ("PYTHONPATH", "PYTHONHOME", "__PYVENV_LAUNCHER__")  # they would send pip to other libraries
BIG_DOWNLOAD = re.compile(r"Downloading (\S+) \(([\d.]+ [MG]B)\)")
INSTALLING = "Installing collected packages: "
# What pip prints when ... -> what to say. The first that is found in its output decides.
_FAULTS = (
    (
        ("No space left on device", "[Errno 28]", "not enough space"),
        "the disk is full: free some space and start again",
    ),
    (
        (
            "NewConnectionError",
            "ConnectTimeoutError",
            "NameResolutionError",
            "ReadTimeoutError",
            "ProxyError",
            "SSLError",
            "ProtocolError",
            "Failed to establish a new connection",
            "Max retries exceeded",
            "connection error:",
            "timed out",
        ),
        "the package index could not be reached: connect to the internet (or name a mirror or proxy with "
        "PIP_INDEX_URL or PIP_PROXY) and start again",
    ),
    (
        ("No matching distribution found", "ResolutionImpossible"),
        "the package index has nothing that fits this Python and this machine: check PIP_INDEX_URL, or use "
        "another Python from 3.10 to 3.13",
    ),
    (
        ("THESE PACKAGES DO NOT MATCH THE HASHES", "BadZipFile", "IncompleteRead", "incomplete-download"),
        "a download arrived damaged: start again",
    ),
    (
        ("Permission denied", "Read-only file system", "Access is denied"),
        "a file could not be written: check who owns the checkout and that no other program uses .venv",
    ),
)


class _Output:
    """Reads pip's output in a thread of its own, and keeps what the progress needs."""

    def __init__(self, stream: IO[str]) -> None:
        self.lines: list[str] = []
        self.download: tuple[str, str] | None = None  # the file that is being fetched, and its size in words
        self.packages = 0  # how many are being installed; 0 before
        self._stream = stream
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def join(self) -> None:
        self._thread.join()

    def _read(self) -> None:
        for line in self._stream:
            self.lines.append(line.strip())
            found = BIG_DOWNLOAD.search(line)
            if found:
                self.download = (found[1], found[2])
            if line.startswith(INSTALLING):
                self.packages = line.count(",") + 1


class PipRun:
    """`pip install OPTIONS` in an environment, with the pip in `wheel`; it inherits the descriptor `lock`."""

    def __init__(self, wheel: str, options: list[str], lock: int, folder: str = ENVIRONMENT) -> None:
        self._folder = folder
        os.makedirs(TEMPORARY, exist_ok=True)
        environment = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
        environment.update(TMPDIR=TEMPORARY, TEMP=TEMPORARY, TMP=TEMPORARY)
        environment.update(PYTHONUNBUFFERED="1", PYTHONIOENCODING="utf-8")
        pip = [python_of(folder), os.path.join(wheel, "pip"), "--disable-pip-version-check", "--no-input"]
        self._process = subprocess.Popen(
            [
                *pip,
                "install",
                "--no-user",
                "--no-compile",
                "--log",
                LOG,
                "--progress-bar=off",
                "--only-binary=:all:",
                *options,
            ],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            pass_fds=() if os.name == "nt" else (lock,),
        )
        assert self._process.stdout is not None  # it is a pipe
        self._output = _Output(self._process.stdout)
        self._packages_before = _count_packages(folder)
        self._log_before = _size_of(LOG)

    @property
    def has_touched_packages(self) -> bool:
        """Whether pip got as far as writing packages; before that .venv is as it was."""
        return self._output.packages > 0

    def wait(self, progress: Progress) -> None:
        """Follow pip to its end; raise SetupFailure with the reason if it failed."""
        started = time.monotonic()
        said = None
        try:
            while self._process.poll() is None:
                if not self.has_touched_packages and self._output.download not in (None, said):
                    said = self._output.download
                    progress.note(f"  downloading {said[0]} ({said[1]})")
                progress.moving(f"  {self._doing()}, {time.monotonic() - started:.0f} s")
                time.sleep(POLL_SECONDS)
        except KeyboardInterrupt:
            self._process.terminate()
            self._process.wait()
            raise
        finally:
            self._output.join()
        if self._process.returncode:
            with open(LOG, encoding="utf-8", errors="replace") as log:  # it says more than pip's output
                log.seek(self._log_before)
                fault = _fault(log.read(), self._output.lines)
            raise SetupFailure(f"{fault}; pip's own words are in {LOG}")

    def _doing(self) -> str:
        if self.has_touched_packages:
            done = _count_packages(self._folder) - self._packages_before
            return f"installing: {max(done, 0)} of {self._output.packages} packages"
        if self._output.download is None:
            return "asking the package index"
        name, size = self._output.download
        return f"downloading {name.split('-')[0]}: {_temporary_bytes() / 1e6:.0f} MB of {size}"


def _fault(logged: str, lines: list[str]) -> str:
    """Return the reason of pip's failure as half a sentence with the remedy."""
    text = "\n".join([logged, *lines])
    for signs, sentence in _FAULTS:
        if any(sign in text for sign in signs):
            return sentence
    errors = [line[len("ERROR:") :].strip() for line in lines if line.startswith("ERROR:")]
    return f"pip failed ({errors[-1] if errors else 'without a reason'}): put that right and start again"


def _size_of(path: str) -> int:
    return os.path.getsize(path) if os.path.exists(path) else 0


def _count_packages(folder: str) -> int:
    """How many packages the environment holds."""
    library = ("Lib",) if os.name == "nt" else ("lib", "python3*")
    return len(glob.glob(os.path.join(folder, *library, "site-packages", "*.dist-info")))


def _temporary_bytes() -> int:
    """Size of the file pip is fetching: the youngest under its temporary folder."""
    newest, size = 0.0, 0
    for folder, _, names in os.walk(TEMPORARY):
        for name in names:
            try:
                status = os.stat(os.path.join(folder, name))
            except FileNotFoundError:  # pip was faster
                continue
            if status.st_mtime > newest:
                newest, size = status.st_mtime, status.st_size
    return size
