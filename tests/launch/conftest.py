"""A checkout of its own for every test, and an index of tiny wheels, so that nothing needs a network."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
# The interpreter people start launch.py with: not one of an environment.
PYTHON = getattr(sys, "_base_executable", sys.executable)
MODULES = {"pillow": "PIL/Image.py", "optimum-intel": "optimum/intel.py"}
# Stands in for the program: says where it runs, with what.
COMMAND = """
import importlib.metadata, json, os, sys

def entry(arguments):
    packages = {found.name: found.version for found in importlib.metadata.distributions(path=[sys.path[-1]])}
    found = {"prefix": sys.prefix, "folder": os.getcwd(), "arguments": arguments, "packages": packages}
    print(json.dumps(found))
    return 7 if "--fail" in arguments else 0
"""


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """A copy of the bootstrap and the requirements in a folder, and the settings its runs of pip see."""

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> Path:
        return self.folder / ".venv"

    @property
    def log(self) -> Path:
        return self.folder / ".venv-setup" / "setup.log"

    def command(self, *arguments: str, python: str = PYTHON) -> list[str]:
        return [python, str(self.folder / "launch.py"), *arguments]

    def start(self, *arguments: str, **options: Any) -> "subprocess.Popen[str]":
        """Start launch.py in a process group of its own."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(
            self.command(*arguments), env=self.variables(), start_new_session=True, **pipes, **options
        )

    def run(
        self, *arguments: str, python: str = PYTHON, **settings: str
    ) -> "subprocess.CompletedProcess[str]":
        command = self.command(*arguments, python=python)
        return subprocess.run(
            command, env=self.variables(**settings), capture_output=True, text=True, timeout=300, check=False
        )

    def run_changed(self, change: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run launch.py in an interpreter in which `change`, a piece of Python, was executed first."""
        program = (
            f"import runpy, shutil, sys\nsys.path.insert(0, {str(self.folder)!r})\n"
            f"sys.argv = {['launch.py', *arguments]!r}\n{change}\n"
            f"runpy.run_path({str(self.folder / 'launch.py')!r}, run_name='__main__')"
        )
        return subprocess.run(
            [PYTHON, "-c", program],
            env=self.variables(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def variables(self, **settings: str) -> dict[str, str]:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PIP_", "PYTHON", "VIRTUAL_ENV", "CONDA"))
        }
        return {
            **inherited,
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_CACHE_DIR": "1",
            **self.settings,
            **settings,
        }


def answer(finished: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    """Return what the stand-in for the program said on standard output, which holds nothing else."""
    assert finished.returncode == 0, finished.stderr
    return dict(json.loads(finished.stdout))


def required(name: str) -> dict[str, str]:
    """Return {package: a version within its bounds and as in lock.txt} for one requirement file."""
    lines = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    names = [match[0] for line in lines if (match := re.match(r"[\w.-]+", line))]
    locked: dict[str, str] = {}
    for line in (ROOT / "requirements" / "lock.txt").read_text(encoding="utf-8").splitlines():
        if match := re.match(r"([\w.-]+)==([\w.]+)(?: ; (.*))?", line):
            version = ".".join(map(str, sys.version_info[:2]))
            bounds = re.findall(r'python_version (>=|<) "3\.(\d+)"', match[3] or "")
            minor = int(version.split(".")[1])
            if all(minor >= int(bound) if sign == ">=" else minor < int(bound) for sign, bound in bounds):
                locked[match[1]] = match[2]
    return {name: locked[name] for name in names}


def write_wheel(folder: Path, name: str, version: str, *, files: int = 1, source: str = "") -> Path:
    """Write a wheel that holds one module, `source`, and `files` in all."""
    folder.mkdir(parents=True, exist_ok=True)
    distribution = f"{name.replace('-', '_')}-{version}"
    module = MODULES.get(name, name.replace("-", "_") + "/__init__.py")
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    members = {module: source, f"{distribution}.dist-info/METADATA": metadata}
    members |= {f"{module.split('/')[0]}/file{i}.txt": "x" for i in range(1, files)}
    members[f"{distribution}.dist-info/WHEEL"] = (
        "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    record = f"{distribution}.dist-info/RECORD"
    members[record] = "".join(f"{member},,\n" for member in [*members, record])
    wheel = folder / f"{distribution}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for member, text in members.items():
            archive.writestr(member, text)
    return wheel


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of tiny wheels for every requirement; openvino's is long enough to be interrupted."""
    folder = tmp_path_factory.mktemp("wheels")
    for group in ("runtime", "page", "optimize"):
        for name, version in required(group).items():
            write_wheel(folder, name, version, files=1500 if name == "openvino" else 1)
    return folder


def make_checkout(folder: Path, wheels: Path) -> Checkout:
    """Copy what launch.py needs into `folder`, with the stand-in for the program."""
    for name in ("bootstrap", "requirements"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "launch.py", folder)
    (folder / "ui").mkdir()
    (folder / "ui" / "cli.py").write_text(COMMAND, encoding="utf-8")
    return Checkout(folder=folder, settings={"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)})


@pytest.fixture
def checkout(tmp_path: Path, wheels: Path) -> Checkout:
    """A fresh checkout without .venv."""
    return make_checkout(tmp_path / "checkout", wheels)
