"""The Hub on loopback as a process: `python -m tests.browser.hub_at_home`, to be run where the program runs.

It holds the demo model, gated, prints its address, and ends when its input does.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from runtime.places import BUNDLED_MODELS
from tests.browser.loopback import Loopback
from tests.browser.program import ROOT
from tests.optimize.hub_server import Hub, Repo

NAME = "maker/demo-ov"
TOKEN = "hf_" + "aToKeNoFnObOdY" * 2


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
    model = BUNDLED_MODELS / "demo-scenes"
    files = {
        path.relative_to(model).as_posix(): path.read_bytes()
        for path in model.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    index = json.loads(files["model_index.json"])
    files["model_index.json"] = json.dumps({k: v for k, v in index.items() if k != "_manifest"}).encode()
    hub = Hub()
    hub.add(Repo(NAME, files, gated="auto", readers=frozenset({TOKEN})))
    hub.tokens.add(TOKEN)
    with hub.serving():
        print(hub.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
