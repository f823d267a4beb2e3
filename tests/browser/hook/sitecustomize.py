"""Loaded by every Python process of the program under test: writes down each address it turns to."""

import os
import sys

_LOG = os.environ.get("LAPDRAW_TEST_ADDRESSES")
_EVENTS = {"socket.connect": 1, "socket.sendto": 1, "socket.getaddrinfo": 0, "socket.gethostbyname": 0}


def _write(line: str) -> None:
    assert _LOG
    descriptor = os.open(_LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, f"{os.getpid()} {line}\n".encode())
    finally:
        os.close(descriptor)


def _note(event: str, arguments: "tuple[object, ...]") -> None:
    if event in _EVENTS:
        address = arguments[_EVENTS[event]]
        host = address[0] if isinstance(address, tuple) else address
        _write(f"{event} {host!r}")


if _LOG:
    _write("listens")
    sys.addaudithook(_note)
