"""Changes to an IR in memory, for any exporter's folder; the files on disk stay as they are."""

import numpy as np
import openvino as ov
from openvino import opset13

from runtime.errors import ModelFolderError

Shapes = dict[str, tuple[int, ...]]
FLEXIBLE = -1  # a side of any length


def make_static(network: ov.Model, shapes: Shapes) -> None:
    """Give every input its shape, static but where a side is FLEXIBLE.

    Raises ModelFolderError for an input that `shapes` does not name.
    """
    wanted = {}
    for port in network.inputs:
        name = next((name for name in port.get_names() if name in shapes), None)
        if name is None:
            raise ModelFolderError(
                f"the IR has an input {sorted(port.get_names())} that this version does not know "
                f"(it knows {', '.join(shapes)}): open the model with a newer Lapdraw"
            )
        wanted[port] = list(shapes[name])
    if "sample" in shapes and "timestep" in shapes:
        _upsample_to_any_size(network, *shapes["sample"][2:])
    network.reshape(wanted)


def float_timestep(network: ov.Model) -> None:
    """Let the UNet take fractional timesteps: exporters type the input int64, the network in float."""
    for index, parameter in enumerate(network.get_parameters()):
        port = parameter.output(0)
        if "timestep" in port.get_names() and port.get_element_type() != ov.Type.f32:
            replacement = opset13.parameter(parameter.get_partial_shape(), ov.Type.f32)
            replacement.output(0).set_names(port.get_names())
            replacement.set_friendly_name(parameter.get_friendly_name())
            network.replace_parameter(index, replacement)
            network.validate_nodes_and_infer_types()
            return


def read_prompt(network: ov.Model, layer: int) -> None:
    """Let a text encoder of SDXL, of static shape, give what a UNet takes of it and nothing else.

    That is the output of layer `layer` (B, T, D) and, where the encoder has a projection, the pooled
    embeddings (B, P) below it, in as many more rows as they fill: one output, `last_hidden_state`, as other
    models have.
    Raises RuntimeError (from OpenVINO) when the layer is not among the outputs.
    """
    taken = network.output(f"hidden_states.{layer}").get_node().input_value(0)
    pooled = [port for port in network.outputs if "text_embeds" in port.get_names()]
    if pooled:
        batch, _, width = taken.get_shape()
        projected = pooled[0].get_node().input_value(0)
        missing = np.zeros((batch, -projected.get_shape()[1] % width), np.float32)
        parts = [projected, opset13.constant(missing).output(0)] if missing.size else [projected]
        rows = opset13.reshape(opset13.concat(parts, 1), np.array([batch, -1, width], np.int64), False)
        taken = opset13.concat([taken, rows.output(0)], 1).output(0)
    for result in network.get_results():
        network.remove_result(result)
    joined = opset13.result(taken)
    network.add_results([joined])
    joined.output(0).set_names({"last_hidden_state"})


def skip_layers(network: ov.Model, count: int) -> None:
    """Let a text encoder end `count` layers before its last, with the same norm at the end.

    A layer adds twice to what runs through, after its attention and after its MLP, and what runs through is
    what its norms read. Raises ModelFolderError where the graph is not built so.
    """
    norm = network.output("last_hidden_state").get_node()
    while norm.get_type_name() in ("Result", "Add", "Multiply", "Convert"):
        norm = norm.input_value(0).get_node()
    through = norm.input_value(0) if norm.get_type_name() == "MVN" else None
    for _ in range(2 * count):
        through = _added_to(through)
    if through is None:
        raise ModelFolderError(
            "the layers of the text encoder are not found in its IR, so none can be skipped: "
            "leave out --clip-skip, or optimize the model again"
        )
    norm.input(0).replace_source_output(through)


def _added_to(total: ov.Output | None) -> ov.Output | None:
    """Return which of two summands a norm reads too; None for what is no such sum."""
    if total is None or total.get_node().get_type_name() != "Add":
        return None
    for summand in total.get_node().input_values():
        if any(target.get_node().get_type_name() == "MVN" for target in summand.get_target_inputs()):
            return summand
    return None


def _upsample_to_any_size(network: ov.Model, height: int, width: int) -> None:
    """Let the upsamplers of a UNet meet their skip connections when a side does not halve evenly.

    An exported UNet doubles at each upsampler, because it was traced at a size that halves evenly; the
    downsamplers round up. Here each upsampler is told the size its level came from, as diffusers does.
    """
    resizers = [node for node in network.get_ordered_ops() if node.get_type_name() == "Interpolate"]
    if not resizers or (height % 2 ** len(resizers) == 0 and width % 2 ** len(resizers) == 0):
        return
    levels = [(height, width)]
    for _ in resizers:
        levels.append((-(-levels[-1][0] // 2), -(-levels[-1][1] // 2)))
    for resizer, size in zip(resizers, reversed(levels[:-1]), strict=True):
        replacement = opset13.interpolate(
            resizer.input_value(0),
            np.array(size, np.int64),
            "nearest",
            "sizes",
            axes=np.array([2, 3], np.int64),
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )
        replacement.set_friendly_name(resizer.get_friendly_name())
        for target in resizer.output(0).get_target_inputs():
            target.replace_source_output(replacement.output(0))
