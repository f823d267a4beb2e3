"""Finds a Python that fits: 3.10 to 3.13, 64 bits, with the modules that make an environment."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import NamedTuple

from bootstrap.failure import SetupFailure

VERSIONS = ("3.13", "3.12", "3.11", "3.10")
PROBE_SECONDS = 20
# Answers four lines, as Interpreter has them. Debian and Fedora keep the wheel of ensurepip elsewhere.
_PROBE = """
import glob, importlib.util, os, struct, sys, sysconfig
pip = ""
if importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"):
    import ensurepip
    bundled = os.path.join(os.path.dirname(ensurepip.__file__), "_bundled")
    for folder in (sysconfig.get_config_var("WHEEL_PKG_DIR") or bundled, bundled):
        pip = pip or "".join(sorted(glob.glob(os.path.join(folder, "pip-*.whl")))[-1:])
print("%d.%d" % sys.version_info[:2])
print(struct.calcsize("P") * 8)
print(getattr(sys, "_base_executable", None) or sys.executable)
print(pip)
"""


class Interpreter(NamedTuple):
    """What an interpreter says of itself; all empty where it does not run."""

    version: str = ""  # "3.12"
    bits: str = ""  # "64"
    path: str = ""  # where it really is: the base interpreter, when it is that of an environment
    pip_wheel: str = (
        ""  # the pip it comes with; running that is four seconds quicker than installing it first
    )

    @property
    def fits(self) -> bool:
        """Whether our packages exist for it."""
        return self.version in VERSIONS and self.bits == "64"


def find_interpreter() -> Interpreter:
    """Return a fitting interpreter that makes environments: the running one, else the newest one found."""
    without_venv = ""
    for candidate in _candidates():
        found = probe(candidate)
        if found.fits and found.pip_wheel:
            return found
        if found.fits:
            without_venv = without_venv or found.version
    if without_venv:
        raise SetupFailure(
            f"Python {without_venv} is here but its venv or ensurepip module is missing: install it (Debian, "
            f"Ubuntu: sudo apt install python{without_venv}-venv) and start again"
        )
    running = ".".join(map(str, sys.version_info[:3]))
    bits = "64" if sys.maxsize > 2**32 else "32"
    raise SetupFailure(
        f"a 64-bit Python from {VERSIONS[-1]} to {VERSIONS[0]} is needed, only {running} ({bits} bits) was "
        "found: install one from https://www.python.org/downloads/ (Debian, Ubuntu: sudo apt install python3 "
        "python3-venv) and start again with it"
    )


def _candidates() -> Iterator[list[str]]:
    """Commands that may start a fitting interpreter, the running one first."""
    yield [sys.executable]
    if os.name == "nt":
        for version in VERSIONS:
            yield ["py", "-" + version]
    for version in VERSIONS:
        for folder in os.get_exec_path():
            path = os.path.join(folder, "python" + version)
            if os.access(path, os.X_OK):
                yield [path]


def probe(command: list[str]) -> Interpreter:
    """Ask the interpreter that `command` starts; a pyenv shim, say, may be there and not start one."""
    try:
        answer = subprocess.run(
            [*command, "-c", _PROBE],
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PROBE_SECONDS,
            encoding="utf-8",
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return Interpreter()
    return Interpreter(*answer.splitlines()[:4])
