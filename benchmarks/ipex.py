"""The environment of Intel Extension for PyTorch, which works with one older PyTorch alone."""

import os
import platform
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bootstrap.environment import LOG, SETUP, TORCH_INDEX_FILE, python_of, read_text
from bootstrap.failure import SetupFailure
from bootstrap.interpreter import find_interpreter
from bootstrap.lock import exclusive
from bootstrap.pip_run import TEMPORARY, PipRun
from bootstrap.progress import Progress
from bootstrap.setup import in_words, make_environment, try_imports, write_whole
from runtime.errors import SetupError

FOLDER = ".venv-ipex"
RECORD = "lapdraw.txt"  # in it, written last: the interpreter and the requirements it was made for
IMPORTS = ("torch", "intel_extension_for_pytorch", "diffusers", "transformers", "openvino", "psutil")
# MB, measured on Linux: what is installed, and downloads beside it meanwhile.
SIZE, DOWNLOADS = 2500, 400
CUDA_SIZE, CUDA_DOWNLOADS = 4700, 2900  # the NVIDIA libraries that PyTorch from PyPI brings


def ipex_python(root: Path, on_phase: Callable[[str], None]) -> Path:
    """Return the interpreter of the environment in `root`, made now unless it is there and whole.

    Takes minutes the first time; `on_phase` hears how much is going to be installed. Raises SetupError with
    the remedy where there is no such package for this machine, no room, or no package index.
    """
    if sys.platform != "linux" or platform.machine() not in ("x86_64", "AMD64"):
        raise SetupError(
            "Intel Extension for PyTorch 2.8.0 exists for Linux on x86-64 alone, "
            f"this is {sys.platform} on {platform.machine()}: leave its rows out"
        )
    folder = root / FOLDER
    python = Path(python_of(str(folder)))
    requirements = root / "requirements" / "ipex.txt"
    try:
        Path(SETUP).mkdir(exist_ok=True)
        # One lock, log and temporary folder for .venv and this: they are never set up at the same time.
        with exclusive(
            str(Path(SETUP, "lock")), lambda: on_phase("waiting for another start that is setting up")
        ) as lock:
            if not _is_whole(folder, requirements):
                _make(folder, requirements, lock, on_phase)
    except SetupFailure as failure:
        raise SetupError(str(failure)) from failure
    except OSError as error:
        raise SetupError(
            f"{error.filename or folder} cannot be written ({error.strerror}): "
            "free some space, or move the checkout to a folder of yours"
        ) from error
    return python


def _is_whole(folder: Path, requirements: Path) -> bool:
    python = python_of(str(folder))
    return Path(os.path.realpath(python)).exists() and read_text(str(folder / RECORD)) == _record(
        python, requirements
    )


def _record(python: str, requirements: Path) -> str:
    return f"{os.path.realpath(python)}\n{requirements.read_text(encoding='utf-8')}"


def _make(folder: Path, requirements: Path, lock: int, on_phase: Callable[[str], None]) -> None:
    started = time.monotonic()
    index = (read_text(TORCH_INDEX_FILE) or "").strip()
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(TEMPORARY, ignore_errors=True)
    size, needed = SIZE, SIZE + DOWNLOADS
    if not index.rstrip("/").endswith("/cpu"):
        size, needed = size + CUDA_SIZE, needed + CUDA_SIZE + CUDA_DOWNLOADS
    free = shutil.disk_usage(folder.parent).free / 1e6
    if free < needed:
        raise SetupFailure(
            f"Intel Extension for PyTorch needs {in_words(needed)} on the disk of {folder.parent} and "
            f"{in_words(free)} are free: make some room, or leave its rows out"
        )
    on_phase(f"setting up Intel Extension for PyTorch in {folder}: about {in_words(size)} to install, once")
    write_whole(LOG, f"ipex in {folder}\n")
    interpreter, progress = find_interpreter(), Progress()
    try:
        make_environment(interpreter.path, str(folder), lock)
        runs = [["-r", str(requirements)]]
        if index:  # PyTorch's index holds old versions of other packages: torch alone is taken from it
            runs.insert(0, ["--no-deps", "--index-url", index, "torch==2.8.0"])
        for options in runs:
            PipRun(interpreter.pip_wheel, options, lock, str(folder)).wait(progress)
        progress.moving("  trying the packages")
        python = python_of(str(folder))
        try_imports(python, IMPORTS)
        write_whole(str(folder / RECORD), _record(python, requirements))
    finally:
        progress.clear()
        shutil.rmtree(TEMPORARY, ignore_errors=True)
    on_phase(f"set up in {time.monotonic() - started:.0f} s")
