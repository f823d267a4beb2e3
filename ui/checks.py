"""`python launch.py test`: the linter, the formatter, the type checker and the tests, in that order.

The tests of one file run one after the other, the files in as many processes as there are cores, four at
most, since each takes some GB, and in the order of tests/conftest.py, the long ones first. Arguments go to
pytest, which comes last, so that its closing line is the last one when all is well.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHARED = ("--dist", "loadfile", "--no-loadscope-reorder")
CHECKS = {
    "ruff check": ("ruff", "check", "."),
    "ruff format": ("ruff", "format", "--check", "."),
    "mypy": ("mypy",),
    "pytest": ("pytest", "-n", "logical", "--maxprocesses", "4", *SHARED),
}


def main(argv: Sequence[str]) -> int:
    """Run every check, also after one that failed, and return 0 if all passed, else 1."""
    if "-h" in argv or "--help" in argv:
        print(__doc__)
        return 0
    failed = []
    for name, (module, *arguments) in CHECKS.items():
        extra = argv if module == "pytest" else ()
        print(f"== {name}", flush=True)
        started = time.monotonic()
        status = subprocess.run([sys.executable, "-m", module, *arguments, *extra], cwd=ROOT).returncode
        if status:
            failed.append(name)
        if module != "pytest":
            print(f"{'failed' if status else 'passed'} in {time.monotonic() - started:.1f} s\n", flush=True)
    if failed:
        print(f"\nFailed: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0
