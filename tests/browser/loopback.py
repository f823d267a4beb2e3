"""A network namespace that has only loopback, in which the program and the browser run.

One process holds it open; others are started in it by a prefix to their command. Whoever connects to
anything but loopback there finds no route, which the kernel counts, for every process and library alike.
"""

import re
import subprocess
import sys
from pathlib import Path
from types import TracebackType

# Brings `lo` up (SIOCSIFFLAGS with IFF_UP and IFF_RUNNING) and stays until standard input ends.
HOLD = """
import fcntl, socket, struct, sys
with socket.socket() as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH22x", b"lo", 0x41))
print("up", flush=True)
sys.stdin.read()
"""
# Of `unshare`, and the `nsenter` that belongs to it: as root, and as anybody where that is permitted.
WAYS = {
    "-n": ("-n",),
    "-rn": ("-U", "-n", "--preserve-credentials"),
}


class NotPermitted(Exception):
    """This machine makes no network namespaces for us; the text says why."""


class Loopback:
    """A namespace as a context manager: `command` puts a command into it, `attempts` counts ways out."""

    def __init__(self) -> None:
        faults = []
        for unshare, enter in WAYS.items():
            self._enter = enter
            try:
                self._holder = _hold(unshare)
            except NotPermitted as fault:
                faults.append(str(fault))
            else:
                return
        raise NotPermitted("; ".join(faults))

    def __enter__(self) -> "Loopback":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._holder.communicate()

    def command(self, *arguments: str | Path) -> list[str]:
        """The command line that runs `arguments` in the namespace, as the same process."""
        return ["nsenter", "-t", str(self._holder.pid), *self._enter, "--", *map(str, arguments)]

    def attempts(self) -> int:
        """How often anything in the namespace looked for an IPv4 route that is not there.

        Of IPv6 there is always one a page: Chromium asks whether IPv6 is there, by a socket that sends
        nothing. What the program's own processes do in IPv6 their audit hook tells.
        """
        names, values = re.findall(r"^Ip: (.*)$", self._kernel_says("snmp"), re.MULTILINE)
        return dict(zip(names.split(), map(int, values.split()), strict=True))["OutNoRoutes"]

    def listens(self, port: int) -> bool:
        """Whether something in the namespace accepts connections at 127.0.0.1:port."""
        return f" 0100007F:{port:04X} 00000000:0000 0A " in self._kernel_says("tcp")

    def _kernel_says(self, name: str) -> str:
        return Path("/proc", str(self._holder.pid), "net", name).read_text()


def _hold(unshare: str) -> "subprocess.Popen[str]":
    command = ["unshare", unshare, sys.executable, "-S", "-c", HOLD]
    try:
        holder = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    except FileNotFoundError as error:
        raise NotPermitted("there is no `unshare` here") from error
    assert holder.stdout
    if holder.stdout.readline() == "up\n":
        return holder
    _, said = holder.communicate()
    raise NotPermitted(f"unshare {unshare}: {said.strip() or 'no answer'}")
