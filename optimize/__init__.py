"""Converting a model to OpenVINO: the one place that meets PyTorch, once per model."""

import sys

# OpenVINO's converter and NNCF tell Google Analytics of each conversion; without this module they cannot.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

from optimize.export import Phase, export_model  # noqa: E402
from optimize.quantize import quantize_model  # noqa: E402

__all__ = ["Phase", "export_model", "quantize_model"]
