"""A model from the Hub as the source of `optimize`: options, the process that fetches, what comes after."""

import argparse
import copy
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from runtime.errors import InvalidRequest
from runtime.hub_id import VARIANTS, require_hub_id, require_revision
from runtime.places import CHECKOUT, data_folder
from ui.model_store import require_model_name

READY = "openvino"  # what the fetching process calls a model that need not be converted
IR = "openvino-to-quantize"  # and one that is OpenVINO's already, of which an int8 model is to be made
_OPTIONS = ("revision", "variant", "token_file")


@dataclass(frozen=True, kw_only=True)
class HubPlan:
    """What is fetched, and where the model will be: `ready` where it is ready-made, else `converted`."""

    repository: str
    revision: str | None
    variant: str | None
    token_file: Path | None
    precision: str
    data: Path

    ready: Path
    converted: Path

    @classmethod
    def of(cls, options: argparse.Namespace) -> "HubPlan":
        """Read the options of `optimize`; raises InvalidRequest."""
        data = data_folder(options.data_dir).resolve()
        own = options.source.rpartition("/")[2]
        return cls(
            repository=require_hub_id(options.source),
            revision=None if options.revision is None else require_revision(options.revision),
            variant=options.variant,
            token_file=None
            if options.token_file is None
            else Path(options.token_file).expanduser().absolute(),
            precision=options.precision,
            data=data,
            ready=data / "models" / require_model_name(options.name or own),
            converted=data / "models" / require_model_name(options.name or f"{own}-{options.precision}"),
        )

    def command(self) -> list[str]:
        """Return the command that fetches; the token itself is on no command line."""
        given = {
            "--revision": self.revision,
            "--variant": self.variant,
            "--token-file": self.token_file,
            "--data": self.data,
            "--ready": self.ready,
            "--converted": self.converted,
            "--precision": self.precision,
        }
        options = [part for name, value in given.items() if value is not None for part in (name, str(value))]
        return [sys.executable, "-m", "optimize.hub", self.repository, *options]

    def converting(self, options: argparse.Namespace, folder: str) -> argparse.Namespace:
        """Return the options that convert or quantize what was fetched into `folder`."""
        changed = copy.copy(options)
        changed.source, changed.name = folder, self.converted.name
        for name in _OPTIONS:
            setattr(changed, name, None)
        return changed


def add_hub_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what goes with an id of the Hub."""
    parser.add_argument("--revision", metavar="R", help="of a model on the Hub: a branch, a tag or a commit")
    parser.add_argument("--variant", choices=VARIANTS, help="of a model on the Hub: the smaller weights")
    parser.add_argument(
        "--token-file",
        metavar="FILE",
        help="holds the token of your account on the Hub; else token.txt here, HF_TOKEN, `hf auth login`",
    )


def refuse_hub_options(options: argparse.Namespace) -> None:
    """Raise InvalidRequest for options of the Hub with a source that is none of it."""
    given = [f"--{name.replace('_', '-')}" for name in _OPTIONS if getattr(options, name, None) is not None]
    if given:
        raise InvalidRequest(
            f"{options.source} is no model on the Hub (ORGANISATION/NAME), so {given[0]} has no meaning: "
            "leave it out, or check the spelling"
        )


def start_again(options: argparse.Namespace) -> int:
    """Convert by a new launch.py, which installs what that takes; return its status."""
    command = [sys.executable, str(CHECKOUT / "launch.py"), "optimize", options.source, *_as_words(options)]
    if sys.platform != "win32":
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(sys.executable, command)
    return subprocess.call(command)  # on Windows execv returns to the shell at once


def _as_words(options: argparse.Namespace) -> Iterable[str]:
    """The options as a command line: flags by their name, the others with their value."""
    for name, value in vars(options).items():
        word = f"--{name.replace('_', '-')}"
        if name == "source" or value is None or value is False:
            continue
        yield from (word,) if value is True else (word, str(value))
