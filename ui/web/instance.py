"""One page to a data folder: a lock that the operating system drops with its holder, and who holds it."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from runtime.errors import InvalidRequest
from runtime.file_lock import try_lock
from runtime.whole_file import write_whole

LOCK, HOLDER = "page.lock", "page.json"
PATIENCE = 2.0  # seconds between the moment the lock is taken and the moment its holder has said who it is


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Who serves the page of a data folder."""

    process: int
    address: str


class Taken(Exception):
    """Somebody else serves this data folder; `holder` is None where it did not say who it is."""

    def __init__(self, holder: Holder | None) -> None:
        super().__init__("this data folder has a page already")
        self.holder = holder


class Instance:
    """The right to serve a data folder, held while the program runs.

    A context manager; entering raises Taken, or InvalidRequest for a folder that cannot be written to.
    """

    def __init__(self, data: Path) -> None:
        self._folder = data / "cache"
        self._descriptor = -1

    def __enter__(self) -> Instance:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(self._folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise InvalidRequest(
                f"the data folder {self._folder.parent} cannot be written to ({error.strerror}): "
                "name another with --data-dir"
            ) from error
        if not try_lock(self._descriptor):
            os.close(self._descriptor)
            raise Taken(self._read_holder())
        (self._folder / HOLDER).unlink(missing_ok=True)  # of a page that was killed
        return self

    def announce(self, address: str) -> None:
        """Say where the page is, to whoever starts it a second time."""
        text = json.dumps(asdict(Holder(process=os.getpid(), address=address)))
        write_whole(self._folder / HOLDER, lambda file: file.write(text.encode()))

    def _read_holder(self) -> Holder | None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                told = json.loads((self._folder / HOLDER).read_text(encoding="utf-8"))
                return Holder(process=int(told["process"]), address=str(told["address"]))
            except (OSError, ValueError, KeyError, TypeError):  # it has only just begun
                if time.monotonic() > deadline:
                    return None
                time.sleep(0.05)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        (self._folder / HOLDER).unlink(missing_ok=True)
        os.close(self._descriptor)
