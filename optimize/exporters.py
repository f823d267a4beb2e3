"""The two ways from a torch module to an FP32 IR: optimum-intel's, and OpenVINO's own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from optimize.families import OptimumExporter, Tracer
from runtime.arrays import AnyArray


def export_by_optimum(module: Any, exporter: OptimumExporter, xml: Path, options: dict[str, str]) -> None:
    """Write the IR that optimum-intel makes; `options` go into it. Raises what the exporter raises."""
    from optimum.exporters.openvino import export
    from optimum.exporters.tasks import TasksManager
    from optimum.intel import OVConfig

    make_config = TasksManager.get_exporter_config_constructor(
        model=module,
        exporter="openvino",
        library_name="diffusers",
        task=exporter.task,
        model_type=exporter.export_type,
    )
    config = make_config(module.config, int_dtype="int64", float_dtype="fp32")
    config.runtime_options = options
    export(
        module,
        config,
        xml,
        ov_config=OVConfig(dtype="fp32"),  # named: left to itself, optimum stores large models as int8
        stateful=False,
        library_name="diffusers",
    )


def export_by_tracing(module: Any, tracer: Tracer, inputs: Mapping[str, AnyArray], xml: Path) -> None:
    """Trace the module on `inputs` and write its IR, with inputs and output named as they should be.

    Raises RuntimeError or ValueError for a network that cannot be traced or converted, or written.
    """
    import openvino as ov
    import torch
    from openvino import frontend

    class Traced(torch.nn.Module):  # type: ignore[misc]  # torch is untyped to mypy
        """The module with its inputs by position, since a trace keeps no names, and tensors as answer."""

        def __init__(self) -> None:
            super().__init__()
            self.module = module

        def forward(self, *arrays: Any) -> Any:
            answers = tracer.answers(self.module(**dict(zip(inputs, arrays, strict=True))))
            names[:] = answers
            return tuple(answers.values())

    names: list[str] = []
    tensors = tuple(torch.from_numpy(array) for array in inputs.values())
    shapes = [
        ov.PartialShape([-1 if axis in tracer.free[name] else side for axis, side in enumerate(array.shape)])
        for name, array in inputs.items()
    ]
    try:
        with torch.no_grad():
            model = ov.convert_model(Traced().eval(), example_input=tensors, input=shapes)
    except (
        frontend.GeneralFailure,
        frontend.NotImplementedFailure,
        frontend.OpConversionFailure,
        frontend.OpValidationFailure,
    ) as error:
        raise RuntimeError(f"OpenVINO: {error}") from error
    for name, port in zip(inputs, model.inputs, strict=True):
        port.get_tensor().set_names({name})
        port.get_node().set_friendly_name(name)
    for name, port in zip(names, model.outputs, strict=True):
        port.get_tensor().set_names({name})
    ov.save_model(model, xml, compress_to_fp16=False)
