"""The command lines of long jobs: `launch.py` itself, which first installs what such a command still lacks.

`optimize` says its phases as {"phase": "[2/9] ..."} on standard error, where everything else is a line for
the log, and one JSON object on standard output: path, precision, errors by component, seconds. `benchmark`
says lines on standard error, and on standard output the paths of record and reports, then a table. Both end
with status 2 and a last line "lapdraw: SENTENCE" (or "launch.py: SENTENCE") for what a person can put right,
and remove what is unfinished when they are interrupted or terminated.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runtime.places import CHECKOUT
from ui.installed import CPU_INDEX


def optimize_line(body: Mapping[str, Any], data: Path) -> list[str]:
    """Return the command of a job: {"source", "precision", "name"} and, if wanted, "cpu_pytorch": True."""
    index = ["--torch-index", CPU_INDEX] if body.get("cpu_pytorch") else []
    return [
        *_launch("optimize", data),
        *("--precision", str(body["precision"]), "--name", str(body["name"]), "--json"),
        *index,
        str(Path(body["source"]).resolve()),
    ]


def benchmark_line(body: Mapping[str, Any], data: Path) -> list[str]:
    """Return the command of a job: {"model", "quick"} and, if wanted, "peers" as `--peers` takes them."""
    index = ["--torch-index", CPU_INDEX] if body.get("cpu_pytorch") else []
    quick = ["--quick"] if body.get("quick") else []
    peers = str(body.get("peers", "none"))
    return [*_launch("benchmark", data), "--model", str(body["model"]), *quick, "--peers", peers, *index]


def _launch(command: str, data: Path) -> list[str]:
    return [sys.executable, str(CHECKOUT / "launch.py"), command, "--data-dir", str(data.resolve())]
