"""What this machine is and can reach, asked in a process of its own under the limits of the run.

    python -m benchmarks.machine JOB.json

JOB.json: {"model", "width", "height", "guided", "result"}; the answer is written to `result`.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.work import gflop
from runtime.backends.base import Shape
from runtime.backends.openvino_peak import measure_peak
from runtime.devices import list_devices
from runtime.machine import with_machine_facts
from runtime.model_folder import ModelFolder


def main() -> int:
    """Measure the peak and count the work."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    model = ModelFolder(Path(job["model"]))
    shape = Shape(batch=1, height=job["height"], width=job["width"], guided=job["guided"])
    answer = {
        "peak": asdict(measure_peak()),
        "devices": [asdict(device) for device in with_machine_facts(list_devices())],
        "work": {
            "unet_gflop_per_step": gflop(model, "unet", shape),
            "vae_decoder_gflop": gflop(model, "vae_decoder", shape),
        },
    }
    Path(job["result"]).write_text(json.dumps(answer), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
