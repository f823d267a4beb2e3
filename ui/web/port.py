"""The socket of the page, taken before anything slow is loaded; and who has the port where it is taken."""

from __future__ import annotations

import errno
import http.client
import json
import socket
import sys
from typing import Any

from runtime.errors import InvalidRequest

LOCAL, EVERYWHERE = "127.0.0.1", "0.0.0.0"
BACKLOG = 128
ASK_SECONDS = 2.0
_TAKEN = (errno.EADDRINUSE, getattr(errno, "WSAEADDRINUSE", errno.EADDRINUSE))


def listen(port: int, *, everywhere: bool) -> socket.socket:
    """Return a listening socket: of this machine alone, or of every network it is in.

    Connections wait in it until somebody accepts them. Raises InvalidRequest, saying who has the port.
    """
    if not 0 <= port <= 65535:
        raise InvalidRequest(f"a port is a number from 1 to 65535, got {port}: try --port 7860")
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":  # there, SO_REUSEADDR would let two programs share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((EVERYWHERE if everywhere else LOCAL, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        other = 7861 if port == 7860 else 7860
        if error.errno in _TAKEN:
            raise InvalidRequest(
                f"port {port} is taken by {who_has(port)}: choose another with --port, say --port {other}"
            ) from error
        raise InvalidRequest(
            f"port {port} cannot be opened ({error.strerror}): choose another, say --port {other}"
        ) from error
    return listener


def who_has(port: int) -> str:
    """Say who listens at a port of this machine, in words: our own page of another folder, else a process."""
    ours = _ask(port)
    if ours is not None:
        return f"the Lapdraw page of {ours.get('data')} (process {ours.get('process')})"
    return _process_at(port)


def _ask(port: int) -> dict[str, Any] | None:
    """What a page of ours says about itself; None where there is another program, or a password."""
    connection = http.client.HTTPConnection(LOCAL, port, timeout=ASK_SECONDS)
    try:
        connection.request("GET", "/lapdraw/instance")
        told = json.loads(connection.getresponse().read(10_000))
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return told if isinstance(told, dict) and told.get("program") == "lapdraw" else None


def _process_at(port: int) -> str:
    import psutil

    try:
        found = [
            connection.pid
            for connection in psutil.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid
        ]
        if found:
            return f"{psutil.Process(found[0]).name()} (process {found[0]})"
    except (psutil.Error, OSError):  # macOS tells only the superuser
        return "another program"
    return "another program"
