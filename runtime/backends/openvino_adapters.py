"""LoRAs and embeddings in an IR, in memory: side branches whose matrices are inputs of the compiled network.

Beside each layer that is changed runs `up @ (down @ x)`, and is added to what the layer gives: the weights
stay as they are stored, in whatever precision. Another LoRA, or another weight of it, sets inputs and
compiles nothing, as long as it fits a plan that was compiled before (docs/decisions/0019).
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import openvino as ov
from openvino import opset13

from runtime.adapters.changes import Adapters, Changes
from runtime.arrays import Array, IntArray
from runtime.backends.openvino_component import CompiledComponent
from runtime.errors import AdapterError

Layers = Mapping[str, tuple[int, ...]]

SMALLEST_RANK = 8  # ranks are rounded up to powers of two, so that most files share a compiled network
SMALLEST_TOKENS = 16
KEPT = 3  # networks whose inputs are kept
NO_INPUTS: Mapping[str, Array] = {}
ROWS, TOKENS = "adapter.rows", "adapter.tokens"
# How exporters name a layer's operation: PyTorch's tracer, and ONNX.
_NAMES = (
    re.compile(r"(?:__module|self)\.(.+?)/aten::\w+"),
    re.compile(r"/(?:unet/|text_encoder/)?(.+)/\w+$"),
)
_INNER = re.compile(
    r"(?<![^.])(?:down_blocks|up_blocks|mid_block|time_embedding|add_embedding|text_model)\.|"
    r"(?<![^.])conv_(?:in|out)$"
)
_TABLE = re.compile(r"token_embedding")


@dataclass(frozen=True, kw_only=True)
class AdapterPlan:
    """What is built into a network: branches of one rank at some layers, room for some token vectors."""

    layers: tuple[str, ...]  # paths, sorted
    rank: int
    tokens: int

    @property
    def key(self) -> list[object]:
        """The same as JSON holds it."""
        return [list(self.layers), self.rank, self.tokens]

    def covers(self, other: "AdapterPlan") -> bool:
        """Whether what needs the other plan can run on this one, with zeros for the rest."""
        return (
            set(self.layers) >= set(other.layers)
            and self.rank >= other.rank
            and (self.tokens >= other.tokens > 0 or self.tokens == other.tokens == 0)
        )


class Plans:
    """The plans of one model's networks, and the inputs for them; `read` gives a network's IR."""

    def __init__(self, read: Callable[[str], ov.Model]) -> None:
        self._read = read
        self._layers: dict[str, Layers] = {}
        self._plans: dict[str, list[AdapterPlan]] = {}  # of each component, the newest last
        self._inputs: OrderedDict[tuple[str, Adapters, AdapterPlan], dict[str, Array]] = OrderedDict()

    def layers(self, component: str) -> Layers:
        """Return the shape of the weights of each layer; raises AdapterError when the IR names none."""
        if component not in self._layers:
            self._layers[component] = layers_of(self._read(component))
        if not self._layers[component]:
            raise AdapterError(
                f"the IR of the {component} does not name its layers, so no LoRA can be placed in it: "
                "optimize the model again from its source"
            )
        return self._layers[component]

    def plan(self, component: str, adapters: Adapters) -> AdapterPlan | None:
        """Return what is to be built in: what the changes need, or what is there already and covers it."""
        changes = adapters.changes.get(component)
        if changes is None:
            return None
        needed, known = plan_for(changes), self._plans.setdefault(component, [])
        if needed not in known:
            wider = next((plan for plan in known if plan.covers(needed)), None)  # always the same one
            if wider is not None:
                return wider
            known.append(needed)
        return needed

    def hold(self, compiled: CompiledComponent, component: str, adapters: Adapters) -> CompiledComponent:
        """Let a component run with these LoRAs and embeddings."""
        compiled.held = self.inputs(component, adapters)
        return compiled

    def inputs(self, component: str, adapters: Adapters) -> Mapping[str, Array]:
        """Return the values of the inputs that the plan added, the same object as long as they are wanted."""
        plan = self.plan(component, adapters)
        if plan is None:
            return NO_INPUTS
        key = (component, adapters, plan)
        if key not in self._inputs:
            layers = self.layers(component) if plan.layers else {}
            self._inputs[key] = inputs_of(adapters.changes[component], plan, layers)
        self._inputs.move_to_end(key)
        while len(self._inputs) > KEPT:
            self._inputs.popitem(last=False)
        return self._inputs[key]


def plan_for(changes: Changes) -> AdapterPlan:
    """Return the smallest plan that changes fit."""
    rank = max((change.rank for change in changes.layers.values()), default=0)
    tokens = 0 if changes.tokens is None else len(changes.tokens)
    return AdapterPlan(
        layers=tuple(sorted(changes.layers)),
        rank=_rounded(rank, SMALLEST_RANK),
        tokens=_rounded(tokens, SMALLEST_TOKENS),
    )


def layers_of(network: ov.Model) -> dict[str, tuple[int, ...]]:
    """Return the shape of the weights of each layer that can be changed, by its path in diffusers."""
    return {path: shape for path, (_, shape) in _operations(network).items()}


def add_adapters(network: ov.Model, plan: AdapterPlan) -> None:
    """Build a plan into a network of static shape; its new inputs have the names that `inputs_of` gives.

    Layers that the network does not have are left out. Raises AdapterError for a table of tokens not found.
    """
    operations = _operations(network)
    added = []
    for path in plan.layers:
        if path not in operations:  # a part of a UNet, or a text encoder without its last layers
            continue
        operation, shape = operations[path]
        down = opset13.parameter([plan.rank, *shape[1:]], ov.Type.f32)
        is_kernel = len(shape) == 4
        up = opset13.parameter([shape[0], plan.rank, *((1, 1) if is_kernel else ())], ov.Type.f32)
        down.output(0).set_names({f"adapter.{path}.down"})
        up.output(0).set_names({f"adapter.{path}.up"})
        _branch(operation, down, up)
        added += [down, up]
    if plan.tokens:
        added += _token_vectors(network, plan.tokens)
    network.add_parameters(added)
    network.validate_nodes_and_infer_types()


def inputs_of(changes: Changes, plan: AdapterPlan, layers: Layers) -> dict[str, Array]:
    """Return the values of the inputs that a plan added, zeros where nothing is changed; not ROWS."""
    values: dict[str, Array] = {}
    for path in plan.layers:
        shape = layers[path]
        kernel = (1, 1) if len(shape) == 4 else ()
        down = np.zeros((plan.rank, *shape[1:]), np.float32)
        up = np.zeros((shape[0], plan.rank, *kernel), np.float32)
        change = changes.layers.get(path)
        if change is not None:
            down[: change.rank] = change.down
            up[:, : change.rank] = change.up.reshape(*change.up.shape, *kernel)
        values[f"adapter.{path}.down"], values[f"adapter.{path}.up"] = down, up
    if plan.tokens and changes.tokens is not None:
        rows = np.zeros((plan.tokens, changes.tokens.shape[1]), np.float32)
        rows[: len(changes.tokens)] = changes.tokens
        values[TOKENS] = rows
    return values


def split_ids(input_ids: IntArray, vocabulary: int) -> tuple[IntArray, IntArray]:
    """Return ids that the table of tokens has, and the row of vectors for each, -1 for none.

    An id from the size of the vocabulary on stands for a row; the encoder sees 0 there, as in A1111.
    """
    is_row = input_ids >= vocabulary
    return np.where(is_row, 0, input_ids), np.where(is_row, input_ids - vocabulary, -1)


def _operations(network: ov.Model) -> dict[str, tuple[ov.Node, tuple[int, ...]]]:
    """Return the operation of each linear layer and convolution, and its weights' shape, (out, in, ...)."""
    found: dict[str, tuple[ov.Node, tuple[int, ...]]] = {}
    for operation in network.get_ordered_ops():
        kind = operation.get_type_name()
        if kind not in ("MatMul", "Convolution") or not _is_constant(operation.input_value(1)):
            continue
        path = _path(operation.get_friendly_name())
        shape = tuple(operation.input_value(1).get_shape())
        if path is None or len(shape) != (2 if kind == "MatMul" else 4):
            continue
        if kind == "MatMul" and not operation.get_attributes()["transpose_b"]:
            shape = shape[::-1]
        found[path] = (operation, shape)
    return found


def _path(name: str) -> str | None:
    for pattern in _NAMES:
        found = pattern.match(name)
        if found:
            path = found[1].replace("/", ".")
            inner = _INNER.search(path)  # exporters wrap a network in a module of their own
            return path[inner.start() :] if inner else path
    return None


def _is_constant(output: ov.Output) -> bool:
    """Whether weights come from constants alone: decompressed, dequantised, reshaped."""
    node = output.get_node()
    if node.get_type_name() in ("Constant", "Parameter"):
        return bool(node.get_type_name() == "Constant")
    return node.get_input_size() > 0 and all(_is_constant(value) for value in node.input_values())


def _branch(operation: ov.Node, down: ov.Node, up: ov.Node) -> None:
    """Let the operation's consumers read what it gives plus the branch."""
    given = operation.input_value(0)
    if given.get_node().get_type_name() == "FakeQuantize":  # of an int8 model: the branch is not quantised
        given = given.get_node().input_value(0)
    consumers = operation.output(0).get_target_inputs()
    if operation.get_type_name() == "MatMul":
        change = opset13.matmul(opset13.matmul(given, down, False, True), up, False, True)
    else:
        said = operation.get_attributes()
        inner = opset13.convolution(
            given, down, said["strides"], said["pads_begin"], said["pads_end"], said["dilations"]
        )
        change = opset13.convolution(inner, up, [1, 1], [0, 0], [0, 0], [1, 1])
    summed = opset13.add(operation.output(0), change)
    for consumer in consumers:
        consumer.replace_source_output(summed.output(0))


def _token_vectors(network: ov.Model, count: int) -> list[ov.Node]:
    """Let rows of a new input stand in place of what the table of tokens gives; return the new inputs."""
    for operation in network.get_ordered_ops():
        is_table = operation.get_type_name() == "Gather" and _TABLE.search(operation.get_friendly_name())
        if is_table and _is_constant(operation.input_value(0)):
            break
    else:
        raise AdapterError("the IR of the text encoder does not name its table of tokens: optimize it again")
    batch, length, width = operation.output(0).get_shape()
    rows = opset13.parameter([batch, length], ov.Type.i64)
    vectors = opset13.parameter([count, width], ov.Type.f32)
    rows.output(0).set_names({ROWS})
    vectors.output(0).set_names({TOKENS})
    consumers = operation.output(0).get_target_inputs()
    zero = np.int64(0)
    taken = opset13.gather(vectors, opset13.maximum(rows, opset13.constant(zero)), opset13.constant(zero))
    is_row = opset13.unsqueeze(opset13.greater_equal(rows, opset13.constant(zero)), np.int64(-1))
    chosen = opset13.select(is_row, taken, operation.output(0))
    for consumer in consumers:
        consumer.replace_source_output(chosen.output(0))
    return [rows, vectors]


def _rounded(count: int, smallest: int) -> int:
    """Return the next power of two, at least `smallest`; 0 for none."""
    return max(smallest, 1 << (count - 1).bit_length()) if count else 0
