"""Nothing in the server's process contacts another machine: the interpreter refuses what a library tries.

The job engine's worker and what optimizes a model are processes of their own and not meant.
"""

from __future__ import annotations

import ipaddress
import socket
import sys

_NETWORKS = (socket.AF_INET, socket.AF_INET6)
_SENDS = ("socket.connect", "socket.sendto", "socket.sendmsg")
_LOOKS_UP = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo")


class CallRefused(PermissionError):
    """Something in this process tried to reach another machine."""


def refuse_calls() -> None:
    """Refuse every connection and every look-up of a name beyond this machine, until the process ends."""
    sys.addaudithook(_watch)


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if event in _SENDS:
        connection, address = arguments[0], arguments[1]
        if isinstance(connection, socket.socket) and connection.family not in _NETWORKS:
            return  # a pipe of this machine
        host = address[0] if isinstance(address, tuple) else None
    elif event in _LOOKS_UP:
        host = arguments[0][0] if isinstance(arguments[0], tuple) else arguments[0]
    else:
        return
    if host is not None and not is_this_machine(host):
        raise CallRefused(f"the page's server does not contact other machines: {host!r} was refused")


def is_this_machine(host: object) -> bool:
    """Whether a host is a loopback address, or the name of one."""
    name = host.decode("latin-1") if isinstance(host, bytes) else str(host)
    if name in ("", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(name.split("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
