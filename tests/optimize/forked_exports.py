"""Runs exports in forks of a process that has imported everything, so that one costs a second and not ten.

Reads a line per export from standard input, {"source": ..., "output": ..., "file_limit": bytes or null};
answers {"pid": ...} when it starts and {"status": ..., "error": ...} when it has ended. `file_limit` makes
writing fail as on a full disk. With a pid of its own, an export can be killed at any moment.
"""

import json
import os
import resource
import sys
import warnings
from pathlib import Path

from optimize import export_model
from optimize.convert import convert
from runtime.errors import LapdrawError


def run_one(job: dict[str, object], errors: int) -> int:
    if job["file_limit"]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(str(job["file_limit"])),) * 2)
    try:
        export_model(str(job["source"]), str(job["output"]), convert=convert)
    except LapdrawError as error:
        os.write(errors, str(error).encode())
        return 2
    return 0


def main() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import diffusers  # noqa: F401
        import openvino_tokenizers  # noqa: F401
        import optimum.exporters.openvino
        import optimum.exporters.openvino.convert
        import optimum.intel  # noqa: F401
        from diffusers import AutoencoderKL, UNet2DConditionModel  # noqa: F401
        from transformers import CLIPTextModel, CLIPTokenizer  # noqa: F401
    for line in sys.stdin:
        job = json.loads(line)
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(read)
            quiet = os.open(Path(os.devnull), os.O_WRONLY)
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
            os._exit(run_one(job, write))
        os.close(write)
        print(json.dumps({"pid": pid}), flush=True)
        _, status = os.waitpid(pid, 0)
        with os.fdopen(read, "rb") as pipe:
            error = pipe.read().decode()
        print(json.dumps({"status": os.waitstatus_to_exitcode(status), "error": error}), flush=True)


if __name__ == "__main__":
    main()
