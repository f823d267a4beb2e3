"""One file from the Hub: continued where it was cut, and in place only when every byte is what is listed."""

import errno
import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from optimize.hub.client import HubClient
from optimize.hub.listing import RepoFile, Repository
from optimize.hub.patience import NoSuchPart, Passing, Tries
from runtime.errors import HubError

_CHUNK_BYTES = 1 << 20
_WORTH_WAITING = 1 << 20  # bytes that make a cut connection no failure in a row
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) if hasattr(errno, "EDQUOT") else (errno.ENOSPC,)


class Transfer:
    """Fetches files of one repository; `parts` holds what has come of a file so far, by its digest.

    Nothing is flushed to the disk: whoever uses a file later computes its digest again.
    """

    def __init__(
        self, client: HubClient, repository: Repository, parts: Path, arrived: Callable[[str, int], None]
    ) -> None:
        self._client = client
        self._repository = repository
        self._parts = parts
        self._arrived = arrived  # is told (name, bytes that are there now)

    def part(self, file: RepoFile) -> Path:
        """Return where an unfinished file lies."""
        return self._parts / f"{file.digest}.part"

    def fetch(self, file: RepoFile, target: Path) -> None:
        """Bring the file to `target`; raises HubError, which leaves no `target`."""
        part = self.part(file)
        try:
            part.parent.mkdir(parents=True, exist_ok=True)
            target.parent.mkdir(parents=True, exist_ok=True)
            has_part = part.exists()
            try:
                digest = self._complete(file, part)
                if digest != file.digest and has_part:  # what was there may be damaged: once more, all of it
                    part.unlink()
                    digest = self._complete(file, part)
            finally:
                if part.exists() and part.stat().st_size == 0 < file.bytes:
                    part.unlink()
            if digest != file.digest:
                part.unlink()
                raise HubError(
                    f"{file.name} of {self._repository.id} has other bytes than the Hub lists ({file.kind} "
                    f"{digest[:12]}, listed {file.digest[:12]}): it was deleted; try again, or another "
                    "HF_ENDPOINT"
                )
            part.replace(target)
        except OSError as error:
            raise _not_written(error, part) from error

    def _complete(self, file: RepoFile, part: Path) -> str:
        """Fill the part to its listed size; return its digest."""
        tries = Tries(self._client.patience, file.name, self._client.note)
        url = self._client.file_address(self._repository.id, self._repository.commit, file.name)
        with part.open("ab+", buffering=0) as out:
            reached = _Reached(file, out)
            self._arrived(file.name, reached.bytes)
            while reached.bytes < file.bytes:
                before = reached.bytes
                try:
                    with self._client.stream(url, self._repository.id, offset=before) as response:
                        self._take(response, file, reached)
                    if reached.bytes < file.bytes:
                        raise Passing("the answer ended too early", _REMEDY)
                except Passing as fault:
                    if isinstance(fault, NoSuchPart):
                        reached.restart()
                    if reached.bytes - before >= _WORTH_WAITING:
                        tries.got_on()
                    where = f"{fault.reason} at {reached.bytes} of {file.bytes} bytes"
                    tries.failed(Passing(where, fault.remedy, fault.wait))
            return reached.digest()

    def _take(self, response: httpx.Response, file: RepoFile, reached: "_Reached") -> None:
        """Append an answer; raises HubError as soon as it cannot be the file."""
        if response.status_code == 206 and _begin(response) != reached.bytes:
            reached.restart()  # of another place than was asked for: nothing of it can be used
            raise Passing("the answer is of another part of the file", _REMEDY)
        if response.status_code == 200 and reached.bytes:
            reached.restart()  # this server knows no ranges
        told = response.headers.get("content-length", "")
        if told.isdigit() and int(told[:18]) != file.bytes - reached.bytes:
            self._wrong_size(file, reached, reached.bytes + int(told[:18]))
        for chunk in response.iter_raw():
            if reached.bytes + len(chunk) > file.bytes:
                self._wrong_size(file, reached, reached.bytes + len(chunk))
            reached.append(chunk)
            self._arrived(file.name, reached.bytes)

    def _wrong_size(self, file: RepoFile, reached: "_Reached", found: int) -> None:
        reached.restart()
        raise HubError(
            f"{file.name} of {self._repository.id} has {found} bytes or more, the Hub lists "
            f"{file.bytes}: it was deleted; try again, or another HF_ENDPOINT"
        )


_REMEDY = "check the connection and run the same command again, it goes on where it stopped"


class _Reached:
    """The bytes of a file that are on the disk, and their digest so far."""

    def __init__(self, file: RepoFile, out: Any) -> None:
        self._file = file
        self._out = out
        self.bytes = 0
        self._digest = self._new_digest()
        if os.fstat(out.fileno()).st_size > file.bytes:
            self.restart()
        out.seek(0)
        while chunk := out.read(_CHUNK_BYTES):
            self._digest.update(chunk)
            self.bytes += len(chunk)

    def append(self, chunk: bytes) -> None:
        """Write and count; raises OSError."""
        view = memoryview(chunk)
        while view:  # unbuffered, so that nothing is lost however this ends; a full disk takes a piece first
            written = self._out.write(view)
            self._digest.update(view[:written])
            self.bytes += written
            view = view[written:]

    def restart(self) -> None:
        """Forget everything."""
        self._out.truncate(0)
        self.bytes = 0
        self._digest = self._new_digest()

    def digest(self) -> str:
        return str(self._digest.hexdigest())

    def _new_digest(self) -> Any:
        return new_digest(self._file)


def new_digest(file: RepoFile) -> Any:
    """Return what a file's listed digest is computed with: sha256, or git's sha1 of a blob."""
    if file.kind == "sha256":
        return hashlib.sha256()
    return hashlib.sha1(b"blob %d\0" % file.bytes, usedforsecurity=False)


def agrees(path: Path, file: RepoFile) -> bool:
    """Whether what lies at `path` is the listed file."""
    try:
        if path.is_symlink() or path.stat().st_size != file.bytes:
            return False
        digest = new_digest(file)
        with path.open("rb", buffering=0) as content:
            while chunk := content.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError:
        return False
    return bool(digest.hexdigest() == file.digest)


def _begin(response: httpx.Response) -> int:
    """Return the first byte that a partial answer holds, -1 where it does not say."""
    unit, _, rest = response.headers.get("content-range", "").partition(" ")
    first = rest.partition("-")[0].strip()
    return int(first[:18]) if unit.lower() == "bytes" and first.isdigit() else -1


def _not_written(error: OSError, part: Path) -> HubError:
    free = shutil.disk_usage(part.parent if part.parent.exists() else Path.cwd()).free
    if error.errno in _FULL:
        return HubError(
            f"the disk of {part.parent} is full ({free / 1e6:.0f} MB free): make room and run the "
            "same command again, it goes on where it stopped"
        )
    return HubError(
        f"{error.filename or part} could not be written ({error.strerror or error}): check its "
        "permissions, or give another place (--data-dir)"
    )
