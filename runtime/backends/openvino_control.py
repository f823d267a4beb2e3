"""Surgery for ControlNets, in memory: a UNet that takes residuals, a ControlNet that gives them in one array.

Any exporter's UNet will do. Its skip connections are found by structure: the Concats of two feature maps
along the channels, in the order in which they run, of which the first joins what the UNet's middle gave.
"""

import numpy as np
import openvino as ov
from openvino import opset13

from runtime.backends.openvino_reuse import CONTROLLED, joins_features
from runtime.control_shapes import RESIDUALS, residual_shapes, sizes
from runtime.errors import ModelFolderError


def skip_joints(network: ov.Model) -> list[ov.Node]:
    """Return the Concats where a UNet's skip connections (the second inputs) come back, in order."""
    return [node for node in network.get_ordered_ops() if joins_features(node)]


def take_residuals(network: ov.Model, config: dict[str, object], rows: int, height: int, width: int) -> None:
    """Give a UNet of static shape one more input, RESIDUALS (rows, N), added to its skips and its middle.

    Raises ModelFolderError for a graph whose skip connections are not those of its configuration.
    """
    shapes = residual_shapes(config, height, width)
    joints = skip_joints(network)
    found = [tuple(joint.input_value(1).get_partial_shape().to_shape())[1:] for joint in joints]
    if found != shapes[-2::-1]:
        raise ModelFolderError(
            f"the graph of the UNet has {len(found)} skip connections where {len(shapes) - 1} are expected, "
            "or of other sizes, so no ControlNet can be attached: optimize the model again"
        )
    given = opset13.parameter([rows, sum(sizes(shapes))], ov.Type.f32)
    given.set_friendly_name(RESIDUALS)
    given.output(0).set_names({RESIDUALS})
    parts = opset13.variadic_split(given, np.int64(1), np.array(sizes(shapes), np.int64))
    pieces = [
        opset13.reshape(part, np.array([rows, *shape], np.int64), False)
        for part, shape in zip(parts.outputs(), shapes, strict=True)
    ]
    for joint, piece in zip(joints, pieces[-2::-1], strict=True):
        _add(joint, 1, piece)
    _add(joints[0], 0, pieces[-1])
    network.add_parameters([given])
    network.validate_nodes_and_infer_types()


def give_residuals(network: ov.Model) -> None:
    """Let a ControlNet of static shape give one output, RESIDUALS (rows, N), in place of all its own."""
    results = network.get_results()
    rows = [
        opset13.reshape(result.input_value(0), np.array([0, -1], np.int64), True).output(0)
        for result in results
    ]
    for result in results:
        network.remove_result(result)
    joined = opset13.result(opset13.concat(rows, 1))
    network.add_results([joined])
    joined.output(0).set_names({RESIDUALS})


def _add(joint: ov.Node, number: int, residual: ov.Node) -> None:
    port = joint.input(number)
    total = opset13.add(port.get_source_output(), residual.output(0))
    total.set_friendly_name(f"{joint.get_friendly_name()}{CONTROLLED}")
    port.replace_source_output(total.output(0))
