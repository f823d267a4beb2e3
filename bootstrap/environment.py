"""The environment beside the checkout: where it lies, and the record that says what it was made for.

.venv/lapdraw/GROUP.txt    the record of a group: the interpreter and the requirement files, word for word as
                           they were when it was installed; written last. A group is ready while it matches.
.venv-setup/               lock, log, temporary files, the --torch-index named last; `unfinished`, which is
                           there while .venv is being changed
"""

from __future__ import annotations

import os

from bootstrap.needs import GROUPS


def python_of(folder: str) -> str:
    """Return the interpreter of the environment in `folder`."""
    return os.path.join(folder, *(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")))


ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ENVIRONMENT = os.path.join(ROOT, ".venv")
PYTHON = python_of(ENVIRONMENT)
RECORDS = os.path.join(ENVIRONMENT, "lapdraw")
SETUP = os.path.join(ROOT, ".venv-setup")
TORCH_INDEX_FILE = os.path.join(SETUP, "torch-index")
UNFINISHED = os.path.join(SETUP, "unfinished")
LOG = os.path.join(SETUP, "setup.log")
LOCK_FILE = os.path.join(ROOT, "requirements", "lock.txt")


def requirement_files(group: str) -> list[str]:
    """Return the paths of the group's requirement files, in the order pip takes them."""
    return [os.path.join(ROOT, "requirements", name + ".txt") for name in GROUPS[group]]


def record_path(group: str) -> str:
    """Return where the record of `group` lies."""
    return os.path.join(RECORDS, group + ".txt")


def read_text(path: str) -> str | None:
    """Return the file's text, or None where there is no such file."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return None


def wanted_record(group: str) -> str:
    """Return what the record of `group` must say for .venv to fit the requirement files as they are now."""
    texts = [read_text(path) or "" for path in [*requirement_files(group), LOCK_FILE]]
    return "\n".join([os.path.realpath(PYTHON), *texts])


def is_ready(group: str) -> bool:
    """Whether .venv holds `group` as the requirement files ask, on an interpreter that is still there."""
    return (
        not os.path.exists(UNFINISHED)
        and os.path.exists(_base_interpreter())
        and read_text(record_path(group)) == wanted_record(group)
    )


def _base_interpreter() -> str:
    """The interpreter .venv was made from; .venv holds a link to it, on Windows a starter and its address."""
    if os.name != "nt":
        return os.path.realpath(PYTHON)
    for line in (read_text(os.path.join(ENVIRONMENT, "pyvenv.cfg")) or "").splitlines():
        if line.startswith("home ="):
            return os.path.join(line[len("home =") :].strip(), "python.exe")
    return PYTHON
