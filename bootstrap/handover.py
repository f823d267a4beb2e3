"""From the command line to the interpreter that runs it: this one, or that of .venv, set up if need be."""

from __future__ import annotations

import os
import sys

from bootstrap.environment import ENVIRONMENT, PYTHON, ROOT, is_ready
from bootstrap.needs import UsageFault, group_for, take_torch_index

# Keeps --torch-index for a launch.py that a command starts: it is no argument of any command.
TORCH_INDEX_VARIABLE = "LAPDRAW_TORCH_INDEX"
FITTING = ((3, 10), (3, 13))  # the oldest and the newest Python that fit


def main(arguments: list[str]) -> int:
    """Run the command line, setting .venv up before where something is missing; return the exit status."""
    try:
        arguments, torch_index = take_torch_index(arguments)
    except UsageFault as fault:
        return _refuse(str(fault))
    if torch_index is None:
        torch_index = os.environ.get(TORCH_INDEX_VARIABLE)
    else:
        os.environ[TORCH_INDEX_VARIABLE] = torch_index
    group = group_for(arguments)
    if group is None:
        if not is_ready("runtime") and FITTING[0] <= sys.version_info[:2] <= FITTING[1]:
            return _run_here(arguments)
        group = "runtime"
    if _in_own_environment():
        if is_ready(group):
            return _run_here(arguments)
    elif _in_activated_environment():
        from bootstrap.activated import has_group

        if has_group(group):
            return _run_here(arguments)
    if not is_ready(group):
        from bootstrap.failure import SetupFailure
        from bootstrap.setup import set_up

        try:
            set_up(group, torch_index)
        except SetupFailure as failure:
            return _refuse(str(failure))
        except KeyboardInterrupt:
            print("\nInterrupted: the next start finishes or repairs the setup.", file=sys.stderr)
            return 130
    return _hand_over(arguments)


def _in_own_environment() -> bool:
    return os.path.exists(ENVIRONMENT) and os.path.samefile(sys.prefix, ENVIRONMENT)


def _in_activated_environment() -> bool:
    """Whether this interpreter belongs to an environment somebody made: a venv or a conda environment."""
    fits = FITTING[0] <= sys.version_info[:2] <= FITTING[1]
    return fits and (sys.prefix != sys.base_prefix or os.environ.get("CONDA_PREFIX") == sys.prefix)


def _run_here(arguments: list[str]) -> int:
    from ui.cli import entry as run_command

    return run_command(arguments)


def _hand_over(arguments: list[str]) -> int:
    """Start launch.py again with the interpreter of .venv; its folder is on the path, not the current one."""
    for name in ("PYTHONHOME", "__PYVENV_LAUNCHER__"):  # both would send the interpreter to other libraries
        os.environ.pop(name, None)
    command = [PYTHON, os.path.join(ROOT, "launch.py"), *arguments]
    if sys.platform != "win32":
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(PYTHON, command)
    import subprocess  # on Windows execv returns to the shell at once, so a child it is

    child = subprocess.Popen(command)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:  # the child got the Ctrl-C too, and ends in its own way
            continue


def _refuse(sentence: str) -> int:
    print("launch.py: " + sentence, file=sys.stderr)
    return 2
