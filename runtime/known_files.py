"""Files whose content was hashed before and that nobody has written to since: they are not hashed again.

Hashing the 2 GB of a full-size model takes seconds of a core that the first picture needs. A file is known
by its size, its times of change and its inode, as git knows the files of a checkout; the time of the last
change of the inode (ctime) cannot be set back by a program. Windows has no such time (its ctime is that of
creation), so there every file is hashed at every start. What a disk loses without a write is found by
`models verify`, which hashes everything.
"""

import json
import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from runtime.errors import InvalidRequest
from runtime.model_files import hash_of
from runtime.whole_file import write_whole

FILE_NAME = "known-files.json"
HASHES_ALWAYS = sys.platform == "win32"
SETTLED_NS = 2 * 10**9  # a file written a moment ago could be written again within the clock's resolution


class KnownFiles:
    """What was hashed and agreed, kept in one small file; `path` None keeps nothing and hashes everything.

    A memory that is missing or damaged, or cannot be written, only costs hashing again.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._entries: dict[str, list[Any]] = dict(_read(path)) if path is not None else {}
        self._changed = False

    def agrees(self, file: Path, sha256: str) -> bool:
        """Whether the file's content has that sha256; raises ModelFolderError when it cannot be read."""
        if self._path is None or HASHES_ALWAYS:
            return hash_of(file) == sha256
        name, before = str(file.resolve()), _state(file)
        if before is not None and self._entries.get(name) == [*before, sha256]:
            return True
        agrees = hash_of(file) == sha256
        if agrees and before is not None and before == _state(file) and _is_settled(before):
            self._entries[name] = [*before, sha256]
            self._changed = True
        return agrees

    def knows(self, file: Path, sha256: str) -> bool:
        """Whether the file had that sha256 when it was last hashed, and has not been written since."""
        before = _state(file)
        return before is not None and self._entries.get(str(file.resolve())) == [*before, sha256]

    def save(self) -> None:
        """Keep what is new for the next start."""
        if self._path is not None and self._changed:
            self._changed = False  # before they are gathered: what is hashed meanwhile is kept the next time
            kept = {**_read(self._path), **self._entries}  # another process may have added its own
            text = json.dumps(kept, indent=0)
            with suppress(InvalidRequest):
                write_whole(self._path, lambda file: file.write(text.encode()))


def _state(file: Path) -> list[int] | None:
    """What changes with every write: size, inode, and the times of the last change in nanoseconds."""
    try:
        stat = os.stat(file)  # noqa: PTH116  # the path is resolved either way
    except OSError:
        return None
    return [stat.st_size, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns]


def _is_settled(state: list[int]) -> bool:
    return max(state[2], state[3]) + SETTLED_NS < time.time_ns()


def _read(path: Path) -> Mapping[str, list[Any]]:
    try:
        entries = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return entries if isinstance(entries, dict) else {}
