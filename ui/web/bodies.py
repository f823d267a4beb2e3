"""What a request brings along: measured while it arrives, and searched for files before Gradio sees it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from ui.web.answers import Message, Receive
from ui.web.door import Refusal

TOO_MUCH = Refusal(status=413, sentence="The request is larger than the page takes: send a smaller picture.")
NO_JSON = Refusal(status=400, sentence="The request is not JSON: reload the page.")
MOST_NAMES = 1000  # files in one body
FOREIGN_FILE = Refusal(
    status=403, sentence="The request names a file that was not uploaded: choose the picture again."
)


class Refused(Exception):
    """A body is turned away."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.sentence)
        self.refusal = refusal


class ServedFiles:
    """The folders whose files the page may show, or take back from a browser; nothing hidden in them."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = [folder.resolve() for folder in folders]

    def holds(self, name: str) -> bool:
        """Whether `name` is an absolute path inside, all links followed."""
        if not name or "\0" in name or "://" in name or name[:2].replace("\\", "/") == "//":
            return False  # no file, or one of another machine: Windows would call it to look
        try:
            path = Path(name)
            if not path.is_absolute():
                return False
            path = path.resolve()
        except (OSError, ValueError, RuntimeError):  # RuntimeError: links in a circle, before Python 3.13
            return False
        for folder in self._folders:
            if path.is_relative_to(folder):
                return not any(part.startswith(".") for part in path.relative_to(folder).parts)
        return False


def counted(receive: Receive, most: int) -> Receive:
    """Pass a body on while it keeps within `most` bytes; then raise Refused."""
    taken = 0

    async def receive_counted() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > most:
            raise Refused(TOO_MUCH)
        return message

    return receive_counted


async def read_json(receive: Receive, most: int, files: ServedFiles) -> Receive:
    """Read a whole body and hand it on; raise Refused for one that is no JSON or names a foreign file."""
    take, chunks = counted(receive, most), []
    while True:
        message = await take()
        if message["type"] == "http.disconnect":
            return _replayed([message], receive)
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    body = b"".join(chunks)
    try:
        value = json.loads(body)
        named = list(_named_files(value))
    except (ValueError, RecursionError) as fault:
        raise Refused(NO_JSON) from fault
    if len(named) > MOST_NAMES or not all(files.holds(name) for name in named):
        raise Refused(FOREIGN_FILE)
    return _replayed([{"type": "http.request", "body": body, "more_body": False}], receive)


def _replayed(messages: list[Message], receive: Receive) -> Receive:
    waiting = iter(messages)

    async def receive_again() -> Message:
        return next(waiting, None) or await receive()

    return receive_again


def _named_files(value: object) -> Iterator[str]:
    """Every file that a JSON value names, in the form in which Gradio would open or fetch it."""
    pending = [value]
    while pending:
        found = pending.pop()
        if isinstance(found, dict):
            path = found.get("path")
            if isinstance(path, str) and path:
                yield path
            pending.extend(found.values())
        elif isinstance(found, list):
            pending.extend(found)
