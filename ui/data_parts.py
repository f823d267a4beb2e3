"""The data folder as a person sees it: its parts, how big they are, and the file manager that shows them."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from runtime.errors import SetupError
from ui.model_store import folder_bytes
from ui.optimize_forecast import existing_parent

# What lies in a data folder, in the order of a list.
_PARTS = (
    "models",
    "controlnets",
    "sources",
    "outputs",
    "cache/hub",
    "cache/compiled",
    "cache/skeletons",
    "cache/measured",
    "cache/page",
    "cache/thumbnails",
    "jobs",
)


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of the data folder."""

    name: str  # its path in there, with forward slashes
    bytes: int


def data_parts(data: Path) -> tuple[Part, ...]:
    """Return the parts that are there, each with its size; reading many files takes a moment."""
    return tuple(
        Part(name=name, bytes=folder_bytes(data / name)) for name in _PARTS if (data / name).is_dir()
    )


def free_bytes(data: Path) -> int:
    """Return what is free on the disk of the data folder."""
    return shutil.disk_usage(existing_parent(data)).free


def show_in_file_manager(folder: Path) -> None:
    """Open a folder in the system's file manager; raises SetupError where there is none."""
    folder.mkdir(parents=True, exist_ok=True)
    if sys.platform == "win32":
        os.startfile(folder)  # not run here
        return
    program = "open" if sys.platform == "darwin" else "xdg-open"
    found = shutil.which(program)
    if found is None:
        raise SetupError(f"there is no file manager here ({program} was not found): open {folder} yourself")
    subprocess.Popen(
        [found, str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
