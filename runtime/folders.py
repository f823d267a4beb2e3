"""Folders that things are looked for in: those that have a name of their own, and the files below one."""

from collections.abc import Collection, Iterator
from pathlib import Path

from runtime.errors import ModelFolderError

_MAX_DEPTH = 4


def named_folders(own: Path, bundled: Path | None) -> list[tuple[str, Path, bool]]:
    """Return name, path and whether it is bundled of each folder in both, by name; one's own hides a bundled.

    Raises ModelFolderError when a folder cannot be read; one that does not exist holds nothing.
    """
    found: dict[str, tuple[str, Path, bool]] = {}
    for parent, is_bundled in ((bundled, True), (own, False)):
        for path in _folders(parent) if parent is not None else ():
            found[path.name] = (path.name, path, is_bundled)
    return [found[name] for name in sorted(found)]


def files_below(folder: Path, endings: Collection[str], most: int, depth: int = 0) -> Iterator[Path]:
    """Yield the files with one of the endings (lower case), of each folder at most `most` entries in order.

    Hidden ones, and what links or lies more than four folders deep, are passed by.
    """
    try:
        entries = sorted(folder.iterdir())[:most]
    except OSError:  # not there, or not for us to read: nothing can be offered from it
        return
    for path in entries:
        if path.name.startswith("."):
            continue
        if path.is_dir():
            if depth < _MAX_DEPTH and not path.is_symlink():
                yield from files_below(path, endings, most, depth + 1)
        elif path.suffix.lower() in endings:
            yield path


def _folders(parent: Path) -> list[Path]:
    try:
        return [path for path in parent.iterdir() if path.is_dir() and not path.name.startswith(".")]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise ModelFolderError(
            f"{parent} cannot be read ({error.strerror}): check its permissions"
        ) from error
