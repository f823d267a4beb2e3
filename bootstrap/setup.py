"""Makes .venv and brings a group of requirements into it; the next start repairs any interruption.

`unfinished` is written before .venv is touched and removed when it is whole and recorded; a start that finds
it makes .venv anew.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence

from bootstrap.environment import (
    ENVIRONMENT,
    LOCK_FILE,
    LOG,
    PYTHON,
    RECORDS,
    ROOT,
    SETUP,
    TORCH_INDEX_FILE,
    UNFINISHED,
    is_ready,
    read_text,
    record_path,
    requirement_files,
    wanted_record,
)
from bootstrap.failure import SetupFailure
from bootstrap.interpreter import find_interpreter, probe
from bootstrap.lock import exclusive
from bootstrap.needs import GROUPS, TORCH_INDEX
from bootstrap.pip_run import TEMPORARY, PipRun
from bootstrap.progress import Progress

WAITING = "Another start is setting up .venv: waiting for it."
# What a requirement file adds, measured on Linux: MB installed, MB of downloads beside them meanwhile.
SIZES = {
    "runtime": (300, 100),
    "page": (270, 90),
    "quantize": (240, 80),
    "optimize": (1700, 620),
    "benchmark": (20, 10),
    "dev": (150, 50),
}
CUDA_SIZES = (4100, 2450)  # the NVIDIA libraries that PyTorch from PyPI brings on Linux
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
OURS = ("bootstrap", "runtime", "ui", "benchmarks")
# Imported once after the installation: shows that they work here, and leaves their bytecode.
IMPORTS = {
    "runtime": ("openvino", "numpy", "PIL.Image", "tokenizers", "psutil"),
    "page": ("gradio", "uvicorn"),
    "quantize": ("nncf",),
    "optimize": (
        "torch",
        "torchvision",
        "diffusers",
        "transformers",
        "optimum.intel",
        "openvino_tokenizers",
        "nncf",
    ),
    "benchmark": ("openvino_genai",),
    "dev": (
        "pytest",
        "pytest_benchmark",
        "hypothesis",
        "mypy",
        "torchsde",
        "playwright.sync_api",
        "axe_playwright_python",
    ),
}


def set_up(group: str, torch_index: str | None) -> None:
    """Bring `group` into .venv; at once where it is there. Raises SetupFailure with the remedy."""
    progress = Progress()
    try:
        os.makedirs(SETUP, exist_ok=True)
        with exclusive(os.path.join(SETUP, "lock"), lambda: progress.say(WAITING)) as lock:
            if not is_ready(group):
                _Setup(group, torch_index, lock, progress).run()
    except OSError as error:
        raise SetupFailure(
            f"{error.filename or ROOT} cannot be written ({error.strerror}): free some space, move the "
            "checkout to a folder of yours, or activate an environment with `pip install -r requirements.txt`"
        ) from error
    finally:
        progress.clear()


class _Setup:
    """One setup, under the lock."""

    def __init__(self, group: str, torch_index: str | None, lock: int, progress: Progress) -> None:
        self._group, self._lock, self._progress = group, lock, progress
        present = probe([PYTHON])
        self._is_usable = present.fits and bool(present.pip_wheel) and not os.path.exists(UNFINISHED)
        self._interpreter = present if self._is_usable else find_interpreter()
        names = GROUPS[group]
        if self._is_usable:
            names = tuple(name for name in names if not os.path.exists(record_path(name)))
        self._torch_index = torch_index or read_text(TORCH_INDEX_FILE)
        self._new_names = names  # the requirement files of which nothing is there yet

    def run(self) -> None:
        started = time.monotonic()
        shutil.rmtree(TEMPORARY, ignore_errors=True)
        self._check_space()
        self._announce()
        write_whole(LOG, f"{self._group} in {ENVIRONMENT}\n")
        if self._torch_index and "optimize" in GROUPS[self._group]:
            write_whole(TORCH_INDEX_FILE, self._torch_index)
        write_whole(UNFINISHED, "")
        if not self._is_usable:
            self._make_environment()
        try:
            self._install()
        finally:
            shutil.rmtree(TEMPORARY, ignore_errors=True)
        self._try_imports()
        self._compile()
        self._record()
        self._progress.say(f"Set up in {time.monotonic() - started:.0f} s.")

    def _check_space(self) -> None:
        needed = sum(map(sum, self._sizes()))
        free = shutil.disk_usage(ROOT).free / 1e6
        if free < needed:
            raise SetupFailure(
                f"setting up {self._group} needs {in_words(needed)} on the disk of {ROOT} and "
                f"{in_words(free)} are free: make some room and start again"
            )

    def _sizes(self) -> list[tuple[int, int]]:
        sizes = [SIZES[name] for name in self._new_names]
        return [*sizes, CUDA_SIZES] if self._brings_cuda() else sizes

    def _brings_cuda(self) -> bool:
        is_cpu_index = self._torch_index is not None and self._torch_index.rstrip("/").endswith("/cpu")
        return "optimize" in self._new_names and sys.platform == "linux" and not is_cpu_index

    def _announce(self) -> None:
        installed = sum(size for size, _ in self._sizes())
        what = f"about {in_words(installed)} to install" if installed else "requirements have changed"
        self._progress.say(f"Setting up {self._group} in {ENVIRONMENT}: {what}; this happens once.")
        if self._brings_cuda() and self._torch_index is None:
            self._progress.say(
                f"  {in_words(CUDA_SIZES[0])} of that are NVIDIA's libraries, which PyTorch from PyPI has. "
                f"Without an NVIDIA GPU, stop here (Ctrl-C) and add {TORCH_INDEX} {CPU_INDEX}"
            )

    def _make_environment(self) -> None:
        self._progress.moving("  making the environment")
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        if os.path.exists(ENVIRONMENT):
            raise SetupFailure(
                f"{ENVIRONMENT} is unfinished and cannot be deleted: close what uses it, delete it"
            )
        make_environment(self._interpreter.path, ENVIRONMENT, self._lock)

    def _install(self) -> None:
        constraints = ["-c", LOCK_FILE]
        files = [option for path in requirement_files(self._group) for option in ("-r", path)]
        runs = [[*constraints, *files]]
        if self._torch_index and "optimize" in GROUPS[self._group]:
            # PyTorch's index holds old versions of other packages: only these two are taken from it, bare.
            runs.insert(
                0, [*constraints, "--no-deps", "--index-url", self._torch_index, "torch", "torchvision"]
            )
        for options in runs:
            run = PipRun(self._interpreter.pip_wheel, options, self._lock)
            try:
                run.wait(self._progress)
            except (SetupFailure, KeyboardInterrupt):
                if self._is_usable and not run.has_touched_packages:
                    os.remove(UNFINISHED)  # what was there still is, so it need not be made anew
                raise
            self._is_usable = self._is_usable and not run.has_touched_packages

    def _try_imports(self) -> None:
        self._progress.moving("  trying the packages")
        try_imports(PYTHON, [name for group in GROUPS[self._group] for name in IMPORTS[group]])

    def _compile(self) -> None:
        """Leave our own bytecode too: where Python may not write it, every start would compile anew."""
        folders = [os.path.join(ROOT, name) for name in OURS]
        subprocess.run(
            [PYTHON, "-m", "compileall", "-q", "-q", *folders],
            env=_environment_of_its_own(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,  # a checkout that cannot be written to only starts more slowly
        )

    def _record(self) -> None:
        """Everything to the disk first, then the word that it is there."""
        if hasattr(os, "sync"):
            os.sync()
        os.makedirs(RECORDS, exist_ok=True)
        for name in GROUPS[self._group]:
            write_whole(record_path(name), wanted_record(name))
        os.remove(UNFINISHED)


def make_environment(interpreter: str, folder: str, lock: int) -> None:
    """Make an environment without packages; raises SetupFailure where the interpreter cannot."""
    made = subprocess.run(
        [interpreter, "-m", "venv", "--without-pip", folder],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        pass_fds=() if os.name == "nt" else (lock,),
    )
    if made.returncode:
        write_whole(LOG, made.stdout)
        raise SetupFailure(
            f"{interpreter} could not make {folder}: install its venv and pip modules "
            f"(Debian, Ubuntu: sudo apt install python3-venv) and start again; its own words are in {LOG}"
        )


def try_imports(python: str, names: Sequence[str]) -> None:
    """Import the modules in a fresh process; raises SetupFailure with what it said."""
    tried = subprocess.run(
        [python, "-c", "import " + ", ".join(names)],
        env=_environment_of_its_own(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    if tried.returncode:
        with open(LOG, "a", encoding="utf-8") as log:
            log.write(tried.stdout)
        reason = (tried.stdout.strip().splitlines() or [f"status {tried.returncode}"])[-1]
        raise SetupFailure(
            f"the packages were installed and do not work here ({reason}): see the README for the "
            f"machines that are supported; the whole message is in {LOG}"
        )


def _environment_of_its_own() -> dict[str, str]:
    foreign = ("PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if name not in foreign}


def write_whole(path: str, text: str) -> None:
    """Write the file whole or not at all."""
    partial = path + ".partial"
    with open(partial, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


def in_words(size: float) -> str:
    """Say a size in MB."""
    return f"{size / 1000:.1f} GB" if size >= 1000 else f"{size:.0f} MB"
