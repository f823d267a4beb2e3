"""Reads every hostile picture in a process of its own, and prints as JSON what came of each.

Run as `python -m tests.runtime.hostile_runner FOLDER`: a line a picture, with the error's type and text, the
processor seconds, and by how many bytes the peak of the process's memory rose while it was read.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

from runtime.errors import LapdrawError
from runtime.image_input import read_image
from tests.runtime.hostile_formats import hostile_pictures_of_every_kind
from tests.runtime.hostile_pictures import given
from tests.runtime.picture_writers import COLOUR, png

STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def memory(field: str) -> int:
    """Return a field of the process's status in bytes; 0 where the system keeps none."""
    if not STATUS.exists():
        return 0
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(field + ":"))
    return int(line.split()[1]) * 1024


def main(folder: Path) -> None:
    """Read them all, after a sound one whose memory is known."""
    sound = png(np.zeros((2000, 2000, 3), np.uint8), bits=8, colour=COLOUR)
    for case in (given("sound", sound), *hostile_pictures_of_every_kind()):
        source = case.make(folder)
        if RESET.exists():
            RESET.write_text("5")  # the peak counts from here
        before, started = memory("VmRSS"), time.process_time()
        try:
            error, text = "nothing", f"{read_image(source).size}"  # type: ignore[arg-type]
        except LapdrawError as fault:
            error, text = type(fault).__name__, str(fault)
        except Exception:
            print(f"while reading {case.name}:", file=sys.stderr)
            raise
        seconds = time.process_time() - started
        print(json.dumps({
            "name": case.name, "error": error, "text": text,
            "seconds": seconds, "growth": memory("VmHWM") - before,
        }))  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]))
