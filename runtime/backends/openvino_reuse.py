"""Feature reuse by surgery on the graph of a UNet: a whole that keeps its deep feature, and its outer layers.

The place is found by structure, in any exporter's folder: the last Concat of the last up block, where what
came through all the depths meets what the first convolution made of the sample. What comes through the depths
is the deep feature: the whole UNet gives it out, the outermost layers take it in.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

import openvino as ov
from openvino import opset13

from runtime.backends.openvino_component import DEEP
from runtime.errors import InvalidRequest

CONTROLLED = "/control"  # ends the name of what adds the residual of a ControlNet to a skip connection
CHANNELS = 1  # the axis that features and skip connections are joined along
MOST_SHARE = 0.5  # of a UNet's convolutions are in its outermost layers: 4 of 98 in Stable Diffusion 1.5


def keep_deep_feature(network: ov.Model, what: str) -> ov.Model:
    """Let a UNet of static shape give its deep feature too; raises InvalidRequest where there is none."""
    joint = _joint(network, what)
    result = opset13.result(joint.input_value(0))
    network.add_results([result])
    result.output(0).set_names({DEEP})
    return network


def outermost_layers(network: ov.Model, what: str) -> ov.Model:
    """Return what of a UNet of static shape follows its deep feature, which becomes an input.

    Of the other inputs those stay that these layers take. Raises InvalidRequest where there is none.
    """
    joint = _joint(network, what)
    deep = joint.input_value(0)
    given = opset13.parameter(deep.get_partial_shape(), deep.get_element_type())
    given.output(0).set_names({DEEP})
    given.set_friendly_name(DEEP)
    joint.input(0).replace_source_output(given.output(0))
    result = _prediction(network)
    reached = {node.get_name() for node in _behind(result)}
    taken = [parameter for parameter in network.get_parameters() if parameter.get_name() in reached]
    return ov.Model([result], [*taken, given], "outermost layers")


KEEPS, OUTER = "keeps", "outermost"
PARTS: Mapping[str, Callable[[ov.Model, str], ov.Model]] = {
    KEEPS: keep_deep_feature,
    OUTER: outermost_layers,
}


def _joint(network: ov.Model, what: str) -> ov.Node:
    """Return the Concat that the deep feature enters, once everything around it is as expected."""
    fault = "it has no skip connection into its last block"
    joints = [node for node in network.get_ordered_ops() if joins_features(node)]
    if joints and len(network.outputs) == 1:
        joint = joints[-1]
        result = _prediction(network)
        fault = _fault(joint, list(_behind(result)), _outermost(result, joint))
    if fault:
        raise InvalidRequest(f"{what} cannot reuse features ({fault}): use --speed exact for it")
    return joint


def _fault(joint: ov.Node, everything: list[ov.Node], outermost: list[ov.Node]) -> str:
    """Return what is unlike a UNet's last skip connection, nothing if nothing is."""
    size = _sample_size(everything)
    features = joint.output(0).get_shape()
    if size is None or list(features[2:]) != size:
        return f"its last skip connection has size {list(features[2:])}, not that of the sample"
    names = {node.get_name() for node in everything}
    inner = {node.get_name() for node in outermost}
    if joint.get_name() not in names:
        return "its last skip connection does not lead to its output"
    if any(node.get_type_name() == "Interpolate" or _is_strided(node) for node in outermost):
        return "its last skip connection comes from the depths too"
    if not any(node.get_type_name() == "Interpolate" for node in everything):
        return "it has a single level"
    skip = joint.input_value(1).get_node()
    while skip.get_type_name() == "FakeQuantize" or skip.get_friendly_name().endswith(CONTROLLED):
        skip = skip.input_value(0).get_node()  # of an int8 model, or what a ControlNet adds to
    if skip.get_name() not in {node.get_name() for node in _behind(joint.input_value(0).get_node())}:
        return "its last skip connection does not start where its depths do"
    convolutions = [node for node in everything if node.get_type_name() == "Convolution"]
    outer = [node for node in convolutions if node.get_name() in inner]
    if not outer or len(outer) > MOST_SHARE * len(convolutions):
        return f"{len(outer)} of its {len(convolutions)} convolutions are in its last block"
    return ""


def joins_features(node: ov.Node) -> bool:
    """Whether it is where a skip connection of a UNet comes back."""
    if node.get_type_name() != "Concat" or node.get_input_size() != 2:
        return False
    ranks = {len(port.get_partial_shape()) for port in node.input_values()}
    return ranks == {4} and node.get_attributes()["axis"] in (CHANNELS, CHANNELS - 4)


def _is_strided(node: ov.Node) -> bool:
    return node.get_type_name() == "Convolution" and any(
        step > 1 for step in node.get_attributes()["strides"]
    )


def _sample_size(nodes: Iterable[ov.Node]) -> list[int] | None:
    """Return height and width of the latents."""
    for node in nodes:
        if node.get_type_name() == "Parameter" and "sample" in node.output(0).get_names():
            return [int(side) for side in node.output(0).get_shape()[2:]]
    return None


def _prediction(network: ov.Model) -> ov.Node:
    return network.get_results()[0]


def _behind(node: ov.Node) -> Iterator[ov.Node]:
    """Yield a node and everything that it is computed from, each once."""
    return _walk(node, None)


def _outermost(result: ov.Node, joint: ov.Node) -> list[ov.Node]:
    """Return what the prediction is computed from, without what only the deep feature is."""
    return list(_walk(result, joint))


def _walk(node: ov.Node, joint: ov.Node | None) -> Iterator[ov.Node]:
    """Follow every input but the first one of `joint`."""
    seen, front = set[str](), [node]
    while front:
        now = front.pop()
        name = now.get_name()
        if name in seen:
            continue
        seen.add(name)
        yield now
        cut = 1 if joint is not None and name == joint.get_name() else 0
        front += [port.get_node() for port in now.input_values()[cut:]]
