"""Converting a model to OpenVINO: the one place that meets PyTorch, once per model."""

from optimize.export import Phase, export_model

__all__ = ["Phase", "export_model"]
