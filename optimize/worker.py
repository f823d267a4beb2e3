"""The process that PyTorch lives in: started for one conversion, and gone after it.

Messages cross on the worker's standard output, one JSON object a line: {"phase": ...}, then {"done": true}
or {"error": ...}. The job comes on standard input, which then stays open: when it closes, whoever asked is
gone, and the worker ends at once.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from optimize.convert import ConvertJob, convert
from runtime.errors import ExportError, LapdrawError

_CONVERSION = "the conversion", "a Stable Diffusion 1.5 needs 6.5 GB free"


def convert_in_worker(job: ConvertJob, report: Callable[[str], None]) -> None:
    """Have another process do the job; raises ExportError with its sentence, RuntimeError with its trace."""
    run_in_worker("optimize.worker", job.to_json(), report, *_CONVERSION)


def run_in_worker(module: str, job: str, report: Callable[[str], None], what: str, memory: str) -> None:
    """Have `python -m MODULE`, which `serve`s, do a job of one line; raises as `convert_in_worker` does.

    `what` and `memory` name the work, and what it needs free, for a process that the system ended.
    """
    root = str(Path(__file__).resolve().parents[1])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    with tempfile.TemporaryFile() as noise:
        with subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=noise,
            env=environment,
            text=True,
            encoding="utf-8",
        ) as process:
            try:
                done = _follow(process, job, report)
            finally:
                process.kill()
        status = process.returncode
        if not done:
            noise.seek(0)
            _explain(status, noise.read().decode(errors="replace"), what, memory)


def _follow(process: "subprocess.Popen[str]", job: str, report: Callable[[str], None]) -> bool:
    """Hand over the job and pass on what the worker says until it ends; return whether it finished."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the worker was started without pipes")
    try:
        process.stdin.write(job + "\n")
        process.stdin.flush()
    except BrokenPipeError:
        return False
    for line in process.stdout:
        message = json.loads(line)
        if "phase" in message:
            report(message["phase"])
        elif "error" in message:
            raise ExportError(message["error"])
        else:
            return True
    process.wait()
    return False


def _explain(status: int, noise: str, what: str, memory: str) -> None:
    """Raise what explains a worker that ended without a last word."""
    if status < 0 or status == 137:
        raise ExportError(
            f"{what} was ended by the system (signal {-status if status < 0 else 9}), most likely "
            f"for lack of memory: {memory}"
        )
    raise RuntimeError(f"{what} failed with status {status}:\n{noise[-8000:]}")


def main() -> None:
    """Read a job from standard input and do it."""
    serve(lambda text, report: convert(ConvertJob.from_json(text), report))


def serve(do: Callable[[str, Callable[[str], None]], None]) -> None:
    """Read a job of one line from standard input, `do` it, and say how that went."""
    # Libraries print where they like: their standard output becomes standard error, ours is a copy.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as channel:
        os.dup2(2, 1)

        def say(**message: object) -> None:
            channel.write(json.dumps(message) + "\n")
            channel.flush()

        job = sys.stdin.readline()
        threading.Thread(target=_end_with_parent, daemon=True).start()
        try:
            do(job, lambda phase: say(phase=phase))
        except LapdrawError as error:
            say(error=str(error))
        else:
            say(done=True)


def _end_with_parent() -> None:
    while sys.stdin.readline():
        continue
    os._exit(1)


if __name__ == "__main__":
    main()
