"""Where the time goes: Lapdraw next to plain PyTorch and every peer, with the record and the report."""

import sys

# OpenVINO's converter and NNCF tell Google Analytics of each conversion; without this module they cannot.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
