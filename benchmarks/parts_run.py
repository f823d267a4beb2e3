"""Times the components one by one, with pytest-benchmark in a process of its own."""

import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from runtime.errors import SetupError
from runtime.pipeline import CHECKOUT

PARTS = CHECKOUT / "benchmarks" / "parts"


def run_parts(output: Path, options: Sequence[str] = ()) -> int:
    """Run every part, show the table, and write pytest-benchmark JSON to `output`; return pytest's status.

    `options` are further ones of pytest. Raises SetupError where pytest-benchmark is not installed.
    """
    if find_spec("pytest_benchmark") is None:
        raise SetupError("timing the parts needs pytest-benchmark: run `pip install -r requirements/dev.txt`")
    output = output.resolve()
    output.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pytest", str(PARTS), "-q", "-p", "no:cacheprovider"]
    columns = "--benchmark-columns=median,iqr,min,max,rounds"
    return subprocess.run(
        [*command, columns, f"--benchmark-json={output}", *options], cwd=CHECKOUT
    ).returncode
