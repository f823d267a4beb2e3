"""What a ControlNet gives a UNet: one residual for each skip connection, and one for its middle.

Zhang et al. 2023, arXiv 2302.05543, section 3.2. Residuals travel as one array (B, N), the first skip
connection's numbers first, the middle's last, so that they cross from network to network like any input.
"""

from collections.abc import Mapping
from itertools import accumulate
from typing import Any

Config = Mapping[str, Any]
ResidualShape = tuple[int, int, int]  # channels, height, width
SLOTS = ("controlnet", "controlnet_2")  # what is loaded and placed as a component is
RESIDUALS = "control_residuals"  # the input of a UNet, and the output of a ControlNet, that holds them


def residual_shapes(config: Config, height: int, width: int) -> list[ResidualShape]:
    """Return the residuals of a UNet's or a ControlNet's configuration, in order, for latents of this size.

    Raises KeyError, TypeError or ValueError for a configuration that is neither's.
    """
    channels = [int(count) for count in config["block_out_channels"]]
    layers = config["layers_per_block"]
    per_block = [int(layers)] * len(channels) if isinstance(layers, int) else [int(n) for n in layers]
    shapes = [(channels[0], height, width)]
    for block, (count, depth) in enumerate(zip(channels, per_block, strict=True)):
        shapes += [(count, height, width)] * depth
        if block < len(channels) - 1:
            height, width = -(-height // 2), -(-width // 2)
            shapes.append((count, height, width))
    return [*shapes, (channels[-1], height, width)]


def residual_count(config: Config, height: int, width: int) -> int:
    """Return N, how many numbers a row of the residuals has."""
    return sum(sizes(residual_shapes(config, height, width)))


def sizes(shapes: list[ResidualShape]) -> list[int]:
    """Return how many numbers each residual has."""
    return [channels * height * width for channels, height, width in shapes]


def cuts(shapes: list[ResidualShape]) -> list[int]:
    """Return where in a row each residual but the first begins."""
    return list(accumulate(sizes(shapes)))[:-1]
