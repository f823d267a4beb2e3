"""How much there is to compute: the multiply-adds of a network at a size, counted on its graph.

What counts is what a network spends its time on: convolutions, matrix products and attention. Additions,
activations and normalisation are left out, as in the published figures.
"""

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import openvino as ov

from runtime.backends.base import Shape
from runtime.backends.openvino_compile import component_shapes, read_static
from runtime.controlnet_folder import ControlNetFolder
from runtime.model_folder import ModelFolder

Folder = ModelFolder | ControlNetFolder


def gflop(folder: Folder, component: str, shape: Shape, *, of: ModelFolder | None = None) -> float:
    """Return the floating-point operations of one call, in 1e9: two for each multiply-add."""
    return 2e-9 * multiply_adds(folder, component, shape, of=of)


def multiply_adds(folder: Folder, component: str, shape: Shape, *, of: ModelFolder | None = None) -> int:
    """Return the multiply-adds of one call of a component for pictures of `shape`; a guided UNet has 2B rows.

    `of` is the model that a ControlNet runs beside. Raises ModelFolderError for an IR that cannot be read.
    """
    model = folder if isinstance(folder, ModelFolder) else of
    assert model is not None  # a ControlNet's sizes are those of its model
    network = read_static(ov.Core(), folder, component, component_shapes(model, component, shape))
    return sum(
        _COUNTS[node.get_type_name()](node)
        for node in network.get_ordered_ops()
        if node.get_type_name() in _COUNTS
    )


def _convolution(node: Any) -> int:
    """Weights (C', C, kh, kw): each number of the output is a sum over C, kh and kw."""
    return _output(node) * prod(_input(node, 1)[1:])


def _group_convolution(node: Any) -> int:
    """Weights (G, C'/G, C/G, kh, kw): each number of the output is a sum over C/G, kh and kw."""
    return _output(node) * prod(_input(node, 1)[2:])


def _matmul(node: Any) -> int:
    """Each number of the output is a sum over the axis that both have."""
    left = _input(node, 0)
    is_transposed = node.get_attributes()["transpose_a"] and len(left) > 1
    return _output(node) * left[-2 if is_transposed else -1]


def _attention(node: Any) -> int:
    """Queries (..., L, E), keys (..., S, E), values (..., S, V): two products."""
    query, key, value = (_input(node, index) for index in range(3))
    return prod(query[:-1]) * key[-2] * (query[-1] + value[-1])


_COUNTS: Mapping[str, Callable[[Any], int]] = {
    "Convolution": _convolution,
    "GroupConvolution": _group_convolution,
    "MatMul": _matmul,
    "ScaledDotProductAttention": _attention,
}


def _input(node: Any, index: int) -> tuple[int, ...]:
    return tuple(node.input(index).get_shape())


def _output(node: Any) -> int:
    return prod(node.output(0).get_shape())
