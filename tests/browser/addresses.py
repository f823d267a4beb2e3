"""The addresses that the program's Python processes turn to, written down by a hook in each of them."""

import ast
import ipaddress
from pathlib import Path

HOOK = (
    Path(__file__).parent / "hook"
)  # its sitecustomize.py is loaded by every Python that has it on its path


class Addresses:
    """What processes started with `environment` connected to or looked up."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self.environment = {"PYTHONPATH": str(HOOK), "LAPDRAW_TEST_ADDRESSES": str(log)}

    def by_process(self) -> dict[str, list[str]]:
        """{process id: ["socket.connect '127.0.0.1'", ...]} of each process that the hook was in."""
        heard: dict[str, list[str]] = {}
        for line in self._log.read_text(encoding="utf-8").splitlines():
            process, _, rest = line.partition(" ")
            heard.setdefault(process, [])
            if rest != "listens":
                heard[process].append(rest)
        return heard

    def foreign(self) -> list[str]:
        """What is neither this machine nor a socket in a folder."""
        every = (line for lines in self.by_process().values() for line in lines)
        return [line for line in every if not _is_here(ast.literal_eval(line.split(" ", 1)[1]))]


def _is_here(host: str | bytes | None) -> bool:
    name = host.decode(errors="replace") if isinstance(host, bytes) else host
    if not name or name == "localhost" or name.startswith(("/", "\0")):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:  # a name that somebody would look up
        return False
