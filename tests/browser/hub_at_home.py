"""The Hub on loopback as a process: `python -m tests.browser.hub_at_home`, to be run where the program runs.

It holds the demo model, gated, prints its address, and ends when its input does.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.browser.loopback import Loopback
from tests.browser.program import ROOT
from tests.optimize.gated_demo import hub_with_the_demo


@contextmanager
def hub_at_home(loopback: Loopback | None) -> Iterator[str]:
    """Run it, in the namespace if there is one; yield its address."""
    command = [sys.executable, "-m", "tests.browser.hub_at_home"]
    with subprocess.Popen(
        loopback.command(*command) if loopback else command,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdin
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


def main() -> None:
    """Serve until standard input ends."""
    hub = hub_with_the_demo()
    with hub.serving():
        print(hub.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
