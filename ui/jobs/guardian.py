"""The process that watches over a command: `python -m ui.jobs.guardian ORDER`, with the order as JSON.

It runs the command in a group of its own and passes nothing on: both write to the same pipes. A line on
standard input ends the command with time to clean up, the end of standard input (whoever asked is gone) with
less; what is left of it then is killed with everything it started. The exit status is the command's.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ui.jobs.file_lock import FileLock

if TYPE_CHECKING:
    import psutil

WHEN_CANCELLED, WHEN_ALONE = 15.0, 2.0  # seconds to clean up
PATIENCE = 20.0  # seconds for a guardian before this one to end


def main() -> int:
    """Run the command, and return its status."""
    order = json.loads(sys.argv[1])
    signal.signal(signal.SIGINT, lambda *_: None)  # a handler ends with exec, SIG_IGN would not
    lock = FileLock(Path(order["lock"]))
    lock.take(PATIENCE)
    command = subprocess.Popen(
        order["command"],
        cwd=order["cwd"],
        env=os.environ | order["environment"],
        stdin=subprocess.DEVNULL,
        **_in_a_group(),
    )
    ending = threading.Lock()  # held while what the command started is ended
    threading.Thread(target=_listen, args=(command, ending), daemon=True).start()
    status = command.wait()
    with ending:
        lock.release()
    if sys.platform == "win32":
        os._exit(status & 0xFFFFFFFF)  # sys.exit cannot say every status there
    return status if status >= 0 else 128 - status


def _listen(command: "subprocess.Popen[bytes]", ending: threading.Lock) -> None:
    line = sys.stdin.readline()
    with ending:
        _end(command, WHEN_CANCELLED if line else WHEN_ALONE)


def _end(command: "subprocess.Popen[bytes]", patience: float) -> None:
    """End the command as Ctrl-C would, and by force what is left after `patience` seconds."""
    import psutil

    with suppress(psutil.NoSuchProcess):
        family = [*psutil.Process(command.pid).children(recursive=True), psutil.Process(command.pid)]
        _interrupt(command.pid)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and any(map(_is_alive, family)):
            time.sleep(0.05)
        with suppress(psutil.NoSuchProcess):
            family += psutil.Process(command.pid).children(recursive=True)
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()


def _is_alive(process: "psutil.Process") -> bool:
    import psutil

    with suppress(psutil.NoSuchProcess):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def _interrupt(pid: int) -> None:
    with suppress(OSError):
        if sys.platform == "win32":
            os.kill(pid, signal.CTRL_BREAK_EVENT)
        else:
            os.killpg(pid, signal.SIGINT)


def _in_a_group() -> dict[str, Any]:
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


if __name__ == "__main__":
    sys.exit(main())
