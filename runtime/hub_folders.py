"""Where a data folder keeps what was fetched from the Hub, and how a repository's folder is called there.

The names are those of huggingface_hub's own cache: models--ORG--NAME.
"""

from pathlib import Path

_PREFIX = "models--"


def fetched_folder(data: Path) -> Path:
    """Return the folder of all repositories."""
    return data / "cache" / "hub"


def folder_name(repository: str) -> str:
    """Return what the folder of ORG/NAME is called."""
    return _PREFIX + repository.replace("/", "--")


def repository_of(name: str) -> str | None:
    """Return the id whose folder is called `name`, as it stands there; None where it is no repository's."""
    return name.removeprefix(_PREFIX).replace("--", "/") if name.startswith(_PREFIX) else None
