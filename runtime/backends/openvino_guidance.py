"""How the two halves of guidance run: as one batch, one after the other, or side by side.

The loop always gives 2B rows, the unconditional ones first, and takes 2B rows back.
"""

from collections.abc import Mapping
from dataclasses import replace

from runtime.arrays import AnyArray
from runtime.backends.base import Shape
from runtime.placement import UNCONDITIONAL, Placement

Inputs = Mapping[str, AnyArray]


def runs_in_halves(placement: Placement, shape: Shape) -> bool:
    """Whether the UNet is compiled for one half of guidance rather than for both."""
    apart = placement.guidance != "batch" or UNCONDITIONAL in placement.devices
    return shape.guided and (apart or shape.halves)


def half_of(shape: Shape) -> Shape:
    """Return the shape of one half: B rows in place of 2B."""
    return replace(shape, guided=False, halves=False)


def streams(placement: Placement, shape: Shape) -> int:
    """Return how many requests of one compiled UNet run at once.

    Where guidance comes and goes it is one: a half that runs alone has all cores.
    """
    apart = UNCONDITIONAL in placement.devices or shape.halves
    return 2 if shape.guided and placement.guidance == "parallel" and not apart else 1


def split(inputs: Inputs) -> tuple[Inputs, Inputs]:
    """Return the inputs of the unconditional and of the conditional half; both get the one timestep."""
    rows = len(inputs["sample"]) // 2

    def half(first: int) -> Inputs:
        return {
            name: value if name == "timestep" else value[first : first + rows]
            for name, value in inputs.items()
        }

    return half(0), half(rows)
