"""Room in memory for another UNet: what goes for it, and when one that is there serves as well."""

from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from runtime.backends.base import Shape
from runtime.backends.openvino_compile import CompileKey
from runtime.backends.openvino_guidance import half_of
from runtime.backends.openvino_slots import SHALLOW, component_of
from runtime.errors import InvalidRequest
from runtime.memory import check_memory
from runtime.model_folder import ModelFolder
from runtime.placement import UNCONDITIONAL, Placement

WEIGHT_BYTES = {"f32": 4, "f16": 2, "bf16": 2}


def memory_check(
    model: ModelFolder, placement: Placement, shape: Shape, slots: Sequence[str], precision: str
) -> Callable[[], None]:
    """Return what raises InvalidRequest when memory does not hold one more UNet, of that precision."""
    sequential = placement.guidance == "sequential" and UNCONDITIONAL not in slots
    return partial(
        check_memory,
        model,
        half_of(shape) if shape.guided and (sequential or shape.halves) else shape,
        [component_of(slot) for slot in slots if slot != SHALLOW],
        WEIGHT_BYTES[precision],
    )


def find_room(
    shape: Shape,
    check: Callable[[], None],
    compiled: MutableMapping[CompileKey, Any],
    key_of: Callable[[Shape], CompileKey],
) -> Shape:
    """Return the shape whose UNet is to be compiled, or that of one that takes any number of tokens.

    `check` raises InvalidRequest where memory does not hold one more; then the others go. Raises it where
    memory does not even hold it alone.
    """
    try:
        check()
    except InvalidRequest:
        flexible = replace(shape, chunks=max(2, shape.chunks))
        if key_of(flexible) in compiled:
            return flexible
        others = [key for key in compiled if key.component == "unet"]
        if not others:
            raise
        for key in others:
            del compiled[key]
        check()
    return shape
