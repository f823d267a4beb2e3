"""The command line: one parser, a command a row, errors as one sentence with status 2."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NoReturn

from runtime.errors import InvalidRequest, LapdrawError

# name -> (module with `add_arguments` and `run`, what it does); modules load when their command is asked for.
COMMANDS = {
    "page": ("ui.page_command", "open the page in the browser; also without a command"),
    "generate": ("ui.generate_command", "make pictures"),
    "optimize": ("ui.optimize_command", "turn a Stable Diffusion model into one that runs fast here"),
    "models": ("ui.models_command", "list, show, verify or remove models"),
    "devices": ("ui.devices_command", "say what this machine can compute on"),
    "benchmark": ("benchmarks.command", "measure this machine beside plain PyTorch and the peers"),
    "test": ("ui.checks", "run the linters, the type checker and the tests"),
}
DEFAULT_COMMAND = "page"


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are one sentence."""

    def error(self, message: str) -> NoReturn:
        """Raise what `main` shows; argparse would print the usage and exit."""
        raise InvalidRequest(f"{message}: see `{self.prog} --help`")


class Formatter(argparse.ArgumentDefaultsHelpFormatter):
    """Says the default of an option that has one."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return super()._get_help_string(action) if action.default else action.help


def entry(argv: Sequence[str] | None = None) -> int:
    """Run one command as a whole process, without what OpenVINO's import brings along for converting models.

    That is openvino.tools.ovc and with it openvino_telemetry: a fifth of the start, and code that can call
    home. None in `sys.modules` makes their import fail, which openvino provides for.
    """
    sys.modules.setdefault("openvino.tools.ovc", None)  # type: ignore[arg-type]
    return main(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, 1 for failed checks, 2 for bad input, 130 for Ctrl-C."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(arguments)
    except LapdrawError as error:
        print(f"lapdraw: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("lapdraw: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever read our output has gone; there is nobody to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _run(arguments: list[str]) -> int:
    if arguments and arguments[0] in ("-h", "--help", "help"):
        print(_overview())
        return 0
    if not arguments or arguments[0].startswith("-"):
        arguments = [DEFAULT_COMMAND, *arguments]
    if arguments[0] not in COMMANDS:
        raise InvalidRequest(f"there is no command {arguments[0]!r}: choose one of {', '.join(COMMANDS)}")
    module = import_module(COMMANDS[arguments[0]][0])
    if hasattr(module, "main"):  # takes its arguments as they are
        return int(module.main(arguments[1:]))
    purpose = COMMANDS[arguments[0]][1]
    command = Parser(
        prog=f"launch.py {arguments[0]}",
        description=f"{purpose[0].upper()}{purpose[1:]}.",
        formatter_class=Formatter,
        allow_abbrev=False,
    )
    module.add_arguments(command)
    run: Callable[[Any], int] = module.run
    return run(command.parse_args(arguments[1:]))


def _overview() -> str:
    rows = "\n".join(f"  {name:<10} {purpose}" for name, (_, purpose) in COMMANDS.items())
    return (
        "Stable Diffusion for laptops, offline.\n\nusage: python launch.py [COMMAND] [options]\n\n"
        f"{rows}\n\nEach command explains itself with --help. The page: python launch.py. A first picture:\n"
        '  python launch.py generate "a red house on green hills under a night sky with a moon" -o house.png'
    )


if __name__ == "__main__":
    sys.exit(entry())
