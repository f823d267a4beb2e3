"""LoRAs and embeddings in PyTorch: hooks that add to what layers give; the weights stay as they are."""

from collections.abc import Callable, Mapping
from typing import Any

import torch

from runtime.adapters.changes import NOTHING, Adapters, Changes, LowRank

Tensors = Mapping[str, torch.Tensor]
Hook = Callable[[Any, Any, torch.Tensor], torch.Tensor]


def layers_of(network: Any) -> dict[str, tuple[int, ...]]:
    """Return the shape of the weights of each linear layer and convolution, by its path."""
    return {
        path: tuple(layer.weight.shape)
        for path, layer in network.named_modules()
        if isinstance(layer, torch.nn.Linear | torch.nn.Conv2d)
    }


class Hooked:
    """The hooks of one network; `put` replaces those that are there."""

    def __init__(self) -> None:
        self._handles: list[Any] = []
        self._adapters = NOTHING
        self._rows: torch.Tensor | None = None

    def put(self, network: Any, component: str, adapters: Adapters, inputs: Tensors) -> Tensors:
        """Let the network run with what is added to that component, or as it is; return its inputs."""
        if adapters != self._adapters:
            self._replace(network, component, adapters)
        return self._plain_ids(network, inputs) if "input_ids" in inputs else inputs

    def _replace(self, network: Any, component: str, adapters: Adapters) -> None:
        self._clear()
        changes = adapters.changes.get(component)
        if changes is not None:
            try:
                self._place(network, changes)
            except RuntimeError:  # out of memory in the middle: not with a part of them
                self._clear()
                raise
        self._adapters = adapters

    def _clear(self) -> None:
        self._adapters = NOTHING
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    def _place(self, network: Any, changes: Changes) -> None:
        layers = dict(network.named_modules())
        for path, change in changes.layers.items():
            self._handles.append(layers[path].register_forward_hook(_adder(layers[path], change)))
        if changes.tokens is not None:
            table = network.get_input_embeddings()
            vectors = torch.from_numpy(changes.tokens).to(table.weight.device, table.weight.dtype)
            self._handles.append(table.register_forward_hook(self._replacer(vectors)))

    def _plain_ids(self, network: Any, inputs: Tensors) -> Tensors:
        """Return the inputs of a text encoder with 0 for ids that stand for vectors, and note which."""
        ids, size = inputs["input_ids"], network.config.vocab_size
        self._rows = ids - size
        return {**inputs, "input_ids": torch.where(ids >= size, 0, ids)}

    def _replacer(self, vectors: torch.Tensor) -> Hook:
        def replace(table: Any, given: Any, output: torch.Tensor) -> torch.Tensor:
            rows = self._rows
            if rows is None:
                return output
            return torch.where((rows >= 0)[..., None], vectors[rows.clamp(min=0)], output)

        return replace


def _adder(layer: Any, change: LowRank) -> Hook:
    down = torch.from_numpy(change.down).to(layer.weight.device, layer.weight.dtype)
    up = torch.from_numpy(change.up).to(layer.weight.device, layer.weight.dtype)
    functional = torch.nn.functional

    def add(layer: Any, given: Any, output: torch.Tensor) -> torch.Tensor:
        if isinstance(layer, torch.nn.Linear):
            return output + functional.linear(functional.linear(given[0], down), up)
        inner = functional.conv2d(given[0], down, None, layer.stride, layer.padding, layer.dilation)
        return output + functional.conv2d(inner, up[:, :, None, None])

    return add
